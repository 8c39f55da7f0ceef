"""Disabling the people who were ticked in a report: a page that says what will happen, then one by one (A-8, V-12).

Whom the lifecycle would refuse (oneself, the last SSO account admin, somebody above the viewer, V-8) is found out by
doing it and taking it all back, so that the page and the deed can't differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import lifecycle
from accounts.models import ApiToken, Invitation, Kind, User, UserSession
from accounts.privilege import Authority
from audit.actors import Actor
from audit.refusals import Refused
from console.admins.bulk import AT_ONCE
from console.reports import REPORTS
from console.scoping import actor_of, require_viewer
from foundation.ids import parse_id


@dataclass(frozen=True, slots=True)
class Consequence:
    """What disabling means for one person; ``refused`` says why it won't happen."""

    person: User
    sessions: int
    tokens: int
    invitations: int
    refused: str


def disable_people(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """Ask about the ticked people, or, once asked, disable them."""
    if request.method != "POST":
        return redirect("admin:reports")
    if not require_viewer(request).may(Authority.ACCOUNT_ADMIN):
        raise PermissionDenied
    back = _back(request)
    ids = [key for text in request.POST.getlist("person") if (key := parse_id(text))]
    admin: Any = site._registry[User]
    # Only people of the viewer's own list, whatever was sent.
    ticked = admin.get_queryset(request).filter(
        kind=Kind.MEMBER, deleted_at=None, disabled_at=None, pk__in=ids
    )
    ticked = ticked.select_related("account")
    if not ids or not ticked.exists():
        messages.warning(request, _("Nothing was selected."))
        return redirect(back)
    if "confirmed" in request.POST:
        admin.for_each(request, ticked, _disable, done=_("Disabled"))
        return redirect(back)
    found = _consequences(ticked[:AT_ONCE], actor_of(request))
    context = {
        **site.each_context(request),
        "title": _("Disable people"),
        "concerned": [one for one in found if not one.refused],
        "refused": [one for one in found if one.refused],
        "back": back,
        "kept": {name: request.POST.get(name, "") for name in ("report", "days", "page")},
        "many_accounts": require_viewer(request).sees_many_accounts,
    }
    request.current_app = site.name
    return TemplateResponse(request, "admin/console/disable_people.html", context)


def _disable(actor: Actor, person: User) -> bool:
    return lifecycle.disable_user(user=person, actor=actor)


def _consequences(people: Iterable[User], actor: Actor) -> list[Consequence]:
    """Return what disabling these people, in this order, would end and whom it would be refused for."""
    known = list(people)
    now = timezone.now()
    keys = [person.pk for person in known]
    refused = _refused(known, actor)
    sessions = UserSession.objects.filter(user__in=keys, ended_at=None, expires_at__gt=now)
    tokens = ApiToken.objects.filter(owner__in=keys, revoked_at=None)
    waiting = Invitation.objects.filter(accepted_at=None, revoked_at=None, expires_at__gt=now)
    open_sessions, own_tokens, made = (
        _by_person(sessions, "user"),
        _by_person(tokens, "owner"),
        _by_person(waiting.filter(invited_by__in=keys), "invited_by"),
    )
    addressed = _by_address(waiting, known)
    return [
        Consequence(
            person,
            open_sessions.get(person.pk, 0),
            own_tokens.get(person.pk, 0),
            made.get(person.pk, 0) + addressed.get((person.account_id, person.email_folded), 0),
            refused.get(person.pk, ""),
        )
        for person in known
    ]


def _refused(people: Sequence[User], actor: Actor) -> dict[UUID, str]:
    """Disable everybody, note the refusals, and take it back: nothing is written, mailed or audited."""
    reasons: dict[UUID, str] = {}
    with transaction.atomic():
        # All people before the account, which the first disabling locks: who disables one of them meanwhile holds that
        # person and waits for the account. In one order, against deadlocks with others who lock several.
        locked = User.objects.filter(pk__in=[person.pk for person in people]).order_by("pk")
        list(locked.select_for_update().values_list("pk"))
        for person in people:
            try:
                lifecycle.disable_user(user=copy(person), actor=actor)
            except Refused as refusal:
                reasons[person.pk] = refusal.message
        transaction.set_rollback(True)
    return reasons


def _by_person(rows: Any, field: str) -> dict[UUID, int]:
    return dict(rows.order_by().values(field).annotate(number=Count("pk")).values_list(field, "number"))


def _by_address(waiting: Any, people: Sequence[User]) -> dict[tuple[UUID | None, str], int]:
    """Count the open invitations that ask the person in, which end as those that they sent (``lifecycle.leaving``)."""
    asked = Q(account__in={person.account_id for person in people})
    asked &= Q(email_folded__in={person.email_folded for person in people})
    rows = waiting.filter(asked).exclude(invited_by__in=[person.pk for person in people]).order_by()
    counted = rows.values("account", "email_folded").annotate(number=Count("pk"))
    return {
        (account, email): number
        for account, email, number in counted.values_list("account", "email_folded", "number")
    }


def _back(request: HttpRequest) -> str:
    """Return the address of the report and page that the people were ticked on."""
    report = REPORTS.get(request.POST.get("report", ""))
    if report is None:
        return reverse("admin:reports")
    numbers = {name: request.POST.get(name, "") for name in ("days", "page")}
    kept = {
        name: text for name, text in numbers.items() if text.isascii() and text.isdigit() and len(text) < 9
    }
    return f"{report.address}?{urlencode(kept)}" if kept else report.address
