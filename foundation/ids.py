"""Identifiers that sort by the time they were made.

Primary keys of everything that is exposed (people, groups, sessions, events) are UUID version 7 (RFC 9562 §5.7):
unguessable enough not to be counted through, and adjacent in an index because the first 48 bits are milliseconds.
They are names, never secrets; secrets come from ``foundation.secret_tokens``.
"""

from __future__ import annotations

import uuid

from uuid_utils.compat import uuid7


def new_id() -> uuid.UUID:
    """Return a fresh UUIDv7 as the standard library's ``uuid.UUID``."""
    return uuid7()


def parse_id(text: str) -> uuid.UUID | None:
    """Return the UUID that ``text`` spells in canonical form, or None; never raises, never accepts braces or URNs."""
    try:
        value = uuid.UUID(text)
    except (ValueError, AttributeError, TypeError):
        return None
    return value if str(value) == text.lower() else None
