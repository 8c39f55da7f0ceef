"""A cell of the table: somebody tries a change, and it is seen to have happened or not to.

An allowed change is in the database and in the audit trail with the one who made it. A refused one answers with one of
the statuses that the role gets, leaves every table that V-8 is about as it was, and no event says that it was done.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import transaction

from accounts.models import AccountRoleMembership, BuiltInAccountRole, User
from audit.models import AuditEvent
from audit.refusals import Refused
from tests.privilege_table.cast import Cast, Role

_ADMIN_ROLES = (BuiltInAccountRole.ACCOUNT_ADMIN.value, BuiltInAccountRole.SSO_ACCOUNT_ADMIN.value)

# What anybody's rights are made of; sessions, attempts and logs move with every request.
_TABLES = (
    "accounts.Account",
    "accounts.AccountHostName",
    "accounts.AccountRole",
    "accounts.AccountRoleMembership",
    "accounts.ApiToken",
    "accounts.EmailDomain",
    "accounts.Group",
    "accounts.GroupMembership",
    "accounts.GuestAccess",
    "accounts.HeldChange",
    "accounts.Partner",
    "accounts.PartnerKey",
    "accounts.User",
    "scim.OAuthClient",
    "scim.OAuthClientSecret",
    "spaces.GroupSpaceRole",
    "spaces.GuestAccountRole",
    "spaces.GuestSpaceRole",
    "spaces.MappingRole",
    "spaces.MappingScope",
    "spaces.MappingScopeRole",
    "spaces.Space",
    "spaces.SpaceMembership",
    "spaces.SpaceRole",
    "sso.FederatedIdentity",
    "sso.IdentityProvider",
    "sso.ProviderGrant",
    "sso_oidc.OidcSettings",
)
_NOISE = frozenset(
    {"last_login", "last_used_at", "last_used_ip", "last_seen_at", "updated_at", "password_checked_at"}
)


def fingerprint() -> str:
    """Return a digest of everything that V-8 protects."""
    seen = hashlib.sha256()
    for label in _TABLES:
        model = apps.get_model(label)
        names = [field.attname for field in model._meta.concrete_fields if field.attname not in _NOISE]
        for row in model._default_manager.order_by("pk").values_list(*names):
            seen.update(repr((label, row)).encode())
    return seen.hexdigest()


@contextmanager
def undone() -> Iterator[None]:
    """Take back what is done inside."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a try came to: an HTTP status, or the code of a refusal; ``done`` when nothing was raised."""

    status: int = 0
    code: str = ""

    @property
    def refused(self) -> bool:
        """Whether a function said no."""
        return bool(self.code)


def outcome_of(attempt: Callable[[], Any]) -> Outcome:
    """Try it; a refusal's code counts, and any other exception is a failure of the test."""
    try:
        with transaction.atomic():
            answer = attempt()
    except Refused as refusal:
        return Outcome(code=refusal.code)
    return Outcome(status=getattr(answer, "status_code", 0))


def events_of(actor_id: str) -> Any:
    """Return what the trail says that somebody did (refusals have a reason)."""
    return AuditEvent.objects.filter(actor_id=actor_id, reason="")


Sender = Callable[[Cast, Role], Any]
Seen = Callable[[Cast], bool]


@dataclass(frozen=True, slots=True)
class Change:
    """Something that can be tried. ``seen`` tells whether it has happened; ``action`` is its event (a beginning)."""

    name: str
    allowed: frozenset[Role]
    seen: Seen
    action: str


def powerful(user: User) -> set[str]:
    """Return the admin roles that somebody holds."""
    held = AccountRoleMembership.objects.filter(user=user, role__built_in__in=_ADMIN_ROLES)
    return set(held.values_list("role__built_in", flat=True))
