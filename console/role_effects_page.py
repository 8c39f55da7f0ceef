"""What the admin reads before roles change for many: who gains, who loses, who could not sign in (R-4, R-5)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Account
from console.policy_impact_page import NAMED, joined, note, warning
from console.policy_impact_page import named as names_below
from sso.refusals import Code
from sso.replanning import Effect, count_unseen


@dataclass(slots=True)
class Tally:
    """How many people, and the first of their names."""

    count: int = 0
    names: list[str] = field(default_factory=list)

    def add(self, name: str) -> None:
        """Count one more."""
        self.count += 1
        if len(self.names) < NAMED:
            self.names.append(name)


@dataclass(slots=True)
class Summary:
    """Everybody's effects, added up."""

    gain: Tally = field(default_factory=Tally)
    lose: Tally = field(default_factory=Tally)
    refused: Tally = field(default_factory=Tally)
    seen: int = 0
    affected: int = 0
    viewer: Effect | None = None


def summary_of(effects: Iterable[Effect], viewer_id: UUID) -> Summary:
    """Add effects up; a person who gains one role and loses another counts in both."""
    found = Summary()
    for effect in effects:
        found.seen += 1
        if effect.user_id == viewer_id:
            found.viewer = effect
        if effect.refusal is not None:
            found.refused.add(f"{effect.user_name} ({_why(effect.refusal.code)})")
        else:
            if effect.gains:
                found.gain.add(effect.user_name)
            if effect.loses:
                found.lose.add(effect.user_name)
        found.affected += bool(effect.refusal or effect.gains or effect.loses)
    return found


def drawn(found: Summary, account: Account) -> SafeString:
    """Return the summary as safe HTML: one sentence, then the names, the first few of each."""
    text = ngettext(
        "By what providers said last, of %(seen)d person %(gain)d gain, %(lose)d lose, %(refused)d could not sign in.",
        "By what providers said last, of %(seen)d people %(gain)d gain, %(lose)d lose, %(refused)d could not sign in.",
        found.seen,
    )
    counts = {
        "seen": found.seen,
        "gain": found.gain.count,
        "lose": found.lose.count,
        "refused": found.refused.count,
    }
    parts = [note(text % counts)]
    for head, tally in (
        (_("Gain roles:"), found.gain),
        (_("Lose roles:"), found.lose),
        (_("Could not sign in:"), found.refused),
    ):
        if tally.count:
            parts.append(names_below(head, tally.names, count=tally.count))
    unseen = count_unseen(account)
    if unseen:
        text = ngettext(
            "%(count)d person was not seen lately; their roles follow at their next sign-in.",
            "%(count)d people were not seen lately; their roles follow at their next sign-in.",
            unseen,
        )
        parts.append(note(text % {"count": unseen}))
    return joined(parts)


def why_not_text(code: str) -> SafeString:
    """Return the sentence for a refusal of ``sso.authorization`` in the viewer's language."""
    texts = {
        "authorization.no_provider": _("It needs the SSO module and an enabled identity provider."),
        "authorization.own_claims_missing": _(
            "Your own last sign-in through a provider brought no role_mapping claim, so nobody can tell whether you "
            "would stay SSO Account Admin. Have it sent, and sign in through the provider once."
        ),
        "authorization.own_role_lost": _(
            "By the role_mapping claim of your own last sign-in you would no longer be SSO Account Admin. Let a "
            "mapping role that you are sent give it."
        ),
        "authorization.nobody_keeps_admin": _(
            "Nobody who signed in would be an SSO Account Admin by a mapping role; send one the role first."
        ),
    }
    return warning(texts[code])


def _why(code: str) -> str:
    texts = {
        Code.ROLE_MAPPING_MISSING.value: _("no role_mapping claim"),
        Code.ROLE_MAPPING_UNMATCHED.value: _("no mapping role of that name"),
        Code.PROVIDER_NOT_ENABLED.value: _("the provider is off"),
        Code.PROVIDER_NOT_GRANTED.value: _("the account didn't allow the provider"),
        Code.ADMIN_NOT_ALLOWED.value: _("the provider keeps SSO account admins out"),
        Code.IDENTITIES_SUSPENDED.value: _("the provider's issuer changed"),
        Code.UNREADABLE.value: _("the last claims can't be read"),
    }
    return texts.get(str(code), str(code))
