"""The settings page of an OpenID Connect provider: what stands on it in which order (S-3, O-1, O-3).

As a SAML provider's page: first what goes into the vendor's console, then what comes from there, and what few need is
folded under Advanced. “Save” keeps a draft; “Enable OpenID Connect” and “Test connection” save first and say at the
field what is missing. A new issuer is asked for its discovery document as soon as it is saved, and “Enable” asks again:
a button on the login page that leads nowhere helps nobody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.admin import display
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.actors import Actor
from console.admins import refusals
from console.admins.confirmed import button
from console.admins.key_table import Link
from console.admins.provider_testing import ProviderTesting
from console.oidc import callback_fields, columns, form
from console.oidc.actions import OidcActions
from console.oidc.discovering import read_and_tell
from console.saml.page import Fieldsets
from console.scoping import actor_of
from foundation.encryption import is_stored
from sso import providers
from sso.models import IdentityProvider, ProtocolName, State
from sso.setup_link_changes import waiting
from sso_oidc import client_keys
from sso_oidc.admin_consent import is_offered
from sso_oidc.client_authentication import ClientAuthentication
from sso_oidc.configuration import save_oidc_settings, settings_of
from sso_oidc.tenant_claims import tenant_of

_SAVED = "_console_saved_oidc"


def is_oidc(obj: Any) -> bool:
    """Tell whether a row is an OpenID Connect provider."""
    return obj is not None and obj.protocol == ProtocolName.OIDC


class OidcPage(OidcActions, ProviderTesting):
    """Mixed into the admin of providers, before ``SamlPage``."""

    submit_oidc = ("enable_oidc", "test_oidc")
    oidc_columns = (
        *("oidc_our_side", "oidc_their_side", "oidc_notes", "oidc_tenant"),
        *("oidc_secret", "oidc_consent", "oidc_discovered", "oidc_keys"),
    )
    if TYPE_CHECKING:
        admin_site: Any

        def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool: ...
        def _get_base_actions_submit_line(self) -> list[Any]: ...

    # --- what stands on it --------------------------------------------------------------------------------------------

    def oidc_fieldsets(self, obj: IdentityProvider, *, may_change: bool) -> Fieldsets:
        """Return the sections between the head and what both protocols share."""
        ours = (_("1. Copy these values into the provider's console"), {"fields": ["oidc_our_side"]})
        title = _("2. Enter the values from the provider's console")
        says: tuple[str, dict[str, Any]] = (
            _("What the provider says about itself"),
            {"fields": ["oidc_discovered"]},
        )
        notes = ["oidc_notes"] if columns.has_notes(obj) else []
        if not may_change:
            return [ours, (title, {"fields": [*notes, "oidc_their_side"]}), says]
        tenant = ["oidc_tenant"] if tenant_of(obj, settings_of(obj)) else []
        stored = is_stored(settings_of(obj), "client_secret")
        secret = ["client_secret", *(("remove_secret",) if stored else ())]
        keys = ["forget_keys"] if client_keys.pairs_of(obj) else []
        if is_offered(obj):
            says[1]["fields"].append("oidc_consent")
        return [
            ours,
            (title, {"fields": [*form.main_fields(obj), *tenant]}),
            (
                _("3. Choose how we prove who we are"),
                {"fields": [*notes, "client_authentication", "oidc_secret", *secret, *keys, "flow"]},
            ),
            says,
        ]

    def oidc_advanced(
        self, obj: IdentityProvider, *, may_change: bool, is_operator: bool = False
    ) -> Fieldsets:
        """Return the folded sections at the end."""
        keys = (_("Our keys"), {"fields": ["oidc_keys"], "classes": self._keys_classes(obj)})
        if not may_change:
            return [keys]
        rest = [] if "issuer" in form.main_fields(obj) else ["issuer"]
        folded = {
            _("Advanced: how we ask"): [*rest, *form.ASKING],
            _("Advanced: what we accept"): [
                *form.ACCEPTING,
                *callback_fields.offered(obj, is_operator=is_operator),
            ],
        }
        return [
            keys,
            *((title, {"fields": names, "classes": ["collapse"]}) for title, names in folded.items()),
        ]

    def _keys_classes(self, obj: IdentityProvider) -> list[str]:
        """Fold our keys away where they aren't used."""
        used = settings_of(obj).client_authentication == ClientAuthentication.PRIVATE_KEY_JWT
        return [] if used or client_keys.pairs_of(obj) else ["collapse"]

    def oidc_form(self, request: HttpRequest) -> type[form.OidcProviderForm]:
        """Return the form's class for this request."""
        return type("OidcProviderForm", (form.OidcProviderForm,), {"actor": actor_of(request)})

    @display(description=gettext_lazy("to copy"))
    def oidc_our_side(self, provider: IdentityProvider) -> SafeString:
        """What the vendor's console asks for."""
        return columns.our_side(provider)

    @display(description=gettext_lazy("settings"))
    def oidc_their_side(self, provider: IdentityProvider) -> SafeString:
        """The values, for those who only look."""
        return columns.their_side(provider, settings_of(provider))

    @display(description=gettext_lazy("before you begin"))
    def oidc_notes(self, provider: IdentityProvider) -> SafeString:
        """What is special about this vendor."""
        return columns.notes(provider, settings_of(provider))

    @display(description=gettext_lazy("whose tenant it is"))
    def oidc_tenant(self, provider: IdentityProvider) -> SafeString:
        """Whether the tenant is proven to be the account's (V-6)."""
        return columns.tenant_standing(
            provider, self.oidc_links(provider, release_tenant=_("Release the tenant"))
        )

    @display(description=gettext_lazy("client secret now"))
    def oidc_secret(self, provider: IdentityProvider) -> SafeString:
        """Whether there is one."""
        return columns.secret_state(settings_of(provider))

    @display(description=gettext_lazy("admin consent"))
    def oidc_consent(self, provider: IdentityProvider) -> SafeString:
        """How Entra's administrator consents for everybody."""
        return columns.admin_consent(provider)

    @display(description=gettext_lazy("discovery"))
    def oidc_discovered(self, provider: IdentityProvider) -> SafeString:
        """What was read of the provider."""
        links = self.oidc_links(provider, discover=_("Read it now"))
        return columns.discovered(provider, settings_of(provider), links)

    @display(description=gettext_lazy("key pairs"))
    def oidc_keys(self, provider: IdentityProvider) -> SafeString:
        """Our own key pairs, which private_key_jwt signs with."""
        links = self.oidc_links(
            provider,
            make_client_key=_("Make our key"),
            add_client_key=_("Add next key"),
            roll_over_client_key=_("Roll over"),
            drop_client_key=_("Drop previous"),
        )
        return columns.our_keys(provider, links)

    def oidc_links(self, provider: IdentityProvider, **labels: str) -> list[Link]:
        """Return the links of the steps that fit now, for somebody who may take them."""
        # Set by get_object: a column isn't told who looks.
        may = getattr(provider, "may_change", False)
        fitting = self.offered_oidc(provider, getattr(provider, "seen_by_operator", False)) if may else set()
        return [(label, self.url_of(name, provider.pk)) for name, label in labels.items() if name in fitting]

    # --- saving, and then ---------------------------------------------------------------------------------------------

    def save_oidc(self, request: HttpRequest, actor: Actor, obj: IdentityProvider, filled: Any) -> None:
        """Write the OpenID Connect half."""
        changed = save_oidc_settings(provider=obj, actor=actor, values=filled.oidc_values())
        setattr(request, _SAVED, (obj, changed))

    def after_saving_oidc(self, request: HttpRequest, answer: HttpResponse) -> HttpResponse:
        """Go on with what the pressed button asked for, now that the save is committed."""
        saved: tuple[IdentityProvider, frozenset[str]] | None = getattr(request, _SAVED, None)
        if saved is None or answer.status_code != 302:
            return answer
        provider, changed = saved
        enable = form.ENABLE in request.POST
        moved = "issuer" in changed and bool(settings_of(provider).issuer)
        found = read_and_tell(request, provider) if enable or moved else True
        if enable and found and waiting(provider):  # V-22: the difference is shown first
            return redirect(self.url_of("enable", provider.pk))
        if enable and found:
            self.enable_oidc(request, provider)
        elif enable:
            messages.error(request, _("It was saved and not enabled: the provider can't be used like this."))
        if form.TEST in request.POST:
            return self.begin_test(request, provider)
        return redirect(self.url_of("change", provider.pk))

    @button(description=gettext_lazy("Enable OpenID Connect"), url_path="", icon="check_circle")
    def enable_oidc(self, request: HttpRequest, obj: IdentityProvider) -> None:
        """Let people sign in through it."""
        with refusals.as_message(request):
            if providers.enable_provider(provider=obj, actor=actor_of(request)):
                messages.success(request, _("Enabled. It has a button on the account's login page now."))

    @button(description=gettext_lazy("Test connection"), url_path="", icon="lab_profile")
    def test_oidc(self, request: HttpRequest, obj: IdentityProvider) -> HttpResponse:
        """Begin a test."""
        return self.begin_test(request, obj)

    def get_actions_submit_line(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Offer the two buttons beside “Save” to those who may, “Enable” until it is."""
        obj = self.get_object(request, str(object_id))
        if not is_oidc(obj):
            found: list[Any] = super().get_actions_submit_line(request, object_id)  # type: ignore[misc]  # SamlPage's
            return found
        if not self.has_change_permission(request, obj):
            return []
        wanted = {"test_oidc": form.TEST}
        if obj.state != State.ENABLED:
            wanted["enable_oidc"] = form.ENABLE
        actions = [
            action for action in self._get_base_actions_submit_line() if action.method.__name__ in wanted
        ]
        for action in actions:
            action.attrs = {"name": wanted[action.method.__name__]}
        return actions
