"""Secret tokens: 256 random bits that a caller presents and that we never store (design rule 8).

A token reads ``<kind>_<lookup>_<secret>``: the kind makes a leaked token recognisable to scanners, the lookup part
finds its row by a plain index, and the whole token's SHA-256 is what the row holds. A fast hash is right here, since
256 random bits can't be guessed however fast the hash is; a password hash would only slow SCIM down.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass

LOOKUP_LENGTH = 12
_FORM = re.compile(r"[0-9A-Za-z_-]{1,100}")
_LOOKUP = re.compile(rf"[0-9a-f]{{{LOOKUP_LENGTH}}}")  # PostgreSQL takes no NUL in a look-up


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token just made: ``plain`` is shown once, ``lookup`` and ``digest`` are stored."""

    plain: str
    lookup: str
    digest: str

    def __repr__(self) -> str:
        return f"NewToken(lookup={self.lookup!r})"


def make_token(kind: str) -> NewToken:
    """Return a new token of ``kind`` (short lower-case letters, no underscore)."""
    lookup = secrets.token_hex(LOOKUP_LENGTH // 2)
    plain = f"{kind}_{lookup}_{secrets.token_urlsafe(32)}"
    return NewToken(plain=plain, lookup=lookup, digest=digest(plain))


def lookup_of(plain: str, kind: str) -> str | None:
    """Return the lookup part of a presented token, None when it is not of the form of ``kind``."""
    parts = plain.split("_", 2)
    if len(parts) != 3 or parts[0] != kind or not _LOOKUP.fullmatch(parts[1]) or not parts[2]:
        return None
    return parts[1]


def for_cookie(plain: str) -> str:
    """Return a presented token as a cookie may hold it, "" for text that can be no token of ours.

    A header takes no letter outside of Latin-1: the answer to one would be no page at all.
    """
    return plain if _FORM.fullmatch(plain) else ""


def digest(secret: str) -> str:
    """Return the SHA-256 of ``secret`` as 64 hexadecimal digits."""
    return hashlib.sha256(secret.encode()).hexdigest()


def matches(secret: str, stored_digest: str) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(digest(secret), stored_digest)


def random_handle() -> str:
    """Return 128 random bits as 22 URL-safe characters: the name of a sign-in in flight (RelayState, state)."""
    return secrets.token_urlsafe(16)


def random_secret() -> str:
    """Return 256 random bits as 43 URL-safe characters: cookies, one-time codes, nonces."""
    return secrets.token_urlsafe(32)
