"""The IdP identifier of a group, with the identifiers that were seen in sign-ins offered, and a warning (G-7).

The field offers them by a ``<datalist>``, which needs no script; the group's page shows the same as a table.
"""

from __future__ import annotations

from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from unfold.widgets import UnfoldAdminTextInputWidget

from accounts.group_sightings import never_seen, recently_seen
from accounts.models import Account, Group, SeenGroup
from console.admins.columns import badge, link_to, moment, table

MOST_OFFERED = 100
MOST_SHOWN = 20


class SeenIdentifierInput(UnfoldAdminTextInputWidget):
    """A text field that offers identifiers, each with how often and when it was seen."""

    def __init__(self, offered: list[SeenGroup]) -> None:
        super().__init__()
        self.offered = offered

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """Return the field and its list."""
        listed = f"{(attrs or {}).get('id', name)}_seen"
        field = super().render(name, value, {**(attrs or {}), "list": listed}, renderer)
        options = [(seen.key, times(seen)) for seen in self.offered]
        context = {"field": field, "listed": listed, "options": options}
        return render_to_string("admin/console/seen_identifiers.html", context)


def offered_to(account: Account | Any, group: Group | None) -> list[SeenGroup]:
    """Return the identifiers seen in the last 90 days that no other group of the account has."""
    others = Group.objects.for_account(account).exclude(idp_identifier_key=None)
    if group is not None:
        others = others.exclude(pk=group.pk)
    return list(recently_seen(account).exclude(key__in=others.values("idp_identifier_key"))[:MOST_OFFERED])


def times(seen: SeenGroup) -> str:
    """Return how often and when last."""
    told = ngettext(
        "seen %(count)d time, last on %(when)s", "seen %(count)d times, last on %(when)s", seen.count
    )
    return told % {"count": seen.count, "when": moment(seen.last_seen_at)}


def seen_of(group: Group) -> SafeString | str:
    """Return how often a mapped group's identifier was seen, or that it never was."""
    seen = SeenGroup.objects.for_account(group.account_id).filter(key=group.idp_identifier_key).first()
    if seen is not None:
        return times(seen)
    return badge(_("never seen"), "warning") if _never_came(group) else _("through its members")


def table_of(site: Any, account: Any) -> SafeString:
    """Return the most frequent identifiers of the last 90 days and the groups that have them."""
    rows = list(recently_seen(account)[:MOST_SHOWN])
    keys = [seen.key for seen in rows]
    groups = {
        group.idp_identifier_key: group
        for group in Group.objects.for_account(account).filter(idp_identifier_key__in=keys)
    }
    return table(
        (_("Identifier"), _("Count"), _("Last seen"), _("Group")),
        ((s.key, s.count, moment(s.last_seen_at), link_to(site, groups.get(s.key))) for s in rows),
    )


def warning_about(group: Group) -> str:
    """Return what to tell whoever just wrote an identifier that nobody ever sent; "" when it is known."""
    if not _never_came(group):
        return ""
    told = _(
        "No sign-in and no push of the directory has named “%(identifier)s” yet. Compare it with what the provider "
        "sends."
    )
    return told % {"identifier": group.idp_identifier}


def _never_came(group: Group) -> bool:
    return Group.objects.for_account(group.account_id).filter(never_seen(), pk=group.pk).exists()
