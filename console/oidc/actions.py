"""Steps on an OpenID Connect provider's page that ask first: reading discovery, and our keys (O-1, O-5)."""

from __future__ import annotations

from django.contrib.admin import display
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.admins.columns import facts
from console.admins.confirmed import ConfirmedActions, button
from console.oidc.discovering import read_and_tell
from sso.models import IdentityProvider, ProtocolName
from sso_oidc.configuration import settings_of


class OidcActions(ConfirmedActions):
    """Mixed into the admin of providers."""

    actions_oidc: tuple[str, ...] = ("discover",)

    def offered_oidc(self, obj: IdentityProvider) -> frozenset[str]:
        """Return the steps that fit now."""
        if obj.protocol != ProtocolName.OIDC:
            return frozenset()
        return frozenset({"discover"}) if settings_of(obj).issuer else frozenset()

    @button(description=gettext_lazy("Read discovery"), url_path="discover", icon="sync")
    def discover(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Read the discovery document; the answer says what came of it."""
        provider: IdentityProvider | None = self.get_object(request, unquote(object_id))
        if provider is None:
            raise Http404
        if "discover" not in self.offered(request, provider):
            raise PermissionDenied
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

    @display(description=gettext_lazy("our keys"))
    def oidc_keys(self, provider: IdentityProvider) -> SafeString:
        """Our own key pairs."""
        return SafeString("–")

    def keys_classes(self, provider: IdentityProvider) -> list[str]:
        """Fold the section unless it is needed."""
        return ["collapse"]
