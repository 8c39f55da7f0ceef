"""What OpenID Connect stores: settings, tenants and our keys of a provider, logouts that were used or are under way."""

from sso_oidc.models.in_flight import ProviderLogout, SpentLogoutToken
from sso_oidc.models.keys import ClientKeyPair
from sso_oidc.models.settings import OidcSettings
from sso_oidc.models.tenants import EntraTenant, TenantOwner

__all__ = [
    "ClientKeyPair",
    "EntraTenant",
    "OidcSettings",
    "ProviderLogout",
    "SpentLogoutToken",
    "TenantOwner",
]
