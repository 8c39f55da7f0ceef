"""What was given by hand to people whose access a provider decides about (R-2, G-2, J-3).

A person is *managed* who has an identity at an enabled provider of the account, if the account uses single sign-on
authorization or the provider synchronizes groups or updates access at each sign-in. Of them this lists every role,
space and group of source manual, and whether the next sign-in decides about it anyway. The three tables are read as one
list, page by page, by the database; who gave it and how is looked up in the audit trail for the rows of a page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import (
    BooleanField,
    Case,
    CharField,
    Exists,
    F,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
)
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import AccountRoleMembership, GroupMembership, Kind
from accounts.sources import Source
from audit.models import AuditEvent
from console.reports.report import Cell, Report, Row, account_cell, page_of
from console.scoping import Viewer
from spaces.models import SpaceMembership
from sso.models import FederatedIdentity, State

_ROLE, _SPACE, _GROUP = "role", "space", "group"
_AT_THE_SAME_TIME = timedelta(seconds=5)  # a row and its audit event, written in one transaction


@dataclass(frozen=True, slots=True)
class _Table:
    """One of the three tables: the look-ups to what is held, where, in whose account, and when a sign-in decides."""

    kind: str
    model: type[Model]
    thing: str
    place: str
    account: str
    decided: Q


_TABLES = (
    _Table(
        _ROLE,
        AccountRoleMembership,
        thing="role",
        place="",
        account="role__account",
        decided=Q(user__connected=True, role__account__sso_authorization=True),
    ),
    _Table(
        _SPACE,
        SpaceMembership,
        thing="role",
        place="space__name",
        account="space__account",
        decided=Q(user__connected=True, space__account__sso_authorization=True),
    ),
    _Table(
        _GROUP,
        GroupMembership,
        thing="group",
        place="",
        account="group__account",
        decided=Q(user__group_synced=True, group__idp_identifier_key__isnull=False),
    ),
)


class _Found(NamedTuple):
    """A row of the united list, by the names of its columns."""

    made_at: datetime
    kind: str
    key: int
    person: UUID
    person_name: str
    thing: UUID
    thing_name: str
    place_name: str
    by: str
    decided: bool
    account_key: UUID
    account_name: str


class HandMade(Report):
    """Manual rows of managed people."""

    slug = "hand-made"
    title = gettext_lazy("Made by hand")
    explanation = gettext_lazy(
        "Roles, spaces and groups that an admin gave by hand to people whose access follows an identity provider. The "
        "last column says whether it lasts."
    )
    days_label = gettext_lazy("Made within the last … days")
    default_days = 90
    when_empty = gettext_lazy("Nothing was given by hand to managed people within these days.")

    def tables(self, viewer: Viewer, since: datetime) -> tuple[QuerySet[Any, Any], ...]:
        """Return the manual rows of each of the three tables since then."""
        return tuple(_manual(table, viewer, since) for table in _TABLES)

    def rows(self, viewer: Viewer, since: datetime) -> QuerySet[Any, Any]:
        """Return all of them as one list, the newest first."""
        first, *rest = (_columns(table, _manual(table, viewer, since)) for table in _TABLES)
        return first.union(*rest, all=True).order_by("-made_at", "kind", "key")

    def titles(self) -> tuple[str, ...]:
        """Return the columns."""
        return (_("User"), _("What"), _("Made by"), _("When"), _("At the next sign-in"))

    def described(self, found: Sequence[Any], viewer: Viewer) -> list[Row]:
        """Return who has what, by whom and when, with the event in the audit trail."""
        rows = [_Found(*each) for each in found]
        events = _events(rows, viewer)
        return [_row(row, events.get((row.kind, row.key)), viewer) for row in rows]


def _manual(table: _Table, viewer: Viewer, since: datetime) -> QuerySet[Any, Any]:
    identities = FederatedIdentity.objects.filter(
        Q(account__sso_authorization=True)
        | Q(provider__group_sync=True)
        | Q(provider__update_access_on_login=True),
        user=OuterRef("user"),
        account=OuterRef(table.account),
        closed_at=None,
        provider__state=State.ENABLED,
    )
    return table.model._default_manager.filter(
        viewer.rows(table.account),
        Exists(identities),
        source=Source.MANUAL.value,
        created_at__gte=since,
        user__kind=Kind.MEMBER,
        user__deleted_at=None,
    )


def _columns(table: _Table, rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
    """Return the same columns of every table, by the names of ``_Found``."""
    named = rows.order_by().annotate(
        made_at=F("created_at"),
        kind=Value(table.kind, output_field=CharField()),
        key=F("pk"),
        person=F("user_id"),
        person_name=F("user__user_name"),
        thing=F(f"{table.thing}_id"),
        thing_name=F(f"{table.thing}__name"),
        place_name=F(table.place) if table.place else Value("", output_field=CharField()),
        by=F("granted_by"),
        decided=Case(
            When(table.decided, then=Value(True)), default=Value(False), output_field=BooleanField()
        ),
        account_key=F(f"{table.account}_id"),
        account_name=F(f"{table.account}__name"),
    )
    columns: QuerySet[Any, Any] = named.values_list(*_Found._fields)
    return columns


def _row(row: _Found, event: AuditEvent | None, viewer: Viewer) -> Row:
    what = {
        _ROLE: _("Account role %(name)s"),
        _SPACE: _("%(name)s in %(space)s"),
        _GROUP: _("Group %(name)s"),
    }[row.kind] % {"name": row.thing_name, "space": row.place_name}
    trail = (
        page_of("audit_auditevent", event.pk)
        if event is not None
        else reverse("admin:accounts_user_history", args=[row.person])
    )
    link = page_of("accounts_group", row.thing) if row.kind == _GROUP else ""
    return Row(
        (
            Cell(row.person_name, page_of("accounts_user", row.person)),
            Cell(what, link),
            Cell(row.by),
            Cell(row.made_at, trail),
            Cell(_lasts(row)),
            *account_cell(viewer, row.account_name, row.account_key),
        ),
        row.person,
        row.person_name,
    )


def _lasts(row: _Found) -> str:
    if not row.decided:
        return _("stays")
    return _("the groups claim decides") if row.kind == _GROUP else _("removed: mapping roles decide")


def _events(rows: Sequence[_Found], viewer: Viewer) -> dict[tuple[str, int], AuditEvent]:
    """Return the event that each row came with, in one query: the same object, value and moment."""
    if not rows:
        return {}
    wanted: dict[tuple[str, str, str], list[_Found]] = {}
    for row in rows:
        wanted.setdefault(_as_in_trail(row), []).append(row)
    events = AuditEvent.objects.filter(
        viewer.plain_rows(),
        action__in=("account_role.granted", "space_role.granted", "group.member_added"),
        object_id__in={key for _action, key, _value in wanted},
        created_at__gte=min(row.made_at for row in rows) - _AT_THE_SAME_TIME,
        created_at__lte=max(row.made_at for row in rows) + _AT_THE_SAME_TIME,
    )
    found: dict[tuple[str, int], AuditEvent] = {}
    for event in events:
        for change in event.changes.values():
            value = str(change[1]) if isinstance(change, list) and len(change) == 2 else ""
            for row in wanted.get((event.action, event.object_id, value), ()):
                if abs(event.created_at - row.made_at) <= _AT_THE_SAME_TIME:
                    found[row.kind, row.key] = event
    return found


def _as_in_trail(row: _Found) -> tuple[str, str, str]:
    """Return action, object and new value as ``lifecycle`` and ``spaces.access`` write them."""
    if row.kind == _ROLE:
        return "account_role.granted", str(row.person), row.thing_name
    if row.kind == _SPACE:
        return "space_role.granted", str(row.person), f"{row.place_name}: {row.thing_name}"
    return "group.member_added", str(row.thing), row.person_name
