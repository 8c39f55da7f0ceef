"""Groups, their IdP identifier and their members by source (G-1 to G-3, P-12)."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.group_sync import identifier_key
from accounts.models.account import Account
from accounts.models.person import User
from accounts.models.role import SOURCE_CHOICES
from accounts.scoping import AccountScopedManager
from accounts.sources import Source
from foundation.folding import fold
from foundation.ids import new_id


class Group(models.Model):
    """A group of an account, kept by hand, from claims or by the customer's directory."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="groups")
    name = models.CharField(max_length=254)
    name_folded = models.CharField(max_length=254, editable=False)
    idp_identifier = models.CharField(
        _("IdP identifier"),
        max_length=254,
        blank=True,
        help_text=_("The group's object id in Entra, or its name in Okta, exactly as the provider sends it."),
    )
    # Null, since the unique index must let many groups be without one.
    idp_identifier_key = models.CharField(  # noqa: DJ001
        max_length=254, null=True, blank=True, editable=False
    )
    external_id = models.CharField(  # noqa: DJ001 -- SCIM externalId; null: the directory gave none
        max_length=254, null=True, blank=True, editable=False
    )
    directory_owned = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    objects = AccountScopedManager()

    class Meta:
        ordering = ("name_folded",)
        constraints = (
            models.UniqueConstraint(fields=["account", "name_folded"], name="group_name_once_per_account"),
            models.UniqueConstraint(
                fields=["account", "idp_identifier_key"], name="idp_identifier_once_per_account"
            ),
        )
        indexes = (models.Index(fields=["account", "external_id"], name="group_by_external_id"),)

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Trim the identifier and keep the compared columns in step (GUIDs compare without case)."""
        self.name_folded = fold(self.name)
        self.idp_identifier = self.idp_identifier.strip()
        self.idp_identifier_key = identifier_key(self.idp_identifier) if self.idp_identifier else None
        super().save(*args, **kwargs)


class GroupMembership(models.Model):
    """A person is in a group, and who says so; each writer touches only the rows of its own source."""

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="group_memberships")
    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="memberships")
    source = models.CharField(max_length=10, choices=SOURCE_CHOICES)
    granted_by = models.CharField(max_length=254, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    account_lookup = "group__account"
    objects = AccountScopedManager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["group", "user", "source"], name="group_member_once_per_source"),
            models.CheckConstraint(
                condition=models.Q(source__in=[source.value for source in Source]),
                name="group_member_source_known",
            ),
        )

    def __str__(self) -> str:
        return f"{self.user} in {self.group} ({self.source})"
