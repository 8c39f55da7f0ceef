"""Where a request really comes from: ``request.client_address``, for audit, limits and lock-out (V-21).

``X-Forwarded-For`` is text that anyone can send. It counts only as far as trusted proxies wrote it: read from the
right, each hop must itself be in ``BROKER_TRUSTED_PROXIES`` for the one before it to be believed. With none configured
the header is ignored.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from broker.settings.values import Network


class ClientAddressMiddleware:
    """Sets ``request.client_address`` (text of an IP address, always valid) and binds it for the log."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Find the address once per request."""
        address = address_of(request)
        structlog.contextvars.bind_contextvars(ip=address)
        return self.get_response(request)


def address_of(request: HttpRequest) -> str:
    """Return the client's address; also used by django-axes."""
    known: str | None = getattr(request, "client_address", None)
    if known is None:
        known = find_address(
            request.META.get("REMOTE_ADDR", ""),
            request.META.get("HTTP_X_FORWARDED_FOR", ""),
            settings.BROKER_TRUSTED_PROXIES,
        )
        request.client_address = known  # type: ignore[attr-defined]  # our own attribute on Django's class
    return known


def find_address(peer: str, forwarded_for: str, trusted: Sequence[Network]) -> str:
    """Return the address of the last hop that no trusted proxy stands behind.

    ``peer`` is the connection's address; an empty one (a Unix socket) counts as this machine. A hop that is no address
    ends the walk at the one before it.
    """
    address = _parse(peer) or ip_address("127.0.0.1")
    hops = [hop.strip() for hop in forwarded_for.split(",") if hop.strip()]
    while hops and any(address in network for network in trusted):
        hop = _parse(hops.pop())
        if hop is None:
            break
        address = hop
    return str(address)


def _parse(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
