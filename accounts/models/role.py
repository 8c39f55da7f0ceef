"""Account roles, who holds them and by whose word, and guests of other accounts (V-8, R-6)."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models.account import Account
from accounts.models.person import User
from accounts.scoping import AccountScopedManager
from accounts.sources import Source
from foundation.folding import fold
from foundation.ids import new_id

SOURCE_CHOICES = [(source.value, source.value) for source in Source]


class BuiltInAccountRole(models.TextChoices):
    """Roles that every account has, with a meaning to us; all others only have a name."""

    MEMBER = "member", "Member"
    ACCOUNT_ADMIN = "account_admin", "Account Admin"
    SSO_ACCOUNT_ADMIN = "sso_account_admin", "SSO Account Admin"


class AccountRole(models.Model):
    """A role in an account as a whole."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="account_roles")
    name = models.CharField(max_length=120)
    name_folded = models.CharField(max_length=120, editable=False)
    built_in = models.CharField(max_length=20, choices=BuiltInAccountRole.choices, blank=True, editable=False)

    objects = AccountScopedManager()

    class Meta:
        ordering = ("name_folded",)
        constraints = (
            models.UniqueConstraint(fields=["account", "name_folded"], name="account_role_name_once"),
            models.UniqueConstraint(
                fields=["account", "built_in"],
                condition=~models.Q(built_in=""),
                name="built_in_account_role_once",
            ),
        )

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the folded name in step."""
        self.name_folded = fold(self.name)
        super().save(*args, **kwargs)


class AccountRoleMembership(models.Model):
    """A person holds an account role, and who says so."""

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="account_role_memberships")
    role = models.ForeignKey(AccountRole, on_delete=models.PROTECT, related_name="memberships")
    source = models.CharField(max_length=10, choices=SOURCE_CHOICES)
    granted_by = models.CharField(max_length=254, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    account_lookup = "role__account"
    objects = AccountScopedManager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["user", "role", "source"], name="account_role_once_per_source"),
            models.CheckConstraint(
                condition=models.Q(source__in=[source.value for source in Source]),
                name="account_role_source_known",
            ),
        )

    def __str__(self) -> str:
        return f"{self.role} ({self.source})"


class GuestAccess(models.Model):
    """A person whose native account is another, or vendor staff, may enter this account until ``expires_at``."""

    class Basis(models.TextChoices):
        GUEST = "guest", _("guest")
        STAFF = "staff", _("vendor staff")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="guest_access")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="guests")
    basis = models.CharField(max_length=10, choices=Basis.choices, default=Basis.GUEST)
    granted_by = models.CharField(max_length=254, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = AccountScopedManager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["user", "account"], condition=models.Q(ended_at=None), name="guest_access_once"
            ),
            models.CheckConstraint(  # staff access is always time-boxed
                condition=~models.Q(basis="staff") | models.Q(expires_at__isnull=False),
                name="staff_access_expires",
            ),
        )

    def __str__(self) -> str:
        return f"{self.user} in {self.account}"

    @classmethod
    def open_of(cls, user: User) -> models.QuerySet[GuestAccess]:
        """Return where a person may come as a guest now, with the accounts."""
        rows = cls.objects.filter(cls.open_rows(), user=user, account__closed_at=None)
        return rows.select_related("account").order_by("account__name")

    @staticmethod
    def open_rows(lookup: str = "") -> models.Q:
        """Return the condition for rows that are open now; ``lookup`` leads to them (``access__``)."""
        unending = models.Q(**{f"{lookup}expires_at": None})
        runs = unending | models.Q(**{f"{lookup}expires_at__gt": timezone.now()})
        return models.Q(**{f"{lookup}ended_at": None}) & runs

    @property
    def is_open(self) -> bool:
        """Neither ended nor expired."""
        return self.ended_at is None and (self.expires_at is None or self.expires_at > timezone.now())
