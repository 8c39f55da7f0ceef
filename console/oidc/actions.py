"""Steps on an OpenID Connect provider's page that ask first: reading discovery, and our keys (O-1, O-5)."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.actors import Actor
from console.admins.columns import facts
from console.admins.confirmed import ConfirmedActions, ask_and_act, button
from console.admins.key_steps import KeySteps
from console.oidc.discovering import read_and_tell
from sso.models import IdentityProvider, KeyRole, ProtocolName
from sso_oidc import client_keys
from sso_oidc.configuration import release_tenant, settings_of
from sso_oidc.tenant_claims import is_owned

_ENDINGS = frozenset({"cer", "pem"})  # vendors' consoles choose by the ending; the content is PEM either way


def _make(actor: Actor, provider: IdentityProvider) -> bool:
    client_keys.ensure_key_pair(provider=provider, actor=actor)
    return True


def _release_tenant(actor: Actor, provider: IdentityProvider) -> bool:
    return release_tenant(provider=provider, actor=actor)


_KEYS = KeySteps("add_client_key", "roll_over_client_key", "drop_client_key", client_keys)


class OidcActions(ConfirmedActions):
    """Mixed into the admin of providers."""

    actions_oidc: tuple[str, ...] = (
        *("discover", "make_client_key", "add_client_key"),
        *("roll_over_client_key", "drop_client_key", "release_tenant"),
    )

    def offered_oidc(self, obj: IdentityProvider, is_operator: bool) -> frozenset[str]:
        """Return the steps that fit where discovery, keys and tenant stand."""
        if obj.protocol != ProtocolName.OIDC:
            return frozenset()
        settings = settings_of(obj)
        fitting = {"discover"} if settings.issuer else set()
        if is_operator and is_owned(obj, settings):
            fitting.add("release_tenant")
        pairs = client_keys.pairs_of(obj)
        if not pairs:
            return frozenset({*fitting, "make_client_key"})
        return frozenset(fitting | _KEYS.fitting(pairs))

    @button(description=gettext_lazy("Read discovery"), url_path="discover", icon="sync")
    def discover(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Read the discovery document; the answer says what came of it."""
        provider = self.offered_row(request, object_id, "discover")
        if request.method != "POST":
            return self.ask(
                request,
                provider,
                question=_("Read the provider's discovery document from its address now?"),
                button=_("Read it now"),
                details=facts([(_("Issuer"), settings_of(provider).issuer)]),
            )
        read_and_tell(request, provider)
        return redirect(self.url_of("change", provider.pk))

    make_client_key = ask_and_act(
        "make_client_key",
        label=gettext_lazy("Make our key"),
        icon="key",
        question=gettext_lazy(
            "Make a key pair of ours for %(name)s? Nothing is signed with it until “private key” is chosen as the "
            "client authentication, so its certificate can be handed over first."
        ),
        change=_make,
        done=gettext_lazy("Made. Download the certificate and upload it in the provider's console."),
    )
    add_client_key, roll_over_client_key, drop_client_key = _KEYS.buttons(
        add=gettext_lazy(
            "Make the key that follows for %(name)s? Our key set shows it at once beside the current one; it signs "
            "nothing until you roll over."
        ),
        made=gettext_lazy(
            "Made. Let the provider read our key set again, or upload the new certificate there."
        ),
        roll_over=gettext_lazy(
            "Sign with the next key from now on? The provider of %(name)s must know it already. The current one stays "
            "in our key set until you drop it."
        ),
        drop=gettext_lazy("Take the previous key of %(name)s out of our key set and forget it?"),
    )
    release_tenant = ask_and_act(
        "release_tenant",
        label=gettext_lazy("Release the tenant"),
        icon="lock_open",
        question=gettext_lazy(
            "Let another account claim the tenant of %(name)s? Nobody is signed out, and people go on signing in."
        ),
        change=_release_tenant,
        done=gettext_lazy("Released. The next account that proves it gets it."),
    )

    # --- our certificate ----------------------------------------------------------------------------------------------

    def oidc_urls(self) -> list[URLPattern]:
        """Return the addresses below a provider's own."""
        return [
            path(
                "<path:object_id>/client-certificate/<slug:role>.<slug:ending>",
                self.admin_site.admin_view(self.client_certificate_view),
                name="sso_identityprovider_client_certificate",
            )
        ]

    def client_certificate_view(
        self, request: HttpRequest, object_id: str, role: str, ending: str
    ) -> HttpResponse:
        """Hand out a certificate of ours as a file for the provider's console; it is public."""
        provider = self.get_object(request, object_id)
        known = provider is not None and provider.protocol == ProtocolName.OIDC
        if not known or role not in KeyRole.values or ending not in _ENDINGS:
            raise Http404
        pair = client_keys.pairs_of(provider).get(KeyRole(role))
        if pair is None:
            raise Http404
        answer = HttpResponse(pair.certificate, content_type="application/x-pem-file")
        answer["Content-Disposition"] = f'attachment; filename="{provider.slug}-{role}.{ending}"'
        return answer
