"""Our key pairs towards a provider as a table, with the steps of a rollover that fit now (S-7, O-1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from console.admins.columns import moment, table, unreadable
from console.saml.held_certificates import dates_badge, grouped
from foundation.encryption import is_unreadable
from sso.models import KeyRole
from sso.models.key_pair import ProviderKeyPair

Link = tuple[str, str]  # label, address


def buttons(links: Sequence[Link]) -> SafeString:
    """Return links that look like buttons."""
    made = format_html_join("", '<a class="console-button" href="{1}">{0}</a>', links)
    return (
        format_html('<div class="console-buttons console-buttons-inline">{}</div>', made) if links else made
    )


def key_table(
    pairs: Mapping[KeyRole, ProviderKeyPair],
    downloads: Callable[[ProviderKeyPair], Sequence[Link]],
    links: Sequence[Link],
) -> SafeString:
    """Return the pairs with dates, fingerprint and where their certificates are, newest first, and ``links``."""
    rows = [
        _row(pairs[role], downloads(pairs[role]))
        for role in (KeyRole.NEXT, KeyRole.CURRENT, KeyRole.PREVIOUS)
        if role in pairs
    ]
    shown = (
        table((_("Key"), _("SHA-256"), _("Until"), _("Certificate")), rows)
        if rows
        else format_html("<p>{}</p>", _("None yet; the first is made when it is needed."))
    )
    return format_html("{}{}", shown, buttons(links))


def _row(pair: ProviderKeyPair, downloads: Sequence[Link]) -> tuple[object, ...]:
    fingerprint = format_html('<span title="{}">{}…</span>', grouped(pair.fingerprint), pair.fingerprint[:16])
    until = format_html("{} {}", moment(pair.not_after), dates_badge(pair.created_at, pair.not_after))
    if is_unreadable(pair, "private_key"):
        until = unreadable(_("Add the next key, hand it over, roll over, and drop this one."))
    shown = format_html_join(" ", '<a href="{1}">{0}</a>', downloads)
    return pair.get_role_display(), fingerprint, until, shown
