"""A person, with the independent facts about them and the status derived from those (V-12).

Four facts, each with its own writer: the directory's ``directory_active``, an admin's ``disabled_at``, the first
sign-in, the deletion. Nobody writes the status; it is computed from the facts, in Python by ``User.status`` and in SQL
by ``UserQuerySet.with_status``, and is checked on every request.

User names are unique per realm (design rule 12): people of two accounts may share one. Deleted people keep their row,
for the audit trail and V-13, but not their name.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils import timezone as clock
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from accounts.models.account import Account, Partner
from accounts.scoping import AccountScopedQuerySet
from foundation.folding import fold
from foundation.ids import new_id

DEPLOYMENT_REALM = "deployment"

# Columns made from others, and fields whose saving is no change of the person.
_DERIVED = {"user_name_folded": "user_name", "email_folded": "email"}
_NOT_AN_UPDATE = frozenset({"last_login", "password", "session_epoch"})


class Kind(models.TextChoices):
    """Whose person this is. Only members exist for providers and SCIM (V-2)."""

    MEMBER = "member", _("member of an account")
    PARTNER_ADMIN = "partner_admin", _("partner admin")
    STAFF = "staff", _("vendor staff")
    OPERATOR = "operator", _("vendor operator")


class Status(models.TextChoices):
    """The derived status, strongest first."""

    DELETED = "deleted", _("deleted")
    DISABLED = "disabled", _("disabled by an admin")
    DEACTIVATED = "deactivated", _("deactivated by the directory")
    PENDING = "pending", _("pending: has not signed in yet")
    ACTIVE = "active", _("active")


class UserQuerySet(AccountScopedQuerySet["User"]):
    """People, always begun at an account or a realm."""

    def for_account(self, account: Account | UUID) -> UserQuerySet:
        """Return people whose native account this is, deleted ones included, operators and the like not (V-2)."""
        return self.filter(account=account, kind=Kind.MEMBER)

    def present(self) -> UserQuerySet:
        """Leave out the deleted."""
        return self.filter(deleted_at=None)

    def able_to_sign_in(self) -> UserQuerySet:
        """Return people whose status is active or pending."""
        return self.filter(deleted_at=None, disabled_at=None, directory_active=True)


class UserManager(BaseUserManager["User"]):
    """Django's manager contract; people are made by ``accounts.lifecycle``, not here."""

    def get_queryset(self) -> UserQuerySet:
        """Return all people; what a view begins with is ``for_account``."""
        return UserQuerySet(self.model, using=self._db)

    def for_account(self, account: Account | UUID) -> UserQuerySet:
        """See ``UserQuerySet.for_account``."""
        return self.get_queryset().for_account(account)

    def present(self) -> UserQuerySet:
        """See ``UserQuerySet.present``."""
        return self.get_queryset().present()

    def able_to_sign_in(self) -> UserQuerySet:
        """See ``UserQuerySet.able_to_sign_in``."""
        return self.get_queryset().able_to_sign_in()

    def get_by_natural_key(self, username: str | None) -> User:
        """Refuse: a user name names nobody without a realm."""
        raise NotImplementedError("a user name is unique per realm; use accounts.backends")


