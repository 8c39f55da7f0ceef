"""Celery's entrances to ``scim``."""

from __future__ import annotations

from celery import shared_task

from scim import request_log


@shared_task(name="scim.tasks.purge_request_log", ignore_result=True)
def purge_request_log() -> None:
    """Delete what is past its retention (daily, by beat)."""
    request_log.purge()
