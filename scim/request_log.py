"""Keep what directories asked, for the inspector (A-6), without making them wait for it.

An entry is not part of what a request does: it is written whether that was committed or refused, and losing the last
second's entries in a crash loses nothing that counts. So entries are collected in the process and a thread writes them
together, a second after the first. Inside somebody's transaction (a test's) they are written at once instead.
"""

from __future__ import annotations

import threading
from collections import deque
from datetime import timedelta
from typing import Any

import structlog
from django.db import connection
from django.utils import timezone

from foundation.compiled_writes import insert
from foundation.redaction import mask_path, mask_text, mask_values
from scim.models import RequestLogEntry

RETENTION = timedelta(days=14)
_DELAY = 1.0  # seconds
_WAITING_MAX = 5_000  # entries; when the database can't keep up, the oldest are dropped
_BATCH = 50  # rows that a compiled statement writes at once
_BODY_BYTES = 16_384  # larger bodies are not kept

log = structlog.get_logger(__name__)

_waiting: deque[RequestLogEntry] = deque(maxlen=_WAITING_MAX)
_lock = threading.Lock()
_timer: threading.Timer | None = None


def keep(entry: RequestLogEntry) -> None:
    """Write an entry soon, or at once inside a transaction."""
    if connection.in_atomic_block:
        entry.save(force_insert=True)
        return
    _waiting.append(entry)
    _start_timer()


def flush() -> int:
    """Write what is waiting and return how many entries that were."""
    entries: list[RequestLogEntry] = []
    written = 0
    while _waiting:
        entries.append(_waiting.popleft())
    while len(entries) - written >= _BATCH:
        insert(entries[written : written + _BATCH])
        written += _BATCH
    RequestLogEntry.objects.bulk_create(entries[written:])
    return len(entries)


def purge() -> int:
    """Delete entries past their retention and return how many."""
    deleted, _ = RequestLogEntry.objects.filter(created_at__lt=timezone.now() - RETENTION).delete()
    return int(deleted)


def masked_body(body: Any, size: int) -> Any:
    """Return a body fit to be kept: secrets masked, large ones left out."""
    if body is None:
        return None
    if size > _BODY_BYTES:
        return {"omitted": f"{size} bytes"}
    return mask_values(body)


def masked_path(path: str) -> str:
    """Return a request's path as it is kept."""
    return _storable(mask_path(path))[:500]


def masked_query(query: str) -> str:
    """Return a query string as it is kept: filters are what one looks for in the inspector."""
    return _storable(mask_text(query))[:1000]


def masked_detail(detail: str) -> str:
    """Return the detail of an error as it is kept; it may quote what the client sent."""
    return _storable(mask_text(detail))[:1000]


def _storable(text: str) -> str:
    return text.encode(errors="replace").decode().replace("\x00", "\N{REPLACEMENT CHARACTER}")


def _start_timer() -> None:
    global _timer
    with _lock:
        if _timer is None:
            _timer = threading.Timer(_DELAY, _flush_in_thread)
            _timer.daemon = True
            _timer.start()


def _flush_in_thread() -> None:
    global _timer
    with _lock:
        _timer = None
    try:
        flush()
    except Exception:
        # An account may have been removed meanwhile, or the database be away; nobody waits for this answer.
        log.warning("scim_request_log_failed", exc_info=True)
    finally:
        connection.close()  # this thread's own
