"""Celery's entrances to ``scim``."""

from __future__ import annotations

from celery import shared_task

from scim import request_log
from scim.oauth import access_tokens, client_authentication


@shared_task(name="scim.tasks.purge_request_log", ignore_result=True)
def purge_request_log() -> None:
    """Delete what is past its retention (daily, by beat)."""
    request_log.purge()


@shared_task(name="scim.tasks.purge_oauth", ignore_result=True)
def purge_oauth() -> None:
    """Delete expired access tokens and assertions that can't come again (hourly, by beat)."""
    access_tokens.purge()
    client_authentication.purge()
