"""Setup links: an admin has somebody without a login fill in one draft (V-22, A-3).

    make      an SSO account admin or operator, for a draft of an account; mailed, or shown once
    find      the token that a browser brought: the row while it is good, else ``SetupLinkRefused``
    open      its page is looked at for the first time: written down, and the maker is told
    revoke    any SSO account admin takes it back

What the holder saves goes through the same functions as the admin's form, with ``actor_of_link``; see
``sso.setup_link_changes`` for what they may and what waits for an admin. A link signs nobody in.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import privilege
from accounts.letters import in_language_of
from audit.actors import Actor, ActorKind
from audit.recorder import record
from audit.refusals import Refused, refusals_audited
from foundation import mail, outbox, public_urls
from foundation.rate_limits import hit
from foundation.secret_tokens import NewToken, lookup_of, make_token, matches
from sso import setup_link_changes, subjects
from sso.models import IdentityProvider, SetupLink, State
from sso.providers import require_authority

TOKEN_KIND = "set"  # noqa: S105 -- recognised by foundation.redaction
MAX_DAYS = 7  # V-22
LINK_URL = "setup_link"  # the names of its two addresses
PAGE_URL = "setup"
LONGEST = 100  # characters of a token
_MAIL = "setup_link.mail"
_AN_HOUR = 30  # links of one account


class SetupLinkInvalid(Refused):
    """No link can be made like this."""

    code = "setup_link.invalid"


class SetupLinkRefused(Exception):
    """A token that opens nothing. ``link`` is the row when the token was right."""

    def __init__(self, code: str, link: SetupLink | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.link = link


UNKNOWN, ENDED = "setup_link.unknown", "setup_link.ended"


@refusals_audited
@transaction.atomic
def make_setup_link(
    *, provider: IdentityProvider, actor: Actor, days: int = MAX_DAYS, address: str = ""
) -> tuple[SetupLink, str]:
    """Make a link for a draft; return it and its address on the web, "" when that goes out by mail.

    ``days`` is 1 to 7. Raises ``NotAllowed`` or ``SetupLinkInvalid``.
    """
    locked = IdentityProvider.objects.select_for_update().get(pk=provider.pk)
    action, subject = "setup_link.make", subjects.of_provider(locked)
    require_authority(locked, actor, action)
    maker = privilege.user_of(actor)
    if maker is None:  # whose right it hangs on
        raise privilege.NotAllowed(
            "A setup link is made by a person.", actor=actor, action=action, subject=subject
        )
    if problem := _problem(locked, days, address):
        raise SetupLinkInvalid(problem, actor=actor, action=action, subject=subject)
    new = make_token(TOKEN_KIND)
    link = SetupLink.objects.create(
        provider=locked,
        lookup=new.lookup,
        digest=new.digest,
        address=address,
        made_by=maker,
        made_by_label=actor.label[:254],
        expires_at=timezone.now() + timedelta(days=days),
    )
    if address:
        outbox.add(_MAIL, {"link": str(link.pk)})
    record(
        actor=actor,
        action="setup_link.made",
        subject=subject,
        message=f"A setup link for {locked.slug} was made"
        + (f" and mailed to {address}." if address else " and shown once."),
        changes={"setup_link": [None, str(link.pk)], "days": [None, days]},
    )
    return link, "" if address else _url(new)


def _problem(provider: IdentityProvider, days: int, address: str) -> str:
    if provider.account is None:
        return "Setup links are for providers of an account."
    if provider.state != State.DRAFT:
        return "Setup links edit drafts; this provider was enabled already."
    if provider.account.closed_at is not None or not provider.account.sso_module:
        return "The SSO module of the account is off; an operator switches it on."
    if not 1 <= days <= MAX_DAYS:
        return f"A setup link is good for 1 to {MAX_DAYS} days."
    if address:
        try:
            validate_email(address)
        except ValidationError:
            return "This is no e-mail address."
    if not hit("setup-link-made", str(provider.account_id), limit=_AN_HOUR, seconds=3600).allowed:
        return "Too many setup links were made within an hour. Try again later."
    return ""


def _url(token: NewToken) -> str:
    return public_urls.absolute(reverse(LINK_URL, args=[token.plain]))


@outbox.handles(_MAIL)
def send(payload: dict[str, Any]) -> None:
    """Mail a link, with a token that is made here and stored nowhere; a second try makes another one."""
    rows = SetupLink.objects.select_related("provider__account", "made_by")
    link = rows.filter(pk=payload["link"]).first()
    if link is None or not setup_link_changes.is_usable(link, link.provider):
        return
    account, maker = link.provider.account, link.made_by
    if account is None or maker is None:
        return
    new = make_token(TOKEN_KIND)
    SetupLink.objects.filter(pk=link.pk).update(lookup=new.lookup, digest=new.digest)
    with in_language_of(maker):
        names = {
            "product": settings.BROKER_PRODUCT_NAME,
            "account": account.name,
            "provider": link.provider.name,
            "until": f"{link.expires_at:%Y-%m-%d %H:%M} UTC",
        }
        lead = _(
            "Somebody at %(account)s asks you to set up single sign-on with %(provider)s. This page says what to "
            "enter in the console of your identity provider, and takes the values from there:"
        )
        last = _(
            "The link works until %(until)s and signs nobody in. Don't pass it on. If you did not expect it, you can "
            "ignore this mail."
        )
        subject = _("%(product)s: set up single sign-on for %(account)s") % names
        body = f"{lead % names}\n\n{_url(new)}\n\n{last % names}\n"
    mail.deliver(to=link.address, subject=subject, body=body)


def find(plain: str) -> SetupLink:
    """Return the usable link of a token, with its provider, and change nothing. Raises ``SetupLinkRefused``."""
    rows = SetupLink.objects.select_related("provider__account", "made_by")
    link = rows.filter(lookup=lookup_of(plain, TOKEN_KIND) or "").first()
    if link is None or not matches(plain, link.digest):
        raise SetupLinkRefused(UNKNOWN)
    if not setup_link_changes.is_usable(link, link.provider):
        raise SetupLinkRefused(ENDED, link)
    return link


def cookie_name() -> str:
    """Return the name of the cookie that holds a link's token in its holder's browser."""
    return f"{'__Host-' if public_urls.is_https() else ''}broker-setup"


def of_browser(request: HttpRequest) -> SetupLink:
    """Return the usable link of this browser, on the deployment's host alone. Raises ``SetupLinkRefused``."""
    at_home = request.get_host().lower() == public_urls.netloc()
    return find(request.COOKIES.get(cookie_name(), "")[:LONGEST] if at_home else "")


