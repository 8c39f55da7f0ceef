"""The process's HTTP clients for providers, and the discovery on top of them."""

from __future__ import annotations

from functools import lru_cache

from django.core.cache import cache

from foundation.http import AllowList, Deadline, OutboundHttp
from sso.models import IdentityProvider
from sso.private_networks import allow_list_of
from sso_oidc.discovery import Discovery
from sso_oidc.metadata import ProviderMetadata


class _DjangoCache:
    """Django's cache as discovery wants it."""

    def get(self, key: str, /) -> object:
        return cache.get(key)

    def set(self, key: str, value: object, seconds: int, /) -> object:
        cache.set(key, value, seconds)
        return None


@lru_cache(maxsize=4)
def _http(allow: AllowList) -> OutboundHttp:
    return OutboundHttp(allow=allow)


def http(provider: IdentityProvider) -> OutboundHttp:
    """Return the client with what this provider may reach (V-23)."""
    return _http(allow_list_of(provider))


def discovery(provider: IdentityProvider) -> Discovery:
    """Return discovery over that client and the shared cache."""
    return Discovery(http(provider), _DjangoCache())


def metadata_of(
    provider: IdentityProvider, issuer: str, *, deadline: Deadline | None = None
) -> ProviderMetadata:
    """Return the metadata of a provider's configured issuer; see ``Discovery.metadata``.

    Only above accounts may it be Entra's template (O-3): there the tenant decides, and is looked up in what an operator
    verified. For an account's own provider any tenant of the world would do.
    """
    return discovery(provider).metadata(issuer, deadline=deadline, allow_template_issuer=provider.is_shared)
