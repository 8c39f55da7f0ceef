"""The addresses of ours that a provider's administrator enters at the provider, one by one (O-2, O-7).

All but the last are on the host of the provider's account and never change once the provider is enabled, except for
the redirect URI where an operator allows another path (V-20). The names are those of OpenID Connect's registration
(Dynamic Client Registration §2, RP-Initiated Logout §3.1, Back-Channel Logout §2.2).
"""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse

from sso import provider_urls
from sso.models import IdentityProvider
from sso_oidc import admin_consent, callback_paths, logout, published_keys
from sso_oidc.configuration import settings_of


@dataclass(frozen=True, slots=True)
class UrlsToCopy:
    """Absolute URLs."""

    redirect_uri: str
    post_logout_redirect_uri: str
    backchannel_logout_uri: str
    initiate_login_uri: str
    jwks_uri: str  # our keys towards this provider, for private_key_jwt
    all_keys_uri: str  # those towards all, for who asks for the well-known address
    admin_consent_uri: str  # Entra's way back, on the deployment's host


def urls_to_copy(provider: IdentityProvider) -> UrlsToCopy:
    """Return what to enter at the provider."""
    return UrlsToCopy(
        redirect_uri=callback_paths.redirect_uri(provider, settings_of(provider)),
        post_logout_redirect_uri=provider_urls.absolute(provider, logout.return_path(provider)),
        backchannel_logout_uri=provider_urls.absolute(
            provider, reverse("sso_oidc:backchannel_logout", args=[provider.slug])
        ),
        initiate_login_uri=provider_urls.absolute(provider, reverse("sso_oidc:login", args=[provider.slug])),
        jwks_uri=published_keys.key_set_url(provider),
        all_keys_uri=provider_urls.absolute(provider, reverse("sso_oidc:keys")),
        admin_consent_uri=admin_consent.return_url(provider),
    )
