"""One request of a directory, for the inspector (A-6). Written by ``scim.request_log``, purged by ``scim.tasks``."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from accounts.models import Account, ApiToken
from accounts.scoping import AccountScopedManager
from foundation.ids import new_id
from scim.models.oauth import OAuthClient


class RequestLogEntry(models.Model):
    """What was asked, by which client, what came of it; bodies and paths are masked before they get here."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    account = models.ForeignKey(
        Account, on_delete=models.CASCADE, related_name="scim_requests", db_index=False
    )
    token = models.ForeignKey(
        ApiToken, null=True, on_delete=models.SET_NULL, related_name="scim_requests", db_index=False
    )
    oauth_client = models.ForeignKey(
        OAuthClient, null=True, on_delete=models.SET_NULL, related_name="scim_requests", db_index=False
    )
    created_at = models.DateTimeField(default=timezone.now)
    method = models.CharField(max_length=10)
    path = models.CharField(max_length=500)
    query = models.CharField(max_length=1000, blank=True)
    dialect = models.CharField(max_length=20, blank=True)  # scim.dialects.Dialect
    status = models.PositiveSmallIntegerField()
    duration_ms = models.PositiveIntegerField()
    scim_type = models.CharField(max_length=20, blank=True)
    detail = models.CharField(max_length=1000, blank=True)  # of an error, as the client got it
    effect = models.JSONField(default=dict)  # {"user": id, "changed": [names], "ignored": [names], …}
    body = models.JSONField(null=True)  # masked; {"omitted": "…"} when too large to keep
    ip_address = models.GenericIPAddressField(null=True)
    track_id = models.CharField(max_length=20, blank=True)

    objects = AccountScopedManager()

    class Meta:
        ordering = ("-created_at", "-id")
        verbose_name_plural = "request log"
        indexes = (
            models.Index(fields=["account", "-created_at"], name="scim_request_by_account"),
            models.Index(fields=["track_id"], name="scim_request_by_track"),
            models.Index(fields=["created_at"], name="scim_request_by_time"),
        )

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.status}"
