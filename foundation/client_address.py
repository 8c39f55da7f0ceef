"""The client's address as the outermost middleware found it (V-21); "" for a request that never passed it."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network

from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """Return the valid IP address that ``broker.middleware.client_address`` put on the request."""
    return str(getattr(request, "client_address", ""))


def network_of(address: str) -> str:
    """Return what a limit counts by: an IPv4 address itself, of IPv6 the /64, which is one customer's line.

    Text that is no address is returned as it is.
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return str(ip_network((parsed, 64), strict=False)) if isinstance(parsed, IPv6Address) else address
