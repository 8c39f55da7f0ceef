"""Celery's entrances to ``accounts``."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone

from accounts import group_sightings
from accounts.lifecycle import departures, domains, left_makers, mailed_links
from accounts.models import SecondStep, UserSession

SESSION_RETENTION = timedelta(days=90)  # how long an ended session is shown to its person and admins
STEP_RETENTION = timedelta(days=1)  # wrong codes are counted over the last hour


@shared_task(name="accounts.tasks.purge_sessions", ignore_result=True)
def purge_sessions() -> None:
    """Erase expired browser sessions, the record of those that ended long ago, old links and steps (daily, by beat)."""
    SessionStore.clear_expired()
    UserSession.objects.filter(expires_at__lt=timezone.now() - SESSION_RETENTION).delete()
    mailed_links.purge()
    SecondStep.objects.filter(expires_at__lt=timezone.now() - STEP_RETENTION).delete()


@shared_task(name="accounts.tasks.purge_departures", ignore_result=True)
def purge_departures() -> None:
    """Erase who left too long ago to be counted, and held deletions that were decided long ago (hourly, by beat)."""
    departures.purge()


@shared_task(name="accounts.tasks.limit_leavers_tokens", ignore_result=True)
def limit_leavers_tokens() -> None:
    """Let the account tokens that leavers made end in two weeks (V-14; hourly, by beat)."""
    left_makers.limit_tokens()


@shared_task(name="accounts.tasks.recheck_domains", ignore_result=True)
def recheck_domains() -> int:
    """Queue a job for each e-mail domain whose DNS record was last seen a month ago (V-6; daily, by beat)."""
    due = domains.due_for_recheck()
    for key in due:
        recheck_domain.delay(key)
    return len(due)


@shared_task(name="accounts.tasks.recheck_domain", ignore_result=True)
def recheck_domain(key: int) -> None:
    """Look for one domain's record again. Slow name servers delay no other domain."""
    domains.recheck(key)


@shared_task(name="accounts.tasks.count_group_sightings", ignore_result=True)
def count_group_sightings() -> None:
    """Count the group identifiers that sign-ins and pushes named (G-7; every minute, by beat)."""
    group_sightings.count_waiting()


@shared_task(name="accounts.tasks.purge_group_sightings", ignore_result=True)
def purge_group_sightings() -> None:
    """Forget identifiers that nobody uses (daily, by beat)."""
    group_sightings.purge()
