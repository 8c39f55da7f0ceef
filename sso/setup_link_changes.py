"""What a setup link's holder may do to a provider, and what becomes of links when providers change (V-8, V-22).

``sso.providers`` asks here; making, opening and revoking links is ``sso.setup_links``. A link stands outside the ladder
of ``accounts.privilege``: it may save and test the protocol settings of its one draft, as long as its maker could, and
nothing else. What it saved waits for an admin's click on the page that showed the difference (``require_seen``,
``approve``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.alerts import sso_admin_addresses
from accounts.letters import in_language_of
from accounts.models import Account
from accounts.privilege import Authority, NotAllowed, authority_of_user
from audit.actors import Actor, ActorKind
from audit.recorder import record
from audit.refusals import Refused
from foundation import mail, public_urls
from foundation.ids import parse_id
from sso import subjects
from sso.models import IdentityProvider, SetupLink, State

_MAY = frozenset({"provider.saml_settings", "provider.oidc_settings", "provider.test"})
_ONCE = frozenset({"client_secret", "client_key"})  # never compared: that it changed is all there is to say


class NotSeen(Refused):
    """Somebody else set the provider up, and the admin wasn't shown what exactly is enabled."""

    code = "provider.setup_not_seen"


def is_usable(link: SetupLink, provider: IdentityProvider) -> bool:
    """Tell whether a link opens its provider's draft now; ``provider`` is the row as it was just read."""
    account, maker = provider.account, link.made_by
    return (
        link.is_open
        and provider.state == State.DRAFT
        and account is not None
        and account.closed_at is None
        and account.sso_module
        and maker is not None
        and authority_of_user(maker, account.pk) >= Authority.SSO_ACCOUNT_ADMIN
    )


def require_link(provider: IdentityProvider, actor: Actor, action: str) -> None:
    """Raise ``NotAllowed`` unless the actor is a usable link of this very draft.

    Whoever writes has ``provider`` locked, as has whoever enables it or revokes the link.
    """
    key = parse_id(actor.id)
    found = SetupLink.objects.filter(pk=key, provider=provider).first() if key else None
    if action not in _MAY or found is None or not is_usable(found, provider):
        raise NotAllowed(
            "This setup link doesn't open that any more.",
            actor=actor,
            action=action,
            subject=subjects.of_provider(provider),
        )


def note(*, provider: IdentityProvider, actor: Actor, changes: Mapping[str, Any]) -> None:
    """Add a change of settings to what each link's admin is shown, in the transaction that made it.

    Where a link made the change, that is audited as such and its sender is told.
    """
    if provider.state != State.DRAFT:
        return
    for link in SetupLink.objects.filter(provider=provider, approved_at=None):
        link.changes = _merged(link.changes, changes)
        if actor.kind is ActorKind.SETUP_LINK and actor.id == str(link.pk):
            link.saved_at = timezone.now()
            _tell_saved(link, provider, actor)
        link.save(update_fields=["changes", "saved_at"])


def _merged(before: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(before)
    for name, (old, now) in new.items():
        first = merged[name][0] if name in merged else old
        if name not in _ONCE and (first or "") == (now or ""):
            merged.pop(name, None)
        else:
            merged[name] = [first, now]
    return merged


def _tell_saved(link: SetupLink, provider: IdentityProvider, actor: Actor) -> None:
    record(
        actor=actor,
        action="setup_link.saved",
        subject=subjects.of_provider(provider),
        message=f"{provider.slug} was filled in through the setup link that {link.made_by_label} made.",
    )
    tell_maker(link, provider, saved=True)


def tell_maker(link: SetupLink, provider: IdentityProvider, *, saved: bool) -> None:
    """Mail whoever made a link that it was opened or saved, in the present transaction; else the account's admins."""
    maker = link.made_by
    if maker is None:
        return
    names = {"provider": provider.name, "page": public_urls.absolute("/admin/")}
    with in_language_of(maker):
        if saved:
            subject = _("%(provider)s was filled in through your setup link") % names
            last = _("Nobody signs in through it until you look at the difference and enable it.")
        else:
            subject = _("Your setup link for %(provider)s was opened") % names
            last = _("If you sent it to nobody who should have it, revoke it on the provider's page.")
        where = _("You find it here: %(page)s → Identity providers → %(provider)s") % names
    to = [maker.email] if maker.email else sso_admin_addresses(provider.account)
    mail.queue_mail(to=to, subject=subject, body=f"{subject}.\n\n{last}\n{where}\n")


def waiting(provider: IdentityProvider) -> list[SetupLink]:
    """Return the links through which a draft was filled in, which nobody approved yet; newest first."""
    if provider.state != State.DRAFT:
        return []
    rows = SetupLink.objects.filter(provider=provider, approved_at=None).exclude(saved_at=None)
    return list(rows.order_by("-saved_at"))


def require_seen(*, provider: IdentityProvider, actor: Actor, seen_version: int | None) -> None:
    """Raise ``NotSeen`` when a link filled the draft in and the admin wasn't shown this very version (V-22)."""
    if waiting(provider) and seen_version != provider.version:
        raise NotSeen(
            "This was set up through a link. Look at what changed on the page of the provider, and enable it there; if "
            "you just did, it was changed again meanwhile.",
            actor=actor,
            action="provider.enable",
            subject=subjects.of_provider(provider),
        )


def approve(*, provider: IdentityProvider, actor: Actor) -> None:
    """End a provider's links because it was enabled, in that transaction."""
    now = timezone.now()
    SetupLink.objects.filter(provider=provider, approved_at=None).update(approved_at=now)
    end(Q(provider=provider), SetupLink.Ending.APPROVED, actor=actor)


def end_of_account(*, account: Account, actor: Actor) -> None:
    """End all links of an account where single sign-on was switched off, in that transaction."""
    end(Q(provider__account=account), SetupLink.Ending.MODULE_OFF, actor=actor)


def end(which: Q, ending: SetupLink.Ending, *, actor: Actor) -> int:
    """End the open ones of these links for good and write it down; return how many there were."""
    now = timezone.now()
    rows = list(SetupLink.objects.filter(which, ended_at=None, expires_at__gt=now).select_related("provider"))
    for link in rows:
        SetupLink.objects.filter(pk=link.pk).update(ended_at=now, ending=ending)
        record(
            actor=actor,
            action="setup_link.revoked" if ending is SetupLink.Ending.REVOKED else "setup_link.ended",
            subject=subjects.of_provider(link.provider),
            message=f"A setup link for {link.provider.slug}, made by {link.made_by_label}, ended ({ending.value}).",
            changes={"setup_link": [str(link.pk), ending.value]},
        )
    return len(rows)
