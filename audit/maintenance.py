"""The one way past the append-only triggers: retention, and the flush between tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from audit.models import AuditEvent, AuditMaintenance, FailureLogEntry

SWITCH = "maintenance"
AUDIT_RETENTION = timedelta(days=400)
FAILURE_RETENTION = timedelta(days=30)


@contextmanager
def opened() -> Iterator[None]:
    """Let this transaction delete audit events; closed again, unseen by others, before it commits."""
    with transaction.atomic():
        AuditMaintenance.objects.update_or_create(name=SWITCH, defaults={"is_open": True})
        yield
        AuditMaintenance.objects.filter(name=SWITCH).update(is_open=False)


def apply_retention() -> tuple[int, int]:
    """Delete events past their retention; return how many audit events and failure log rows went."""
    now = timezone.now()
    with opened():
        events, _ = AuditEvent.objects.filter(created_at__lt=now - AUDIT_RETENTION).delete()
    failures, _ = FailureLogEntry.objects.filter(last_seen__lt=now - FAILURE_RETENTION).delete()
    return events, failures
