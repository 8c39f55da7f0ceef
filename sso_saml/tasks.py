"""Celery's entrances to ``sso_saml``."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from sso_saml.models import SpentAssertion


@shared_task(name="sso_saml.tasks.purge_spent_assertions", ignore_result=True)
def purge_spent_assertions() -> None:
    """Forget assertions that could not be accepted any more anyway (hourly, by beat)."""
    SpentAssertion.objects.filter(expires_at__lt=timezone.now()).delete()
