"""One-time links by mail: ask for one, find it, spend it (V-15, V-24).

The token is made by ``seal``, called by whoever sends the mail: a secret never lies in the outbox, and a mail that is
tried again carries a new one. Spending is one conditional update, so a link works once whatever runs at the same time;
the person's other open links for the same purpose end with it.
"""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from accounts.models import LinkPurpose, MailedLink, User
from foundation import outbox
from foundation.secret_tokens import lookup_of, make_token, matches

SEND = "mailed_link.send"  # the outbox kind; handled by `sso.link_mail`, which knows the pages
TOKEN_KIND = "rec"  # noqa: S105 -- recognised by foundation.redaction

LIFETIME = {
    LinkPurpose.ACCESS: timedelta(minutes=15),  # L-9
    LinkPurpose.DRILL: timedelta(minutes=15),
    LinkPurpose.ADDRESS: timedelta(minutes=60),
    LinkPurpose.PASSWORD: timedelta(minutes=60),
}
KEPT = timedelta(days=180)  # the drill page shows when somebody last passed


class LinkRefused(Exception):
    """A link that can't be used. ``link`` is the row when its token was right."""

    def __init__(self, code: str, link: MailedLink | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.link = link


UNKNOWN, EXPIRED, SPENT = "link.unknown", "link.expired", "link.spent"


def issue(*, user: User, purpose: LinkPurpose, address: str, asked_from: str) -> MailedLink:
    """Make a link in the present transaction and have it mailed to ``address`` once that has committed."""
    link = MailedLink.objects.create(
        user=user,
        purpose=purpose,
        address=address,
        lookup=make_token(TOKEN_KIND).lookup,  # nobody knows its secret; ``seal`` makes the one that counts
        asked_from=asked_from or None,
        expires_at=timezone.now() + LIFETIME[purpose],
    )
    outbox.add(SEND, {"link": str(link.pk)})
    return link


def seal(link: MailedLink) -> str:
    """Give a link a token of its own and return it; a token that was sent before stops working."""
    new = make_token(TOKEN_KIND)
    link.lookup, link.digest = new.lookup, new.digest
    link.save(update_fields=["lookup", "digest"])
    return new.plain


def find(plain: str, purpose: LinkPurpose) -> MailedLink:
    """Return the open link of a token and change nothing. Raises ``LinkRefused``."""
    lookup = lookup_of(plain, TOKEN_KIND)
    rows = MailedLink.objects.filter(lookup=lookup or "", purpose=purpose).exclude(digest="")
    link = rows.select_related("user__account").first()
    if link is None or not matches(plain, link.digest):
        raise LinkRefused(UNKNOWN)
    if link.spent_at is not None:
        raise LinkRefused(SPENT, link)
    if link.expires_at <= timezone.now():
        raise LinkRefused(EXPIRED, link)
    return link


def spend(plain: str, purpose: LinkPurpose) -> MailedLink:
    """Use a link up and return it. Raises ``LinkRefused``, also for the second of two at the same moment."""
    link = find(plain, purpose)
    now = timezone.now()
    mine = MailedLink.objects.filter(pk=link.pk, spent_at=None, expires_at__gt=now)
    if not mine.update(spent_at=now):
        raise LinkRefused(SPENT, link)
    link.spent_at = now
    end_open(link.user, purpose)
    return link


def end_open(user: User, *purposes: LinkPurpose) -> None:
    """Make a person's open links for these purposes unusable."""
    now = timezone.now()
    rows = MailedLink.objects.filter(user=user, purpose__in=purposes, spent_at=None, expires_at__gt=now)
    rows.update(expires_at=now)


def purge() -> int:
    """Erase links that are long over; return how many."""
    return MailedLink.objects.filter(expires_at__lt=timezone.now() - KEPT).delete()[0]
