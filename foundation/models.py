"""The outbox table; how it is used is told in ``foundation.outbox``."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from foundation.ids import new_id


class OutboxMessage(models.Model):
    """One piece of work that must happen because a transaction committed."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=64)
    payload = models.JSONField(default=dict)
    track_id = models.CharField(max_length=20, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveIntegerField(default=0)
    done_at = models.DateTimeField(null=True, blank=True)
    given_up_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes = (
            models.Index(
                fields=["due_at"],
                condition=models.Q(done_at=None, given_up_at=None),
                name="outbox_waiting",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"
