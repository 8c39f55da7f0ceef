"""Track IDs: the short name under which a person and support speak of one request.

A track ID appears on every error page, in each log line and in the audit trail or failure log, and leads from one to
the other. It is random, unrelated to any state or cookie (V-16), and says nothing by itself. A sign-in keeps one track
ID from start to end: the attempt's ID is bound again when it comes back.
"""

from __future__ import annotations

import secrets
from contextvars import ContextVar

# Crockford's base 32: no I, L, O, U, so that it survives being read out on the telephone.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH = 12  # 60 bits

_current: ContextVar[str] = ContextVar("track_id", default="")


def new_track_id() -> str:
    """Return a fresh track ID such as ``7K3M-9QXA-2B4C``."""
    bits = secrets.randbits(5 * _LENGTH)
    letters = "".join(_ALPHABET[bits >> shift & 31] for shift in range(0, 5 * _LENGTH, 5))
    return "-".join(letters[i : i + 4] for i in range(0, _LENGTH, 4))


def current() -> str:
    """Return the track ID of the work in hand, "" outside of any."""
    return _current.get()


def bind(track_id: str) -> None:
    """Make ``track_id`` the one of the work in hand (this thread or task only)."""
    _current.set(track_id)
