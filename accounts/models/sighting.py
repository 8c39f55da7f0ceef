"""Which group identifiers an account's providers and directory really send (G-7); see ``accounts.group_sightings``."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from accounts.models.account import Account
from accounts.scoping import AccountScopedManager


class GroupSighting(models.Model):
    """What one sign-in or push named, until it is counted: a row each, so that no two sign-ins meet at a counter."""

    id = models.BigAutoField(primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    keys = models.JSONField()  # ``identifier_key`` of each, read whole and never searched
    seen_at = models.DateTimeField(default=timezone.now)

    objects = AccountScopedManager()

    def __str__(self) -> str:
        return f"{len(self.keys)} groups"


class SeenGroup(models.Model):
    """A group identifier of an account, as often as it was counted."""

    id = models.BigAutoField(primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="seen_groups")
    key = models.CharField(max_length=254)  # ``identifier_key``
    count = models.PositiveIntegerField(default=0)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()

    objects = AccountScopedManager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["account", "key"], name="seen_group_once"),)
        indexes = (models.Index(fields=["account", "-last_seen_at"], name="seen_group_by_account"),)

    def __str__(self) -> str:
        return self.key
