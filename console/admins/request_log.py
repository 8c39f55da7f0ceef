"""What the customer's directory asked, and what came of it: the inspector of SCIM requests (A-6)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from django.contrib.admin import display
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Group, User
from console.admins.audit_trail import FoundByTrackId
from console.admins.columns import NOTHING, badge, facts, link_to, preformatted, to_the_second
from console.admins.filters import FailedFilter, ScopedRelatedFilter
from console.scoping import Viewer
from scim.models import RequestLogEntry

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# What an effect says of the person or group as a whole, and in which words it is shown.
_DONE: dict[str, StrOrPromise] = {
    "created": gettext_lazy("created"),
    "restored": gettext_lazy("restored"),
    "adopted": gettext_lazy("taken over by the directory"),
    "deleted": gettext_lazy("deleted"),
}
_LISTED: dict[str, StrOrPromise] = {
    "changed": gettext_lazy("Changed"),
    "ignored": gettext_lazy("Ignored"),
    "members_added": gettext_lazy("Members added"),
    "members_removed": gettext_lazy("Members removed"),
}


class RequestLogEntryAdmin(FoundByTrackId):
    """One request of a directory; bodies were masked before they were kept."""

    when_empty = gettext_lazy(
        "Every request of your directory shows up here, a few seconds after it came, for 14 days."
    )
    list_display = ("time", "method", "path", "status_shown", "dialect", "client", "duration", "account")
    list_display_links = ("time",)
    list_filter = (FailedFilter, "method", "created_at", ("account", ScopedRelatedFilter))
    list_select_related = ("token", "oauth_client", "account")
    search_fields = ("path", "detail", "=status")
    search_help_text = gettext_lazy("Track ID, path, status or words of an error")
    fieldsets = (
        (None, {"fields": ("account", "time", "method", "path", "query_shown", "duration")}),
        (
            gettext_lazy("What came of it"),
            {"fields": ("status_shown", "detail", "scim_type", "effect_shown", "track_id")},
        ),
        (gettext_lazy("Client"), {"fields": ("token", "oauth_client", "dialect", "ip_address")}),
        (gettext_lazy("Sent"), {"fields": ("body_shown",)}),
    )

    def scope(self, viewer: Viewer) -> Q:
        """These rows do have a foreign key."""
        return viewer.rows("account")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Speak of an error where there is one."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or obj.status >= 400:
            return fieldsets
        return [
            (title, {**options, "fields": [name for name in options["fields"] if name not in _OF_ERRORS]})
            for title, options in fieldsets
        ]

    @display(description=gettext_lazy("time"), ordering="created_at")
    def time(self, entry: RequestLogEntry) -> str:
        """To the second, in the viewer's zone."""
        return to_the_second(entry.created_at)

    @display(description=gettext_lazy("query"))
    def query_shown(self, entry: RequestLogEntry) -> str:
        """As it is written in a specification, not as in a URL."""
        return unquote_plus(entry.query)

    @display(description=gettext_lazy("status"), ordering="status")
    def status_shown(self, entry: RequestLogEntry) -> SafeString:
        """The answer's HTTP status."""
        return badge(entry.status, "success" if entry.status < 400 else "danger")

    @display(description=gettext_lazy("client"))
    def client(self, entry: RequestLogEntry) -> str:
        """The token or OAuth client, by name."""
        return str(entry.oauth_client or entry.token or NOTHING)

    @display(description=gettext_lazy("duration"), ordering="duration_ms")
    def duration(self, entry: RequestLogEntry) -> str:
        """In milliseconds."""
        return f"{entry.duration_ms} ms"

    @display(description=gettext_lazy("effect"))
    def effect_shown(self, entry: RequestLogEntry) -> SafeString:
        """Whom and what it changed: links and names of attributes; of a bulk, each operation as it was noted."""
        told = dict(entry.effect)
        rows: list[tuple[object, object]] = []
        if "user" in told:
            rows.append(
                (_("Person"), self._linked(User.objects.for_account(entry.account), told.pop("user")))
            )
        if "group" in told:
            rows.append(
                (_("Group"), self._linked(Group.objects.for_account(entry.account), told.pop("group")))
            )
        done = [str(words) for name, words in _DONE.items() if told.pop(name, None)]
        if done:
            rows.append((_("Done"), ", ".join(done)))
        for name, words in _LISTED.items():
            if name in told:
                rows.append((words, _listed(told.pop(name))))
        if told:
            rows.append((_("More"), _json(told)))
        return facts(rows) if rows else SafeString(NOTHING)

    def _linked(self, rows: QuerySet[Any], key: object) -> SafeString:
        """Lead to the row while it exists; afterwards its id is all there is."""
        row = rows.filter(pk=key).first()
        return link_to(self.admin_site, row) if row is not None else format_html("<code>{}</code>", key)

    @display(description=gettext_lazy("body"))
    def body_shown(self, entry: RequestLogEntry) -> SafeString:
        """What was sent, masked."""
        return _json(entry.body)


_OF_ERRORS = frozenset({"detail", "scim_type"})


def _listed(value: object) -> str:
    """Return names, or a number; an empty list says that everything was so already."""
    if isinstance(value, list):
        return ", ".join(map(str, value)) or _("nothing: it was like that already")
    return str(value)


def _json(value: object) -> SafeString:
    return preformatted(json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True) if value else "")
