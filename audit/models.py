"""The audit trail (A-4) and the log of anonymous failures (V-21).

``AuditEvent`` has plain id and text columns and no foreign keys: an event must outlive what it speaks of. Triggers
(migration 0002) refuse every UPDATE, DELETE and TRUNCATE unless the row of ``AuditMaintenance`` is open in the same
transaction; only retention and the test suite's flush open it, through ``audit.maintenance``.
"""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from foundation.ids import new_id


class AuditEvent(models.Model):
    """One thing that was done or refused, for good."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    created_at = models.DateTimeField("time", default=timezone.now, editable=False)
    account_id = models.UUIDField(null=True, blank=True, editable=False)
    partner_id = models.UUIDField(null=True, blank=True, editable=False)
    actor_kind = models.CharField(max_length=20, editable=False)
    actor_id = models.CharField(max_length=64, blank=True, editable=False)
    actor_label = models.CharField("actor", max_length=254, editable=False)
    action = models.CharField(max_length=64, editable=False)
    object_type = models.CharField(max_length=40, blank=True, editable=False)
    object_id = models.CharField(max_length=64, blank=True, editable=False)
    object_label = models.CharField("object", max_length=254, blank=True, editable=False)
    message = models.TextField("MESSAGE", editable=False)
    reason = models.CharField(max_length=64, blank=True, editable=False)
    track_id = models.CharField("track ID", max_length=20, blank=True, editable=False)
    ip_address = models.GenericIPAddressField("IP", null=True, blank=True, editable=False)
    changes = models.JSONField(default=dict, editable=False)

    class Meta:
        ordering = ("-created_at", "-id")
        indexes = (
            models.Index(fields=["account_id", "-created_at"], name="audit_by_account"),
            models.Index(fields=["partner_id", "-created_at"], name="audit_by_partner"),
            models.Index(fields=["track_id"], name="audit_by_track"),
            models.Index(fields=["-created_at", "-id"], name="audit_by_time"),
            models.Index(fields=["object_type", "object_id"], name="audit_by_object"),
        )

    def __str__(self) -> str:
        return f"{self.action}: {self.message}"


class AuditMaintenance(models.Model):
    """The one named switch of the append-only triggers; open only inside ``audit.maintenance.opened()``."""

    name = models.CharField(primary_key=True, max_length=20)
    is_open = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.name


class FailureLogEntry(models.Model):
    """A failure of somebody whom we don't know, counted while it repeats.

    One row stands for all failures of one code from one address at one target within an hour. Every page shows the
    row's own track ID, so that each track ID that was ever shown is found although the number of rows is bounded.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    fingerprint = models.CharField(max_length=64, unique=True, editable=False)
    track_id = models.CharField("track ID", max_length=20, db_index=True, editable=False)
    code = models.CharField(max_length=64, editable=False)
    message = models.TextField("MESSAGE", editable=False)
    target = models.CharField(max_length=120, blank=True, editable=False)
    account_id = models.UUIDField(null=True, blank=True, editable=False)
    partner_id = models.UUIDField(null=True, blank=True, editable=False)
    ip_address = models.GenericIPAddressField("IP", null=True, blank=True, editable=False)
    network = models.CharField(max_length=64, blank=True, editable=False)  # what the quota counts by
    count = models.PositiveIntegerField(default=1, editable=False)
    first_seen = models.DateTimeField(default=timezone.now, editable=False)
    last_seen = models.DateTimeField(default=timezone.now, db_index=True, editable=False)

    class Meta:
        ordering = ("-last_seen", "-id")
        verbose_name_plural = "failure log"
        indexes = (
            models.Index(fields=["account_id", "-last_seen"], name="failure_by_account"),
            models.Index(fields=["network", "first_seen"], name="failure_by_network"),
            models.Index(fields=["first_seen"], name="failure_by_start"),
        )

    def __str__(self) -> str:
        return f"{self.code} ({self.track_id})"
