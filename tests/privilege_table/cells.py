"""A cell of the table: somebody tries a change, and it is seen to have happened or not to.

An allowed change is in the database and in the audit trail with the one who made it. A refused one leaves every table
that V-8 is about as it was, no event that says it was done, and, where a function said no, the event of the refusal.

All cells of a module are tried in one world, each in a savepoint that is taken back. What a cell wrote is seen by
watching its statements; only where there were any is all of it compared, which costs more than most cells.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest import mock
from uuid import UUID

from django.apps import apps
from django.db import connection, transaction

from accounts.models import AccountRoleMembership, BuiltInAccountRole, User
from audit.models import AuditEvent
from audit.refusals import Refused
from foundation.ids import new_id

_ADMIN_ROLES = (BuiltInAccountRole.ACCOUNT_ADMIN.value, BuiltInAccountRole.SSO_ACCOUNT_ADMIN.value)

# What anybody's rights are made of; sessions, attempts and logs move with every request.
_TABLES = (
    "accounts.Account",
    "accounts.AccountHostName",
    "accounts.AccountRole",
    "accounts.AccountRoleMembership",
    "accounts.ApiToken",
    "accounts.Departure",
    "accounts.EmailDomain",
    "accounts.Group",
    "accounts.GroupMembership",
    "accounts.GuestAccess",
    "accounts.HeldChange",
    "accounts.Invitation",
    "accounts.MailedLink",
    "accounts.Partner",
    "accounts.PartnerKey",
    "accounts.RecoveryCode",
    "accounts.SecondFactor",
    "accounts.User",
    "accounts.UserSession",
    "foundation.OutboxMessage",
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
    "sso.GraphAccess",
    "sso.IdentityProvider",
    "sso.ProviderGrant",
    "sso.SetupLink",
    "sso_oidc.ClientKeyPair",
    "sso_oidc.EntraTenant",
    "sso_oidc.OidcSettings",
    "sso_oidc.TenantOwner",
    "sso_saml.MetadataProposal",
    "sso_saml.SamlCertificate",
    "sso_saml.SamlSettings",
    "sso_saml.SpKeyPair",
)
_NOISE = frozenset(
    {"last_login", "last_used_at", "last_used_ip", "last_seen_at", "updated_at", "password_checked_at"}
)
# Anywhere in a statement: on PostgreSQL several may travel in one (foundation.postgresql.write_batch).
_WRITES = re.compile(r"\b(?:INSERT INTO|UPDATE|DELETE FROM|INSERT OR IGNORE INTO) \"(\w+)\"", re.I)
_SETS = re.compile(r"\s*UPDATE \"\w+\" SET (.*?) WHERE ", re.I | re.S)
_COLUMN = re.compile(r"\"(\w+)\" = ")


def fingerprint() -> str:
    """Return a digest of everything that V-8 protects."""
    seen = hashlib.sha256()
    for label in _TABLES:
        model = apps.get_model(label)
        names = [each.attname for each in model._meta.concrete_fields if each.attname not in _NOISE]
        for row in model._default_manager.order_by("pk").values_list(*names):
            seen.update(repr((label, row)).encode())
    return seen.hexdigest()


@contextmanager
def undone() -> Iterator[None]:
    """Take back what is done inside."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@dataclass
class Watch:
    """What was written of the tables that V-8 protects, and what the trail says, since it began."""

    since: UUID
    written: set[str] = field(default_factory=set)
    told: bool = False  # whether anything was written to the trail

    def changed(self, at_first: str) -> bool:
        """Tell whether anything is other than ``at_first``; a write may have been taken back."""
        return bool(self.written) and fingerprint() != at_first

    def events(self, **wanted: Any) -> list[AuditEvent]:
        """Return the new events."""
        return list(AuditEvent.objects.filter(pk__gt=self.since, **wanted)) if self.told else []


@contextmanager
def watching() -> Iterator[Watch]:
    """Look at every statement inside."""
    tables = {apps.get_model(label)._meta.db_table for label in _TABLES}
    trail, watch = AuditEvent._meta.db_table, Watch(new_id())

    def look(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        found = set(_WRITES.findall(sql))
        if not _only_noise(sql):
            watch.written |= found & tables
        watch.told |= trail in found
        return execute(sql, params, many, context)

    with connection.execute_wrapper(look):
        yield watch
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")  # lets go what still waits to be written


def _only_noise(sql: str) -> bool:
    """Tell whether a statement notes when something was used, and nothing else."""
    found = _SETS.match(sql)
    return found is not None and set(_COLUMN.findall(found[1])) <= _NOISE


@contextmanager
def undrawn() -> Iterator[None]:
    """Leave out the drawing of pages, which costs more than the rest; what they show is the matter of other tests."""
    with mock.patch("django.template.backends.django.Template.render", return_value=""):
        yield


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a try of a function came to: the code of a refusal, "" when it went through."""

    code: str = ""


class _NoTransactionOutside:
    """Tells ``refusals_audited`` about the transactions of a cell alone, not of the one that undoes it."""

    def __init__(self) -> None:
        self.outside = len(connection.savepoint_ids)

    @property
    def in_atomic_block(self) -> bool:
        """Whether a transaction that began in the cell is still open."""
        return len(connection.savepoint_ids) > self.outside


def outcome_of(attempt: Callable[[], Any]) -> Outcome:
    """Try it as its caller would, outside of any transaction; exceptions other than refusals fail the test."""
    with mock.patch("audit.refusals.connection", _NoTransactionOutside()):
        try:
            attempt()
        except Refused as refusal:
            return Outcome(refusal.code)
    return Outcome()


def powerful(user: User) -> set[str]:
    """Return the admin roles that somebody holds."""
    held = AccountRoleMembership.objects.filter(user=user, role__built_in__in=_ADMIN_ROLES)
    return set(held.values_list("role__built_in", flat=True))
