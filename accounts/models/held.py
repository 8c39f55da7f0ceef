"""A change by the directory that waits for an admin's click (V-8: user name, e-mail or externalId of an admin)."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from accounts.models.account import Account
from accounts.models.person import User
from accounts.scoping import AccountScopedManager
from foundation.ids import new_id


class HeldChange(models.Model):
    """What the directory asked to change on an admin, kept until somebody with the right decides."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="held_changes")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="held_changes")
    changes = models.JSONField(default=dict)  # {field: [old, new]}
    asked_by = models.CharField(max_length=254)
    track_id = models.CharField(max_length=20, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.CharField(max_length=254, blank=True)
    approved = models.BooleanField(null=True, blank=True)  # null: it waits, or nobody had to decide any more

    objects = AccountScopedManager()

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"{self.user}: {', '.join(self.changes)}"
