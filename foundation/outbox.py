"""Work that must happen when, and only when, a transaction commits (design rule 2).

``add`` writes a row in the caller's own transaction; ``drain``, run by a Celery task every few seconds, claims due rows
one by one with a conditional update, so that any number of workers may run, and hands each to the handler that is
registered for its kind. Delivery is at least once: a worker that dies in the middle leaves the row due again, and so a
handler must bear being called twice. A failing row is tried again later and later, for about two days.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import structlog
from django.db import connection
from django.db.models import F
from django.utils import timezone

from foundation import track_ids
from foundation.models import OutboxMessage
from foundation.redaction import mask_text

Handler = Callable[[dict[str, Any]], None]

_handlers: dict[str, Handler] = {}
_MAX_ATTEMPTS = 16
_LEASE = timedelta(minutes=5)  # how long a claimed row stays with its worker

log = structlog.get_logger(__name__)


class OutboxMisuse(Exception):
    """The outbox was used outside a transaction, or for a kind that nobody handles."""

    code = "outbox.misuse"


def handles(kind: str) -> Callable[[Handler], Handler]:
    """Register the decorated function as the handler of ``kind``; it gets the payload."""

    def register(handler: Handler) -> Handler:
        _handlers[kind] = handler
        return handler

    return register


def add(kind: str, payload: dict[str, Any]) -> OutboxMessage:
    """Queue work in the present transaction. ``payload`` is JSON and holds ids, never secrets in clear."""
    if not connection.in_atomic_block:
        raise OutboxMisuse("outbox.add needs a transaction: the work must not outlive a rollback")
    return OutboxMessage.objects.create(kind=kind, payload=payload, track_id=track_ids.current())


def drain(limit: int = 200) -> int:
    """Run due work, oldest first, at most ``limit`` rows; return how many succeeded."""
    done = 0
    waiting = OutboxMessage.objects.filter(done_at=None, given_up_at=None, due_at__lte=timezone.now())
    for message in waiting.order_by("due_at")[:limit]:
        done += _run(message)
    return done


def purge() -> int:
    """Delete rows that were done a week ago, or given up a month ago; return how many."""
    now = timezone.now()
    done, _ = OutboxMessage.objects.filter(done_at__lt=now - timedelta(days=7)).delete()
    given_up, _ = OutboxMessage.objects.filter(given_up_at__lt=now - timedelta(days=30)).delete()
    return done + given_up


def _run(message: OutboxMessage) -> bool:
    now = timezone.now()
    mine = OutboxMessage.objects.filter(pk=message.pk, done_at=None, due_at=message.due_at)
    if not mine.update(due_at=now + _LEASE, attempts=F("attempts") + 1):
        return False  # another worker was faster
    row = OutboxMessage.objects.filter(pk=message.pk)
    track_ids.bind(message.track_id)
    try:
        handler = _handlers.get(message.kind)
        if handler is None:
            raise OutboxMisuse(f"nobody handles {message.kind}")
        handler(message.payload)
    except Exception as error:
        attempts = message.attempts + 1
        log.warning(
            "outbox_failed", kind=message.kind, message_id=str(message.pk), attempts=attempts, exc_info=True
        )
        row.update(
            last_error=mask_text(f"{type(error).__name__}: {error}")[:300],
            due_at=now + timedelta(seconds=min(10 * 2**attempts, 6 * 3600)),
            given_up_at=now if attempts >= _MAX_ATTEMPTS else None,
        )
        return False
    finally:
        track_ids.bind("")
    row.update(done_at=timezone.now(), last_error="")
    return True
