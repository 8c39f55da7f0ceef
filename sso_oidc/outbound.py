"""Discovery over the process's HTTP clients and its shared cache."""

from __future__ import annotations

from django.core.cache import cache

from foundation.http import Deadline
from sso.models import IdentityProvider
from sso.outbound import circuit, http
from sso_oidc.discovery import Discovery
from sso_oidc.metadata import ProviderMetadata

__all__ = ["USERINFO", "circuit", "discovery", "http", "metadata_of"]

USERINFO = "userinfo"  # a purpose of its own: most sign-ins can do without


class _DjangoCache:
    """Django's cache as discovery wants it."""

    def get(self, key: str, /) -> object:
        return cache.get(key)

    def set(self, key: str, value: object, seconds: int, /) -> object:
        cache.set(key, value, seconds)
        return None


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
