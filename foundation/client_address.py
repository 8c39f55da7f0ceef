"""The client's address as the outermost middleware found it (V-21); "" for a request that never passed it."""

from __future__ import annotations

from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """Return the valid IP address that ``broker.middleware.client_address`` put on the request."""
    return str(getattr(request, "client_address", ""))
