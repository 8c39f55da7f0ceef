"""What the customer's directory asked: SCIM requests, and changes that wait for an admin (A-6, V-8)."""

from __future__ import annotations

import json

from django.contrib.admin import display
from django.db.models import Q
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import HeldChange
from console.admins.audit_trail import FoundByTrackId
from console.admins.base import AccountScopedAdmin
from console.admins.columns import badge, changes_table, preformatted
from console.admins.filters import DecidedFilter, ScopedRelatedFilter
from console.scoping import Viewer
from scim.models import RequestLogEntry


class RequestLogEntryAdmin(FoundByTrackId):
    """One request of a directory; bodies were masked before they were kept."""

    list_display = (
        "created_at",
        "method",
        "path",
        "status_shown",
        "dialect",
        "token",
        "duration_ms",
        "account",
    )
    list_filter = ("method", "created_at", ("account", ScopedRelatedFilter))
    list_select_related = ("token", "account")
    search_fields = ("path", "detail", "=status")
    search_help_text = gettext_lazy("Track ID, path, status or words of an error")
    fieldsets = (
        (
            None,
            {"fields": ("account", "created_at", "method", "path", "query", "status_shown", "duration_ms")},
        ),
        (gettext_lazy("Client"), {"fields": ("token", "dialect", "ip_address", "track_id")}),
        (gettext_lazy("What came of it"), {"fields": ("scim_type", "detail", "effect_shown", "body_shown")}),
    )

    def scope(self, viewer: Viewer) -> Q:
        """These rows do have a foreign key."""
        return viewer.rows("account")

    @display(description=gettext_lazy("status"), ordering="status")
    def status_shown(self, entry: RequestLogEntry) -> SafeString:
        """The answer's HTTP status."""
        return badge(entry.status, "success" if entry.status < 400 else "danger")

    @display(description=gettext_lazy("effect"))
    def effect_shown(self, entry: RequestLogEntry) -> SafeString:
        """What it changed."""
        return _json(entry.effect)

    @display(description=gettext_lazy("body"))
    def body_shown(self, entry: RequestLogEntry) -> SafeString:
        """What was sent, masked."""
        return _json(entry.body)


class HeldChangeAdmin(AccountScopedAdmin):
    """Changes of an admin's user name, e-mail or externalId that the directory asked for."""

    list_display = ("created_at", "user", "asked_by", "state", "account")
    list_filter = (DecidedFilter, ("account", ScopedRelatedFilter))
    list_select_related = ("user", "account")
    search_fields = ("user__user_name_folded", "=track_id")
    fieldsets = (
        (None, {"fields": ("account", "user", "asked_by", "created_at", "track_id")}),
        (gettext_lazy("Asked for"), {"fields": ("changed",)}),
        (gettext_lazy("Decision"), {"fields": ("state", "decided_at", "decided_by")}),
    )

    @display(description=gettext_lazy("state"))
    def state(self, held: HeldChange) -> SafeString:
        """Whether it still waits."""
        if held.decided_at is None:
            return badge(_("waiting"), "warning")
        return badge(_("approved"), "success") if held.approved else badge(_("not taken"))

    @display(description=gettext_lazy("changes"))
    def changed(self, held: HeldChange) -> SafeString:
        """Old and new values."""
        return changes_table(held.changes)


def _json(value: object) -> SafeString:
    return preformatted(json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True) if value else "")
