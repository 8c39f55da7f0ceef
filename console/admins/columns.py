"""Pieces of pages: badges, values to copy, lists of facts, old and new values. Everything shown is escaped here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.admin.utils import quote
from django.db import models
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Status
from accounts.sources import Source
from audit.actors import ActorKind

NOTHING = "–"

_STATUS_KIND = {
    Status.ACTIVE: "success",
    Status.PENDING: "info",
    Status.DEACTIVATED: "warning",
    Status.DISABLED: "danger",
    Status.DELETED: "",
}
_STATUS_NAME = {
    Status.ACTIVE: gettext_lazy("active"),
    Status.PENDING: gettext_lazy("pending"),
    Status.DEACTIVATED: gettext_lazy("deactivated"),
    Status.DISABLED: gettext_lazy("disabled"),
    Status.DELETED: gettext_lazy("deleted"),
}
SOURCE_NAME = {
    Source.MANUAL.value: gettext_lazy("added by hand"),
    Source.CLAIMS.value: gettext_lazy("sign-in"),
    Source.MAPPING.value: gettext_lazy("mapping role"),
    Source.DIRECTORY.value: gettext_lazy("directory"),
    Source.GROUP.value: gettext_lazy("group"),
}
ENTRANCE_NAME = {
    ActorKind.USER.value: gettext_lazy("added by hand"),
    ActorKind.PROVIDER.value: gettext_lazy("first sign-in"),
    ActorKind.SCIM.value: gettext_lazy("directory"),
    ActorKind.CONFIGURATION.value: gettext_lazy("configuration file"),
    ActorKind.SYSTEM.value: gettext_lazy("system"),
    ActorKind.SETUP_LINK.value: gettext_lazy("setup link"),
}
# Entries of AuditEvent.changes that list things; all others hold [old, new].
_LISTS = frozenset({"groups_received", "rules", "warnings", "added", "removed"})


def badge(text: object, kind: str = "") -> SafeString:
    """Return a coloured label; ``kind`` is success, info, warning, danger or "" for grey."""
    return render_to_string("unfold/helpers/label.html", {"text": text, "type": kind})


def unreadable(advice: object) -> SafeString:
    """Return what stands in the place of a stored secret that no present key opens, with what mends it."""
    return format_html("{} <span>{}</span>", badge(_("can't be read"), "danger"), advice)


def status_badge(status: Status) -> SafeString:
    """Return the badge of a person's status (V-12)."""
    return badge(_STATUS_NAME[status], _STATUS_KIND[status])


def source_badge(source: str) -> SafeString:
    """Return the badge of a membership's owner (design rule 3)."""
    kind = "" if source == Source.MANUAL else "info"
    return badge(SOURCE_NAME.get(source, source), kind)


def moment(value: datetime | None) -> str:
    """Return a date and time in the viewer's zone, a dash for none."""
    return NOTHING if value is None else formats.localize(timezone.localtime(value))


def to_the_second(value: datetime) -> str:
    """Return a date and time of a log: sortable by eye, in the viewer's zone."""
    return timezone.localtime(value).strftime("%Y-%m-%d %H:%M:%S")


def to_copy(value: str) -> SafeString:
    """Return a value in fixed-width type with a copy button, which only a browser with scripts shows."""
    if not value:
        return SafeString(NOTHING)
    return format_html(
        '<span class="console-copy"><code>{}</code>'
        '<button type="button" class="console-copy-button" data-copy="{}" hidden>{}</button></span>',
        value,
        value,
        _("Copy"),
    )


def lines(items: Iterable[object]) -> SafeString:
    """Return a list, one item a line; a dash for an empty one."""
    rows = [(item,) for item in items]
    if not rows:
        return SafeString(NOTHING)
    return format_html('<ul class="console-lines">{}</ul>', format_html_join("", "<li>{}</li>", rows))


def facts(rows: Iterable[tuple[object, object]]) -> SafeString:
    """Return pairs of name and value."""
    pairs = format_html_join(
        "", "<div><dt>{}</dt><dd>{}</dd></div>", ((n, NOTHING if v == "" else v) for n, v in rows)
    )
    return format_html('<dl class="console-facts">{}</dl>', pairs)


def table(headers: Iterable[object], rows: Iterable[tuple[object, ...]]) -> SafeString:
    """Return a small table; a dash when there are no rows."""
    body = [format_html_join("", "<td>{}</td>", ((cell,) for cell in row)) for row in rows]
    if not body:
        return SafeString(NOTHING)
    return format_html(
        '<div class="console-scroll"><table class="console-table">'
        "<thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>",
        format_html_join("", '<th scope="col">{}</th>', ((header,) for header in headers)),
        format_html_join("", "<tr>{}</tr>", ((cells,) for cells in body)),
    )


def changes_table(changes: Mapping[str, Any]) -> SafeString:
    """Return what an event changed: old and new values, or what was listed."""
    rows = []
    for name, value in changes.items():
        listed = name in _LISTS or name.endswith(("_added", "_removed")) or not isinstance(value, list)
        if listed or len(value) != 2:
            rows.append((name, "", _text(value)))
        else:
            rows.append((name, _text(value[0]), _text(value[1])))
    return table((_("Field"), _("Before"), _("After")), rows)


def preformatted(text: str) -> SafeString:
    """Return text as it is, in fixed-width type."""
    return format_html('<pre class="console-pre">{}</pre>', text) if text else SafeString(NOTHING)


def link_to(site: AdminSite, row: models.Model | None, text: object = "") -> SafeString:
    """Return a link to a row's page in the admin; its name alone when the model has no page."""
    if row is None:
        return SafeString(NOTHING)
    if not site.is_registered(type(row)):
        return format_html("{}", text or row)
    name = f"{site.name}:{row._meta.app_label}_{row._meta.model_name}_change"
    return format_html('<a href="{}">{}</a>', reverse(name, args=[quote(row.pk)]), text or row)


def _text(value: object) -> str:
    if value is None or value == "":
        return NOTHING
    if isinstance(value, list):
        return ", ".join(map(str, value)) or NOTHING
    return str(value)
