"""Which product is on the other end, guessed from headers and the shape of the body: for the inspector only (A-6).

Nothing depends on the guess: every dialect is understood from everybody.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any


class Dialect(StrEnum):
    """Clients that we can tell apart."""

    OKTA = "okta"
    ENTRA = "entra"
    ONELOGIN = "onelogin"
    JUMPCLOUD = "jumpcloud"
    PING = "ping"
    GOOGLE = "google"
    AUTHENTIK = "authentik"
    KEYCLOAK = "keycloak"
    OTHER = "other"


_AGENTS = (
    ("okta", Dialect.OKTA),
    ("azure", Dialect.ENTRA),
    ("microsoft", Dialect.ENTRA),
    ("onelogin", Dialect.ONELOGIN),
    ("jumpcloud", Dialect.JUMPCLOUD),
    ("pingfederate", Dialect.PING),
    ("pingidentity", Dialect.PING),
    ("google", Dialect.GOOGLE),
    ("authentik", Dialect.AUTHENTIK),
    ("keycloak", Dialect.KEYCLOAK),
)


def guess(user_agent: str, content_type: str, body: Any) -> Dialect:
    """Return the likely client. Entra often sends no name, but writes its operations with a capital."""
    lowered = user_agent.lower()
    for part, dialect in _AGENTS:
        if part in lowered:
            return dialect
    if _capital_operations(body) or ("scim+json" in content_type and "charset" in content_type):
        return Dialect.ENTRA
    return Dialect.OTHER


def _capital_operations(body: Any) -> bool:
    operations = body.get("Operations") if isinstance(body, dict) else None
    if not isinstance(operations, list):
        return False
    return any(
        isinstance(each, dict) and each.get("op") in ("Add", "Replace", "Remove") for each in operations
    )
