"""One-time links that are mailed to a person: recovery access, its drill, the recovery address, a new password.

A row is made when the link is asked for; the token itself only when the mail is sent (``accounts.mailed_links``), so
that it is stored nowhere, the outbox included. Only its SHA-256 is kept.
"""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models.person import User
from accounts.scoping import AccountScopedManager
from foundation.ids import new_id


class LinkPurpose(models.TextChoices):
    """What a link is good for, and nothing else."""

    ACCESS = "access", _("recovery access")
    DRILL = "drill", _("recovery drill")
    ADDRESS = "address", _("confirm a recovery address")
    PASSWORD = "password", _("set a new password")


class MailedLink(models.Model):
    """A link for one person and purpose, used once and in time (V-15, V-24)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="mailed_links")
    purpose = models.CharField(max_length=10, choices=LinkPurpose.choices, editable=False)
    # Where it is mailed; for ADDRESS the one to be confirmed.
    address = models.CharField(max_length=254, editable=False)
    lookup = models.CharField(max_length=16, unique=True, editable=False)
    digest = models.CharField(max_length=64, blank=True, editable=False)  # "" until the mail is sent
    asked_from = models.GenericIPAddressField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    spent_at = models.DateTimeField(null=True, blank=True, editable=False)

    account_lookup = "user__account"
    objects = AccountScopedManager()

    class Meta:
        ordering = ("-created_at",)
        indexes = (
            models.Index(fields=["user", "purpose", "spent_at"], name="mailed_link_by_user"),
            models.Index(fields=["expires_at"], name="mailed_link_by_expiry"),
        )
        constraints = (
            models.CheckConstraint(
                condition=models.Q(purpose__in=LinkPurpose.values), name="mailed_link_purpose_known"
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_purpose_display()} for {self.user}"
