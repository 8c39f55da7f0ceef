"""Read a provider's discovery document for an admin, and say what was found or why not (O-5)."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _

from console.oidc.texts import discovery_problem
from foundation.http import OutboundError
from sso.models import IdentityProvider
from sso_oidc import outbound
from sso_oidc.client_authentication import ClientAuthentication
from sso_oidc.configuration import settings_of
from sso_oidc.errors import OidcRefusal
from sso_oidc.metadata import ProviderMetadata
from sso_oidc.models import OidcSettings


def read_and_tell(request: HttpRequest, provider: IdentityProvider) -> bool:
    """Fetch the document, outside any transaction; return whether it can be used."""
    settings = settings_of(provider)
    if not settings.issuer:
        messages.error(request, _("Enter the issuer first."))
        return False
    try:
        found = outbound.discovery(provider).read_again(
            settings.issuer, allow_template_issuer=provider.is_shared
        )
    except (OidcRefusal, OutboundError) as error:
        messages.error(request, discovery_problem(error, provider.vendor))
        return False
    messages.success(request, _("The provider was found: %(issuer)s.") % {"issuer": found.issuer})
    if problem := misfit(settings, found):
        messages.warning(request, problem)
    return True


def misfit(settings: OidcSettings, metadata: ProviderMetadata) -> str:
    """Return what of the settings the provider doesn't offer, "" when all fits."""
    offered = metadata.token_endpoint_auth_methods
    wanted = settings.client_authentication
    if wanted and wanted not in offered and wanted != ClientAuthentication.NONE:
        return _("The provider doesn't offer the chosen client authentication. It takes: %(offered)s.") % {
            "offered": ", ".join(offered)
        }
    return ""
