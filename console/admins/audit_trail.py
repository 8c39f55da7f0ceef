"""The audit trail and the failure log: columns, search by track ID, nothing to change (A-4, V-21)."""

from __future__ import annotations

import re
from typing import Any

from django.contrib.admin import SimpleListFilter, display
from django.db import models
from django.db.models import Q
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from audit.actors import ActorKind
from audit.models import AuditEvent, FailureLogEntry
from console.admins.base import AccountScopedAdmin
from console.admins.columns import ENTRANCE_NAME, badge, changes_table, to_the_second
from console.admins.filters import RefusedFilter
from console.scoping import Viewer

_TRACK_ID = re.compile(r"[0-9A-HJKMNP-TV-Z]{4}(?:-[0-9A-HJKMNP-TV-Z]{4}){2}", re.IGNORECASE)

Found = tuple[models.QuerySet[Any], bool]


class FoundByTrackId(AccountScopedAdmin):
    """A log whose rows name their account in a plain column, found by track ID or by text."""

    def scope(self, viewer: Viewer) -> Q:
        """No foreign key leads to the account: an event outlives what it speaks of."""
        return viewer.plain_rows()

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet[Any], search_term: str
    ) -> Found:
        """Look a track ID up by its index, in whatever case it was read out; everything else in the texts."""
        term = search_term.strip()
        if _TRACK_ID.fullmatch(term):
            return queryset.filter(track_id=term.upper()), False
        found: Found = super().get_search_results(request, queryset, term)
        return found


class ActorKindFilter(SimpleListFilter):
    """Who acted."""

    title = _("actor")
    parameter_name = "by"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the entrances."""
        names = {
            **ENTRANCE_NAME,
            ActorKind.USER.value: _("a person"),
            ActorKind.PROVIDER.value: _("a sign-in"),
        }
        return [(kind.value, names[kind.value]) for kind in ActorKind]

    def queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        """Keep events of the chosen kind."""
        return queryset.filter(actor_kind=self.value()) if self.value() else queryset


class AuditEventAdmin(FoundByTrackId):
    """What was done or refused, newest first."""

    list_display = ("time", "actor_label", "action_shown", "object_label", "message", "ip_address")
    list_display_links = ("time",)
    list_filter = (RefusedFilter, ActorKindFilter, "created_at")
    list_fullwidth = True
    search_fields = ("message", "actor_label", "object_label", "=action", "=reason")
    search_help_text = _("Track ID, or words of MESSAGE, actor or object")
    fieldsets = (
        (None, {"fields": ("time", "actor_label", "actor_kind", "action_shown", "ip_address")}),
        (
            _("What"),
            {"fields": ("object_type", "object_label", "object_id", "message", "reason", "track_id")},
        ),
        (_("Changes"), {"fields": ("changed",)}),
    )

    @display(description=_("time"), ordering="created_at")
    def time(self, event: AuditEvent) -> str:
        """To the second, in the viewer's zone."""
        return to_the_second(event.created_at)

    @display(description=_("action"), ordering="action")
    def action_shown(self, event: AuditEvent) -> SafeString:
        """The action; a refusal stands out."""
        return badge(event.action, "danger" if event.reason else "")

    @display(description=_("changes"))
    def changed(self, event: AuditEvent) -> SafeString:
        """Old and new values."""
        return changes_table(event.changes)


class FailureLogEntryAdmin(FoundByTrackId):
    """What went wrong for people whom we don't know, counted while it repeats."""

    list_display = ("seen", "code", "message", "count", "target", "ip_address", "track_id")
    list_display_links = ("seen",)
    list_filter = ("last_seen",)
    list_fullwidth = True
    search_fields = ("message", "=code", "target", "=ip_address")
    search_help_text = _("Track ID, code, target, address, or words of MESSAGE")
    fieldsets = (
        (None, {"fields": ("code", "message", "track_id")}),
        (_("Where"), {"fields": ("target", "ip_address")}),
        (_("When"), {"fields": ("first_seen", "last_seen", "count")}),
    )

    @display(description=_("last seen"), ordering="last_seen")
    def seen(self, entry: FailureLogEntry) -> str:
        """To the second, in the viewer's zone."""
        return to_the_second(entry.last_seen)
