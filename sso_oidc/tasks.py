"""Celery's entrances to ``sso_oidc``."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from sso_oidc.models import ProviderLogout, SpentLogoutToken


@shared_task(name="sso_oidc.tasks.purge_logouts", ignore_result=True)
def purge_logouts() -> None:
    """Forget logout tokens that would be refused for their age, and logouts past waiting for (hourly, by beat)."""
    now = timezone.now()
    SpentLogoutToken.objects.filter(expires_at__lt=now).delete()
    ProviderLogout.objects.filter(expires_at__lt=now).delete()
