"""The overview that the admin begins with: a few facts about what the viewer sees, in a handful of queries."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Account, Kind, Status, User, UserSession
from accounts.privilege import Authority
from audit.models import AuditEvent, FailureLogEntry
from console.admins.filters import STATUS
from console.reports import REPORTS
from console.reports.counts import counts as report_counts
from console.scoping import Reach, Viewer
from sso.models import IdentityProvider, State

LATEST = 6  # rows in each of the two tables
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Card:
    """A number with its name, and the list behind it."""

    title: str
    value: int
    link: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Overview:
    """What the first page shows. ``hints`` say what to do next."""

    name: str
    cards: tuple[Card, ...]
    refusals: tuple[AuditEvent, ...]
    failures: tuple[FailureLogEntry, ...]
    reports: tuple[Card, ...]
    hints: tuple[tuple[str, str], ...] = ()
    links: dict[str, str] = field(default_factory=dict)


def overview(viewer: Viewer) -> Overview:
    """Count and collect, within the viewer's reach."""
    people = User.objects.filter(viewer.rows("account"), kind=Kind.MEMBER, account__isnull=False)
    counts: dict[str, int] = people.aggregate(
        **{status.value: Count("pk", filter=condition) for status, condition in STATUS.items()}
    )
    providers: dict[str, int] = IdentityProvider.objects.filter(viewer.rows("account")).aggregate(
        enabled=Count("pk", filter=Q(state=State.ENABLED)), drafts=Count("pk", filter=Q(state=State.DRAFT))
    )
    now = timezone.now()
    sessions = UserSession.objects.filter(
        viewer.rows("user__account"), ended_at=None, expires_at__gt=now
    ).count()
    users = _list("accounts_user")
    kept_out = counts[Status.DISABLED.value] + counts[Status.DEACTIVATED.value]
    drafts = _("%(count)d drafts") % {"count": providers["drafts"]} if providers["drafts"] else ""
    cards = [
        Card(_("Active people"), counts[Status.ACTIVE.value], f"{users}?status=active"),
        Card(
            _("Pending people"),
            counts[Status.PENDING.value],
            f"{users}?status=pending",
            _("never signed in yet"),
        ),
        Card(_("Kept out"), kept_out, f"{users}?status=deactivated", _("disabled or deactivated")),
        Card(_("Enabled providers"), providers["enabled"], _list("sso_identityprovider"), drafts),
        Card(_("Open sessions"), sessions, _list("accounts_usersession")),
    ]
    if viewer.reach is not Reach.ACCOUNT:
        accounts = Account.objects.filter(viewer.accounts()).count()
        cards.insert(0, Card(_("Accounts"), accounts, _list("accounts_account")))
    refused = AuditEvent.objects.filter(viewer.plain_rows(), created_at__gte=now - _WEEK).exclude(reason="")
    failures = FailureLogEntry.objects.filter(viewer.plain_rows(), last_seen__gte=now - _WEEK)
    return Overview(
        name=_name(viewer),
        cards=tuple(cards),
        refusals=tuple(refused.order_by("-created_at")[:LATEST]),
        failures=tuple(failures.order_by("-last_seen")[:LATEST]),
        reports=_reports(viewer),
        hints=_hints(viewer, providers["enabled"]),
        links={
            "refusals": f"{_list('audit_auditevent')}?{urlencode({'refused': 'yes'})}",
            "failures": _list("audit_failurelogentry"),
        },
    )


def _name(viewer: Viewer) -> str:
    if viewer.user.account is not None and viewer.reach is Reach.ACCOUNT:
        return viewer.user.account.name
    if viewer.user.partner is not None and viewer.reach is Reach.PARTNER:
        return viewer.user.partner.name
    return _("All accounts")


def _reports(viewer: Viewer) -> tuple[Card, ...]:
    found = report_counts(viewer)
    return tuple(
        Card(
            str(report.title),
            found[report.slug],
            report.address,
            _("%(days)d days") % {"days": report.default_days},
        )
        for report in REPORTS.values()
    )


def _hints(viewer: Viewer, enabled: int) -> tuple[tuple[str, str], ...]:
    account: Any = viewer.user.account
    if viewer.reach is not Reach.ACCOUNT or account is None:
        return ()
    if not account.sso_module:
        return ((_("Single sign-on is not switched on for this account; ask support for it."), ""),)
    if not enabled:
        text = _(
            "No identity provider is enabled, so people sign in with a password and no API token can be made."
        )
        return ((text, _list("sso_identityprovider") if viewer.may(Authority.SSO_ACCOUNT_ADMIN) else ""),)
    return ()


def _list(name: str) -> str:
    return reverse(f"admin:{name}_changelist")
