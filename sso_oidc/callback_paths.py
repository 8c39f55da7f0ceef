"""Where a provider's answers come to: its own path, or one of two that providers share (O-2, V-20).

On a shared path an answer doesn't say by its address which provider it is from. An attacker's provider could send a
browser on to an honest one, whose code would then come back in the attacker's sign-in and be redeemed, PKCE verifier
and all, at the attacker's token endpoint (the mix-up attack, RFC 9700 §4.4). So a shared path needs an operator's
permission, and one of two things that name who answers, checked before anything is redeemed:

    hybrid      the ID token that comes with the code: signature, issuer, nonce, and c_hash for the code
    code        the ``iss`` response parameter (RFC 9207), which the provider must announce and then must send

New providers use their own path. An answer counts only on the path that its sign-in was sent with.
"""

from __future__ import annotations

from django.urls import reverse

from sso import provider_urls
from sso.models import IdentityProvider
from sso.refusals import SignInRefused
from sso_oidc.authorization import Flow
from sso_oidc.errors import OidcCode
from sso_oidc.metadata import ProviderMetadata
from sso_oidc.models import OidcSettings
from sso_oidc.models.settings import CallbackPath


def path_in_use(settings: OidcSettings) -> CallbackPath:
    """Return where answers are to come to; the provider's own path where an operator's permission is gone."""
    return CallbackPath(settings.callback_path) if settings.shared_callback else CallbackPath.OWN


def redirect_uri(provider: IdentityProvider, settings: OidcSettings) -> str:
    """Return the provider's redirect URI, on its account's host (O-2)."""
    path = path_in_use(settings)
    if path is CallbackPath.OWN:
        return provider_urls.absolute(provider, reverse("sso_oidc:callback", args=[provider.slug]))
    return provider_urls.absolute(provider, reverse(f"sso_oidc:{path.url_name}"))


def require_path(settings: OidcSettings, arrived: CallbackPath) -> None:
    """Refuse an answer on another path than its sign-in's (``oidc.callback_path``)."""
    if arrived is not path_in_use(settings):
        raise SignInRefused(
            OidcCode.CALLBACK_PATH, f"came to {arrived.value}, not {path_in_use(settings).value}"
        )


def must_name_issuer(settings: OidcSettings) -> bool:
    """Tell whether an answer without ``iss`` is refused whatever the provider announces."""
    return path_in_use(settings) is not CallbackPath.OWN and settings.flow == Flow.CODE


def require_named_issuer(settings: OidcSettings, metadata: ProviderMetadata) -> None:
    """Refuse to begin where the provider would not say who answers (``oidc.shared_callback``)."""
    if must_name_issuer(settings) and not metadata.iss_parameter_supported:
        raise SignInRefused(
            OidcCode.SHARED_CALLBACK,
            "a shared callback path needs the hybrid flow, or a provider that announces "
            "authorization_response_iss_parameter_supported (RFC 9207)",
        )
