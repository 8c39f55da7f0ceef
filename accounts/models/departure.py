"""Who left an account by the directory's word, where leaving in great numbers is watched (P-13).

A row that is ``held`` stands for a deletion that was answered but not carried out: the person can't sign in and does
not exist for the directory, and what they had waits for an admin. The other rows are only counted, for an hour.
"""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from accounts.models.account import Account
from accounts.models.person import User
from accounts.scoping import AccountScopedManager
from foundation.ids import new_id


class Departure(models.Model):
    """One person was deactivated or deleted by the directory."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="departures")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="departures")
    held = models.BooleanField(default=False)
    # The groups that the directory had put the person into; it sees them no longer there, so they are kept here.
    directory_groups = models.JSONField(default=list)
    asked_by = models.CharField(max_length=254)
    track_id = models.CharField(max_length=20, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.CharField(max_length=254, blank=True)
    restored = models.BooleanField(default=False)

    objects = AccountScopedManager()

    class Meta:
        ordering = ("-created_at",)
        constraints = (
            models.UniqueConstraint(
                fields=["user"],
                condition=models.Q(held=True, decided_at=None),
                name="held_departure_once",
            ),
        )
        indexes = (models.Index(fields=["account", "created_at"], name="departure_by_account"),)

    def __str__(self) -> str:
        return str(self.user)
