"""What the admin reads before single sign-on becomes mandatory or a provider goes: who would be left outside (L-8)."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Account
from sso.models import IdentityProvider
from sso.policy_impact import Member, impact_of, newly_without_way_in, read_ways_in

NAMED = 10  # people named in a list; the rest are counted


def if_mandatory(account: Account, viewer_id: UUID) -> SafeString:
    """Return what making single sign-on mandatory would mean, as safe HTML."""
    impact = impact_of(read_ways_in(account).if_mandatory())
    count = len(impact.without_identity)
    head = ngettext(
        "%(count)d person has no identity at a provider yet and can't sign in afterwards until they have one:",
        "%(count)d people have no identity at a provider yet and can't sign in afterwards until they have one:",
        count,
    ) % {"count": count}
    parts = [people(head, impact.without_identity)]
    if impact.password_only:
        text = _("Of these, only a password so far; they have to connect single sign-on before the switch:")
        parts.append(people(text, impact.password_only))
    if impact.without_address:
        text = _("Of these, without an e-mail address, so a first sign-in can't find them:")
        parts.append(people(text, impact.without_address))
    if impact.outside_domains:
        text = _("Of these, with an e-mail address outside the account's verified domains:")
        parts.append(people(text, impact.outside_domains))
    if impact.locks_out(viewer_id):
        parts.insert(
            0,
            warning(
                _("You would lock yourself out: sign in through a provider first. Until then it is refused.")
            ),
        )
    parts.append(note(_("Sessions that began with a password end at once, yours too if it is one.")))
    return joined(parts)


def if_disabled(provider: IdentityProvider, account: Account, viewer_id: UUID) -> SafeString:
    """Return whom disabling a provider would leave without a way into the account, as safe HTML."""
    ways = read_ways_in(account)
    after = impact_of(ways.if_disabled(provider.pk))
    lost = newly_without_way_in(impact_of(ways), after)
    if not lost:
        return note(_("Everybody who can sign in now can do so afterwards."))
    head = ngettext(
        "%(count)d person can't sign in afterwards:", "%(count)d people can't sign in afterwards:", len(lost)
    ) % {"count": len(lost)}
    parts = [people(head, lost)]
    if any(member.user_id == viewer_id for member in lost):
        parts.insert(0, warning(_("You are one of them: you would lock yourself out.")))
    return joined(parts)


def people(head: str, members: Sequence[Member]) -> SafeString:
    """Return a sentence and the names below it, the first few of them."""
    return named(head, [member.user_name for member in members])


def named(head: str, names: Sequence[str], *, count: int | None = None) -> SafeString:
    """Return a sentence and names below it; more than ``NAMED``, of ``count`` in all, are counted."""
    rows = [(name,) for name in names[:NAMED]]
    more = (len(names) if count is None else count) - NAMED
    if more > 0:
        rows.append((ngettext("and %(count)d more", "and %(count)d more", more) % {"count": more},))
    listed = format_html_join("", "<li>{}</li>", rows)
    return format_html('<p>{}</p><ul class="console-lines console-names">{}</ul>', head, listed)


def warning(text: str) -> SafeString:
    """Return a sentence that has to be seen."""
    return format_html('<p class="console-note" role="alert">{}</p>', text)


def note(text: str) -> SafeString:
    """Return a sentence."""
    return format_html("<p>{}</p>", text)


def joined(parts: Sequence[SafeString]) -> SafeString:
    """Return pieces below each other."""
    return format_html(
        '<div class="console-stack">{}</div>', format_html_join("", "{}", ((p,) for p in parts))
    )
