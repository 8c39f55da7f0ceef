"""Celery's entrances to ``foundation``; each is idempotent and may run on several workers at once."""

from __future__ import annotations

from celery import shared_task

from foundation import outbox


@shared_task(name="foundation.tasks.drain_outbox", ignore_result=True)
def drain_outbox() -> int:
    """Run what waits in the outbox (every few seconds, by beat)."""
    return outbox.drain()


@shared_task(name="foundation.tasks.purge_outbox", ignore_result=True)
def purge_outbox() -> int:
    """Erase what was done, with the addresses and texts in it (daily, by beat)."""
    return outbox.purge()
