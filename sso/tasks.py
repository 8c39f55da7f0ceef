"""Celery's entrances to ``sso``."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from sso import certificate_alerts
from sso.models import AdminConsent, FederatedIdentity, ParkedAnswer, SignInAttempt
from sso.protocols import all_protocols

ATTEMPT_RETENTION = timedelta(days=30)
CLAIMS_RETENTION = timedelta(days=90)


@shared_task(name="sso.tasks.purge_expired", ignore_result=True)
def purge_expired() -> None:
    """Erase what is past its time: parked answers, unfinished attempts, old attempts."""
    now = timezone.now()
    ParkedAnswer.objects.filter(expires_at__lt=now - timedelta(minutes=5)).delete()
    SignInAttempt.objects.filter(outcome="", expires_at__lt=now - timedelta(days=1)).delete()
    SignInAttempt.objects.filter(created_at__lt=now - ATTEMPT_RETENTION).delete()
    AdminConsent.objects.filter(created_at__lt=now - ATTEMPT_RETENTION).delete()


@shared_task(name="sso.tasks.purge_claims", ignore_result=True)
def purge_claims() -> None:
    """Erase claims that nobody confirmed for a while (daily, by beat)."""
    now = timezone.now()
    FederatedIdentity.objects.filter(last_claims_at__lt=now - CLAIMS_RETENTION).update(
        last_claims="", last_claims_at=None
    )


@shared_task(name="sso.tasks.alert_expiring_certificates", ignore_result=True)
def alert_expiring_certificates() -> None:
    """Tell admins of certificates that are about to expire (A-7; hourly, by beat)."""
    until = timezone.now() + certificate_alerts.HORIZON
    for protocol in all_protocols():
        certificate_alerts.tell(protocol.certificates(until))
