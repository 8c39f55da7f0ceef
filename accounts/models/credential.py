"""Tokens and invitations: secrets shown once and stored as a digest (P-2, A-9, V-14)."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models.account import Account
from accounts.models.person import User
from accounts.scoping import AccountScopedManager
from foundation.ids import new_id


class TokenPermission(models.TextChoices):
    """What a token may do: the first is for tokens of an account, the second for those of a person."""

    MANAGE_USERS = "manage_users", _("Manage Users")
    READ_SELF = "read_self", _("Read my own data")


class ApiToken(models.Model):
    """A long token of an account (``owner`` empty) or of one person (V-14: that one ends with them)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="api_tokens")
    owner = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.CASCADE, related_name="personal_tokens"
    )
    name = models.CharField(max_length=120)
    permission = models.CharField(
        max_length=20, choices=TokenPermission.choices, default=TokenPermission.MANAGE_USERS
    )
    lookup = models.CharField(max_length=16, unique=True, editable=False)
    digest = models.CharField(max_length=64, editable=False)
    created_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="made_tokens", editable=False
    )
    created_by_label = models.CharField(_("made by"), max_length=254, blank=True, editable=False)
    maker_left_at = models.DateTimeField(_("maker left"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_ip = models.GenericIPAddressField(null=True, blank=True, editable=False)

    objects = AccountScopedManager()

    class Meta:
        ordering = ("name", "created_at")
        verbose_name = _("API token")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(permission__in=TokenPermission.values), name="token_permission_known"
            ),
            models.CheckConstraint(
                condition=models.Q(owner=None, permission=TokenPermission.MANAGE_USERS)
                | models.Q(owner__isnull=False, permission=TokenPermission.READ_SELF),
                name="personal_token_reads_its_owner",
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def is_usable(self) -> bool:
        """Neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > timezone.now())


class InvitationPurpose(models.TextChoices):
    """What the person is asked to become."""

    MEMBER = "member", _("a user of this account")
    GUEST = "guest", _("a guest who belongs to another account, or vendor staff")


class Invitation(models.Model):
    """A person was asked by mail to join an account that is managed by hand, or to be its guest (A-9, V-10)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="invitations")
    email = models.CharField(max_length=254)
    email_folded = models.CharField(max_length=254, editable=False)
    purpose = models.CharField(
        max_length=10, choices=InvitationPurpose.choices, default=InvitationPurpose.MEMBER
    )
    guest_days = models.PositiveSmallIntegerField(default=0)  # how long a guest may come, from accepting on
    lookup = models.CharField(max_length=16, unique=True, editable=False)
    digest = models.CharField(max_length=64, editable=False)
    invited_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    invited_by_label = models.CharField(max_length=254, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = AccountScopedManager()

    class Meta:
        ordering = ("-created_at",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(purpose__in=InvitationPurpose.values), name="invitation_purpose_known"
            ),
        )

    def __str__(self) -> str:
        return self.email

    @property
    def is_open(self) -> bool:
        """Neither accepted nor revoked nor expired."""
        return self.accepted_at is None and self.revoked_at is None and self.expires_at > timezone.now()
