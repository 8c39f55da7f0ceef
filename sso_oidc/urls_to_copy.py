"""The addresses of ours that a provider's administrator enters at the provider, one by one (O-2, O-7).

All of them are on the host of the provider's account and never change once the provider is enabled, except for the
redirect URI where an operator allows another path (V-20). The names are those of OpenID Connect's registration
(Dynamic Client Registration §2, RP-Initiated Logout §3.1, Back-Channel Logout §2.2).
"""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse

from sso import provider_urls
from sso.models import IdentityProvider
from sso_oidc import callback_paths, logout
from sso_oidc.configuration import settings_of

JWKS_PATH = "/.well-known/jwks.json"


@dataclass(frozen=True, slots=True)
class UrlsToCopy:
    """Absolute URLs."""

    redirect_uri: str
    post_logout_redirect_uri: str
    backchannel_logout_uri: str
    initiate_login_uri: str
    jwks_uri: str  # our keys, for private_key_jwt


def urls_to_copy(provider: IdentityProvider) -> UrlsToCopy:
    """Return what to enter at the provider."""
    return UrlsToCopy(
        redirect_uri=callback_paths.redirect_uri(provider, settings_of(provider)),
        post_logout_redirect_uri=provider_urls.absolute(provider, logout.return_path(provider)),
        backchannel_logout_uri=provider_urls.absolute(
            provider, reverse("sso_oidc:backchannel_logout", args=[provider.slug])
        ),
        initiate_login_uri=provider_urls.absolute(provider, reverse("sso_oidc:login", args=[provider.slug])),
        jwks_uri=provider_urls.absolute(provider, JWKS_PATH),
    )
