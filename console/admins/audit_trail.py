"""The audit trail and the failure log: columns, search by track ID, export, nothing to change (A-4, V-21).

Somebody who calls with a track ID does not know which of the two has it: a list that is searched for one says so when
the other has it as well.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib.admin import SimpleListFilter, display
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import BadRequest
from django.db import models
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from audit.actors import ActorKind
from audit.models import AuditEvent, FailureLogEntry
from console.admins.base import AccountScopedAdmin
from console.admins.columns import ENTRANCE_NAME, badge, changes_table, to_the_second
from console.admins.filters import RefusedFilter
from console.exports import csv_file, json_file, note_export
from console.scoping import Viewer

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

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


class Log(FoundByTrackId):
    """The trail or the failure log; ``exported`` are the columns of a file, by their names there."""

    list_before_template = "admin/console/export_buttons.html"
    newest = ""  # the column by which rows come in
    exported: tuple[tuple[str, str], ...] = ()
    other_log: type[models.Model]
    other_knows: StrOrPromise

    def get_urls(self) -> list[URLPattern]:
        """Add the export."""
        name = f"{self.opts.app_label}_{self.opts.model_name}_export"
        own = path("export/", self.admin_site.admin_view(self.export_view), name=name)
        urls: list[URLPattern] = super().get_urls()
        return [own, *urls]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Say when the other log knows the track ID that is searched for."""
        found = {
            "export_to": self.url_of("export"),
            "elsewhere": self._elsewhere(request, request.GET.get("q", "").strip()),
        }
        return super().changelist_view(request, {**found, **(extra_context or {})})

    def _elsewhere(self, request: HttpRequest, term: str) -> tuple[str, str] | None:
        """Return a sentence and the address of the other log's list, if it has this track ID in the viewer's reach."""
        other: Any = self.admin_site._registry.get(self.other_log)
        if other is None or not _TRACK_ID.fullmatch(term) or not other.has_view_permission(request):
            return None
        if not other.get_queryset(request).filter(track_id=term.upper()).exists():
            return None
        return str(self.other_knows), f"{other.url_of('changelist')}?{urlencode({'q': term})}"

    def export_view(self, request: HttpRequest) -> HttpResponseBase:
        """Send what the list shows with its search and filters, all pages of it, as CSV or JSON."""
        self._require_visible(request)
        if request.method != "POST":
            return redirect(self.url_of("changelist"))
        form = request.POST.get("format", "")
        if form not in ("csv", "json"):
            raise BadRequest
        try:
            shown = self.get_changelist_instance(request)
        except IncorrectLookupParameters as error:
            raise BadRequest from error
        # What comes in meanwhile, the export's own event first of all, is not in the file.
        rows = shown.queryset.filter(**{f"{self.newest}__lt": timezone.now()})
        name = str(self.opts.model_name)
        note_export(request, what=name, rows=rows.count(), form=form.upper())
        values = self._values(rows)
        if form == "json":
            return json_file(name, values)
        header = [title for title, _ in self.exported]
        return csv_file(name, header, ([_cell(value) for value in row.values()] for row in values))

    def _values(self, rows: models.QuerySet[Any]) -> Iterator[dict[str, object]]:
        names = [column for _, column in self.exported]
        titles = [title for title, _ in self.exported]
        for row in rows.values_list(*names).iterator(chunk_size=1000):
            yield {title: _plain(value) for title, value in zip(titles, row, strict=True)}


def _plain(value: object) -> object:
    """Return what JSON knows: times in UTC, ids as text."""
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return value if value is None or isinstance(value, str | int | dict | list) else str(value)


def _cell(value: object) -> object:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value


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


class AuditEventAdmin(Log):
    """What was done or refused, newest first."""

    newest = "created_at"
    other_log = FailureLogEntry
    other_knows = _("The failure log knows this track ID too.")
    exported = (
        ("time", "created_at"),
        ("actor", "actor_label"),
        ("actor_kind", "actor_kind"),
        ("action", "action"),
        ("object_type", "object_type"),
        ("object", "object_label"),
        ("object_id", "object_id"),
        ("MESSAGE", "message"),
        ("reason", "reason"),
        ("track_id", "track_id"),
        ("ip", "ip_address"),
        ("account_id", "account_id"),
        ("changes", "changes"),
    )
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


class FailureLogEntryAdmin(Log):
    """What went wrong for people whom we don't know, counted while it repeats."""

    newest = "last_seen"
    other_log = AuditEvent
    other_knows = _("The audit trail knows this track ID too.")
    exported = (
        ("first_seen", "first_seen"),
        ("last_seen", "last_seen"),
        ("count", "count"),
        ("code", "code"),
        ("MESSAGE", "message"),
        ("target", "target"),
        ("track_id", "track_id"),
        ("ip", "ip_address"),
        ("account_id", "account_id"),
    )
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
