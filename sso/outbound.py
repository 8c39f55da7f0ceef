"""The process's HTTP clients for providers: what each may reach, and the circuit that opens while it is down."""

from __future__ import annotations

from functools import lru_cache

from foundation.circuit_breaker import CircuitBreaker, GuardedHttp
from foundation.http import AllowList, OutboundHttp
from sso.models import IdentityProvider
from sso.private_networks import allow_list_of

SIGN_IN = "sign-in"  # discovery, keys, tokens: nobody signs in without


@lru_cache(maxsize=4)
def client(allow: AllowList) -> OutboundHttp:
    """Return the one client with this allow-list; its connections are used again."""
    return OutboundHttp(allow=allow)


def http(provider: IdentityProvider, purpose: str = SIGN_IN) -> OutboundHttp:
    """Return the client with what this provider may reach (V-23), behind the circuit of provider and purpose."""
    return GuardedHttp(client(allow_list_of(provider)), circuit(provider, purpose))


def circuit(provider: IdentityProvider, purpose: str = SIGN_IN) -> CircuitBreaker:
    """Return the circuit; saved settings begin a new one, since they may be what mends it."""
    return CircuitBreaker(purpose, str(provider.pk), str(provider.version))