@transaction.atomic
def note_opened(link: SetupLink, *, address: str) -> bool:
    """Write down that a link's page was looked at, and tell its maker; only the first time. Returns whether it was."""
    fresh = SetupLink.objects.filter(pk=link.pk, opened_at=None)
    if not fresh.update(opened_at=timezone.now()):
        return False
    record(
        actor=actor_of_link(link, address=address),
        action="setup_link.opened",
        subject=subjects.of_provider(link.provider),
        message=f"The setup link for {link.provider.slug} that {link.made_by_label} made was opened.",
    )
    setup_link_changes.tell_maker(link, link.provider, saved=False)
    return True


def actor_of_link(link: SetupLink, *, address: str) -> Actor:
    """Return whoever holds a link as the one who acts; ``address`` is the client's."""
    return Actor(
        ActorKind.SETUP_LINK,
        str(link.pk),
        f"setup link of {link.made_by_label}",
        address,
        account_id=link.provider.account_id,
    )


@refusals_audited
@transaction.atomic
def revoke_setup_link(*, link: SetupLink, actor: Actor) -> bool:
    """End a link at once. Returns whether it was open."""
    locked = IdentityProvider.objects.select_for_update().get(pk=link.provider_id)
    require_authority(locked, actor, "setup_link.revoke")
    return bool(setup_link_changes.end(Q(pk=link.pk), SetupLink.Ending.REVOKED, actor=actor))
