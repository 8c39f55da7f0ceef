"""``/api/schema`` describes the REST API only; SCIM describes itself at ``/api/scim/Schemas``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Endpoint = tuple[str, str, str, Callable[..., Any]]


def only_rest_endpoints(endpoints: list[Endpoint], **_: Any) -> list[Endpoint]:
    """Keep what lies below ``/api/`` and is neither SCIM nor the schema itself."""
    return [
        endpoint
        for endpoint in endpoints
        if endpoint[0].startswith("/api/") and not endpoint[0].startswith(("/api/scim", "/api/schema"))
    ]
