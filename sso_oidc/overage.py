"""Too many groups for a token: Microsoft Graph is asked with the provider's own client (G-5)."""

from __future__ import annotations

from collections.abc import Mapping

from foundation.http import Deadline
from sso.claims import Claims
from sso.graph.client import GraphCredentials, with_secret
from sso.graph.overage import AskedBy, resolve_overage
from sso.models import IdentityProvider
from sso_oidc import client_keys
from sso_oidc.client_assertion import AssertionStyle, assertion_form
from sso_oidc.client_authentication import ClientAuthentication
from sso_oidc.models import EntraTenant, OidcSettings


def with_all_groups(
    provider: IdentityProvider, settings: OidcSettings, claims: Claims, deadline: Deadline
) -> Claims:
    """Return claims whose groups are whole where that can be had; see ``resolve_overage``.

    A tenant that nobody let in is not asked: its people are refused in a moment, and it would learn who we are.
    """
    if not claims.groups_overage or (provider.is_shared and not _is_let_in(provider, claims)):
        return claims
    return resolve_overage(
        provider, claims, AskedBy(settings.issuer, lambda: own_credentials(provider, settings), deadline)
    )


def own_credentials(provider: IdentityProvider, settings: OidcSettings) -> GraphCredentials | None:
    """Return what the provider's own client proves itself with, None when it has nothing.

    With private_key_jwt it is the key whose certificate was uploaded to Entra, as at the token endpoint.
    """
    if settings.client_authentication == ClientAuthentication.PRIVATE_KEY_JWT:
        key = client_keys.assertion_key(provider)

        def assert_who_we_are(endpoint: str) -> Mapping[str, str]:
            return assertion_form(
                settings.client_id,
                key,
                style=AssertionStyle.CERTIFICATE,
                issuer=settings.issuer,
                endpoint=endpoint,
                algorithms=None,
            )

        return GraphCredentials(settings.client_id, assert_who_we_are, key.certificate_pem)
    return with_secret(settings.client_id, settings.client_secret) if settings.client_secret else None


def _is_let_in(provider: IdentityProvider, claims: Claims) -> bool:
    tenants = EntraTenant.objects.filter(provider=provider, verified_at__isnull=False)
    return tenants.filter(tenant_id=claims.tenant_id or "").exists()
