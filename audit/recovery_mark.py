"""Whether the work in hand is done in a session that began with a recovery link (V-15).

Set for each request by ``accounts.middleware``, read by ``audit.recorder``: so every change that somebody makes in such
a session is marked, whichever page it was made on.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

MARK = " (made in recovery)"

_in_recovery: ContextVar[bool] = ContextVar("in_recovery", default=False)


@contextmanager
def marking(in_recovery: bool) -> Iterator[None]:
    """Mark what people do inside, or don't."""
    before = _in_recovery.set(in_recovery)
    try:
        yield
    finally:
        _in_recovery.reset(before)


def marked(label: str, limit: int) -> str:
    """Return an actor's label within ``limit`` characters, with the mark where it belongs."""
    return label[: limit - len(MARK)] + MARK if _in_recovery.get() else label[:limit]
