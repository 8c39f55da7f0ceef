"""The process's one HTTP client for providers, and the discovery on top of it, both from the settings."""

from __future__ import annotations

from functools import lru_cache

from django.conf import settings
from django.core.cache import cache

from foundation.http import AllowList, OutboundHttp
from sso_oidc.discovery import Discovery


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


def http() -> OutboundHttp:
    """Return the shared client, with the deployment's allow-list."""
    return _http(settings.BROKER_NETWORK_ALLOW_LIST)


def discovery() -> Discovery:
    """Return discovery over the shared client and cache."""
    return Discovery(http(), _DjangoCache())