class User(AbstractBaseUser):
    """A person. Change one only through ``accounts.lifecycle``."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=15, choices=Kind.choices, default=Kind.MEMBER, editable=False)
    account = models.ForeignKey(
        Account, null=True, blank=True, on_delete=models.PROTECT, related_name="people", editable=False
    )
    partner = models.ForeignKey(
        Partner, null=True, blank=True, on_delete=models.PROTECT, related_name="admins", editable=False
    )
    realm = models.CharField(max_length=50, editable=False)
    user_name = models.CharField(_("user name"), max_length=254)
    user_name_folded = models.CharField(max_length=254, editable=False)
    email = models.CharField(_("e-mail"), max_length=254, blank=True)
    email_folded = models.CharField(max_length=254, blank=True, editable=False)
    given_name = models.CharField(max_length=150, blank=True)
    family_name = models.CharField(max_length=150, blank=True)
    display_name = models.CharField(max_length=300, blank=True)
    phone = models.CharField(max_length=60, blank=True)
    timezone = models.CharField(_("time zone"), max_length=64, blank=True)
    language = models.CharField(max_length=10, blank=True)
    external_id = models.CharField(  # noqa: DJ001 -- SCIM externalId, compared exactly; null: none given
        _("external id"), max_length=254, null=True, blank=True, editable=False
    )

    directory_active = models.BooleanField(default=True, editable=False)
    disabled_at = models.DateTimeField(null=True, blank=True, editable=False)
    disabled_by = models.CharField(max_length=254, blank=True, editable=False)
    first_login_at = models.DateTimeField(null=True, blank=True, editable=False)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)
    # V-13: an admin lifted it, a deleted row no longer keeps anyone out.
    readmitted_at = models.DateTimeField(null=True, blank=True, editable=False)

    provisioned_by = models.CharField(max_length=20, blank=True, editable=False)  # audit.actors.ActorKind
    group_synced = models.BooleanField(default=False, editable=False)  # G-2, G-3
    connected = models.BooleanField(default=False, editable=False)  # kept by `sso`: has an identity
    session_epoch = models.PositiveIntegerField(default=1, editable=False)
    recovery_email = models.CharField(max_length=254, blank=True, editable=False)  # V-15: never from claims
    recovery_email_confirmed_at = models.DateTimeField(null=True, blank=True, editable=False)
    recovery_email_changed_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "id"  # a user name needs a realm; Django only wants a field that is unique by itself
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    EMAIL_FIELD = "email"

    class Meta:
        ordering = ("user_name_folded", "id")
        verbose_name = _("user")
        constraints = (
            models.UniqueConstraint(
                fields=["realm", "user_name_folded"],
                condition=models.Q(deleted_at=None),
                name="user_name_once_per_realm",
            ),
            models.CheckConstraint(condition=~models.Q(realm=""), name="user_has_a_realm"),
            models.CheckConstraint(condition=models.Q(kind__in=Kind.values), name="user_kind_is_known"),
            models.CheckConstraint(
                condition=~models.Q(kind="member") | models.Q(account__isnull=False),
                name="member_has_an_account",
            ),
            models.CheckConstraint(
                condition=~models.Q(kind="partner_admin") | models.Q(partner__isnull=False),
                name="partner_admin_has_a_partner",
            ),
        )
        indexes = (
            models.Index(fields=["account", "user_name_folded"], name="user_by_account_name"),
            models.Index(fields=["account", "email_folded"], name="user_by_account_email"),
            models.Index(fields=["account", "external_id"], name="user_by_account_external"),
            # What directories page through and count: read from the index alone.
            models.Index(
                fields=["account", "kind", "id"],
                condition=models.Q(deleted_at=None),
                name="user_present_by_account",
            ),
            # The few people of no account, whom every sign-in's claims are compared with (V-2).
            models.Index(
                fields=["user_name_folded"], condition=~models.Q(kind="member"), name="vendor_people_by_name"
            ),
            models.Index(
                fields=["email_folded"], condition=~models.Q(kind="member"), name="vendor_people_by_email"
            ),
        )

    def __str__(self) -> str:
        return self.display_name or self.user_name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the folded columns and the realm in step with what they are made from.

        A save of some fields writes a derived one only together with its source: an older copy of the row (Django's
        ``last_login``, a password rehash) must not carry an older name back.
        """
        self.derive()
        fields = kwargs.get("update_fields")
        if fields is not None:
            kwargs["update_fields"] = self.columns_to_write(fields)
        super().save(*args, **kwargs)

    def derive(self) -> None:
        """Make the columns that are made from others."""
        self.user_name_folded = fold(self.user_name)
        self.email_folded = fold(self.email)
        self.realm = realm_of(kind=self.kind, account_id=self.account_id, partner_id=self.partner_id)

    @staticmethod
    def columns_to_write(changed: Iterable[str]) -> list[str]:
        """Return the fields to write when these have changed: with what is made from them, in a steady order."""
        names = set(changed)
        derived = {column for column, source in _DERIVED.items() if source in names}
        touched = set() if names <= _NOT_AN_UPDATE else {"updated_at"}
        return sorted(names | derived | touched)

    @property
    def status(self) -> Status:
        """Deleted over disabled over deactivated over pending over active (V-12)."""
        if self.deleted_at is not None:
            return Status.DELETED
        if self.disabled_at is not None:
            return Status.DISABLED
        if not self.directory_active:
            return Status.DEACTIVATED
        return Status.PENDING if self.first_login_at is None else Status.ACTIVE

    @property
    def can_sign_in(self) -> bool:
        """Tell whether nothing keeps the person out; checked on every request."""
        return self.status in (Status.ACTIVE, Status.PENDING)

    @property
    def is_active(self) -> bool:  # type: ignore[override]  # derived here, a column in Django
        """Django's name for ``can_sign_in``; its session middleware drops people for whom this is false."""
        return self.can_sign_in

    @property
    def is_operator(self) -> bool:
        """The vendor operator: may do everything."""
        return self.kind == Kind.OPERATOR

    def get_full_name(self) -> str:
        """Return the best name we have to call the person by."""
        return (
            self.display_name or " ".join(filter(None, (self.given_name, self.family_name))) or self.user_name
        )

    def get_short_name(self) -> str:
        """Return the given name, or the best other."""
        return self.given_name or self.get_full_name()

    def get_session_auth_hash(self) -> str:
        """Return what each session carries; raising ``session_epoch`` ends them all in O(1) (design rule 10)."""
        value = f"{self.password}|{self.session_epoch}"
        return salted_hmac("accounts.session", value, algorithm="sha256").hexdigest()

    def get_session_auth_fallback_hash(self) -> Any:
        """Yield nothing: no older secret key keeps a session alive."""
        yield from ()


def realm_of(*, kind: str, account_id: Any, partner_id: Any) -> str:
    """Return the realm within which a user name is unique: the account, the partner or the deployment."""
    if account_id is not None:
        return f"account:{account_id}"
    if kind == Kind.PARTNER_ADMIN and partner_id is not None:
        return f"partner:{partner_id}"
    return DEPLOYMENT_REALM


def account_realm(account: Account) -> str:
    """Return the realm of an account's people."""
    return f"account:{account.pk}"


def as_utc(moment: datetime | None) -> str:
    """Return an ISO 8601 text for audit and JSON, "" for None."""
    return "" if moment is None else moment.isoformat()
