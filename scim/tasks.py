"""Celery's entrances to ``scim``."""

from __future__ import annotations

from celery import shared_task

from accounts.lifecycle import left_makers
from scim import request_log
from scim.models import OAuthClientSecret
from scim.oauth import access_tokens, client_authentication
from scim.oauth.clients import subject_of


@shared_task(name="scim.tasks.purge_request_log", ignore_result=True)
def purge_request_log() -> None:
    """Delete what is past its retention (daily, by beat)."""
    request_log.purge()


@shared_task(name="scim.tasks.purge_oauth", ignore_result=True)
def purge_oauth() -> None:
    """Delete expired access tokens and assertions that can't come again (hourly, by beat)."""
    access_tokens.purge()
    client_authentication.purge()


@shared_task(name="scim.tasks.limit_leavers_secrets", ignore_result=True)
def limit_leavers_secrets() -> None:
    """Let the client secrets that leavers made end in two weeks (V-14; hourly, by beat)."""
    left_makers.limit(
        OAuthClientSecret.objects.filter(client__revoked_at=None).select_related("client__account"),
        account_of=lambda secret: secret.client.account,
        subject_of=lambda secret: subject_of(secret.client),
    )
