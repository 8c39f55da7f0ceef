"""What the admin reads before single sign-on becomes mandatory or a provider goes: who would be left outside (L-8).

A provider goes in three ways: it is disabled, the account switches off one from above, or it keeps SSO account admins
out from then on (V-5). The same check answers all of them; what can't be undone by those it concerns is a warning.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Account
from sso.models import IdentityProvider, ProviderGrant
from sso.policy_impact import Member, WaysIn, impact_of, newly_without_way_in, read_ways_in
from sso.recovery_drill import able_to_recover

NAMED = 10  # people named in a list; the rest are counted


def if_mandatory(account: Account, viewer_id: UUID) -> SafeString:
    """Return what making single sign-on mandatory would mean, as safe HTML."""
    then = read_ways_in(account).if_mandatory()
    impact = impact_of(then)
    count = len(impact.without_identity)
    head = ngettext(
        "%(count)d person has no identity at a provider yet and can't sign in afterwards until they have one:",
        "%(count)d people have no identity at a provider yet and can't sign in afterwards until they have one:",
        count,
    ) % {"count": count}
    if count:
        parts = [people(head, impact.without_identity)]
    else:
        parts = [note(_("Everybody who can sign in now has an identity at a provider."))]
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
    parts.append(_way_back(account, then))
    return joined(parts)


def _way_back(account: Account, then: WaysIn) -> SafeString:
    """Say who gets in when the provider fails: by recovery access (L-9), or as a private deployment's keeper (L-3)."""
    able = able_to_recover(account)
    keeper = [member for member in then.members if member.user_id == then.keeper]
    if not able and not keeper:
        return warning(
            _(
                "Nobody could get back in if the provider fails: no SSO Account Admin has a recovery address that was "
                "confirmed more than three days ago. Let one confirm theirs on My access, or only the vendor can help."
            )
        )
    parts = []
    if keeper:
        parts.append(people(_("Keeps a password, to get in when the provider fails:"), keeper))
    if able:
        head = _("Could get back in by recovery access if the provider fails:")
        parts.append(named(head, [user.user_name for user in able]))
    return joined(parts)


def if_disabled(provider: IdentityProvider, account: Account, viewer_id: UUID) -> SafeString:
    """Return whom disabling a provider would leave without a way into the account, as safe HTML."""
    ways = read_ways_in(account)
    return _left_outside(ways, ways.if_disabled(provider.pk), viewer_id)


def if_disabled_for_all(provider: IdentityProvider) -> SafeString:
    """Return whom disabling a provider from above would leave outside, an account a line, as safe HTML."""
    grants = ProviderGrant.objects.filter(provider=provider, account__closed_at=None).select_related(
        "account"
    )
    rows = []
    for grant in grants.order_by("account__name", "pk")[:NAMED]:
        ways = read_ways_in(grant.account)
        lost = len(newly_without_way_in(ways, ways.if_disabled(provider.pk)))
        text = ngettext(
            "%(account)s: %(count)d person can't sign in afterwards",
            "%(account)s: %(count)d people can't sign in afterwards",
            lost,
        )
        rows.append(text % {"account": grant.account.name, "count": lost})
    return (
        named(_("Every account that allowed it is affected:"), rows, count=grants.count())
        if rows
        else note(_("No account allowed it so far."))
    )


def if_revoked(grant: ProviderGrant, viewer_id: UUID) -> SafeString:
    """Return whom an account that switches off a provider from above would leave outside, as safe HTML."""
    ways = read_ways_in(grant.account)
    return _left_outside(ways, ways.if_disabled(grant.provider_id), viewer_id)


def if_admins_kept_out(grant: ProviderGrant, viewer_id: UUID) -> SafeString:
    """Return which SSO account admins would have no way in without this provider (V-5), as safe HTML."""
    ways = read_ways_in(grant.account)
    return _left_outside(ways, ways.if_closed_to_sso_admins(grant.provider_id), viewer_id)


def _left_outside(now: WaysIn, then: WaysIn, viewer_id: UUID) -> SafeString:
    lost = newly_without_way_in(now, then)
    if not lost:
        return note(_("Everybody who can sign in now can do so afterwards."))
    head = ngettext(
        "%(count)d person can't sign in afterwards:", "%(count)d people can't sign in afterwards:", len(lost)
    ) % {"count": len(lost)}
    parts = [people(head, lost)]
    if any(member.user_id == viewer_id for member in lost):
        parts.append(warning(_("You are one of them: you would lock yourself out.")))
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
    return format_html('<p class="console-note console-warning" role="alert">{}</p>', text)


def note(text: str) -> SafeString:
    """Return a sentence."""
    return format_html("<p>{}</p>", text)


def joined(parts: Sequence[SafeString]) -> SafeString:
    """Return pieces below each other."""
    return format_html(
        '<div class="console-stack">{}</div>', format_html_join("", "{}", ((p,) for p in parts))
    )
