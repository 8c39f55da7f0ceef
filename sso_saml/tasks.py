"""Celery's entrances to ``sso_saml``."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from sso_saml.models import LogoutInFlight, SpentAssertion


@shared_task(name="sso_saml.tasks.purge_spent_assertions", ignore_result=True)
def purge_spent_assertions() -> None:
    """Forget messages that could not be accepted any more anyway, and logouts past waiting for (hourly, by beat)."""
    now = timezone.now()
    SpentAssertion.objects.filter(expires_at__lt=now).delete()
    LogoutInFlight.objects.filter(expires_at__lt=now).delete()
