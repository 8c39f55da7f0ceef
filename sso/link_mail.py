"""The mails that carry a one-time link, written when they are sent (``accounts.lifecycle.mailed_links``)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.hosts import canonical_host
from accounts.letters import in_language_of
from accounts.lifecycle import mailed_links
from accounts.models import Kind, LinkPurpose, MailedLink, User
from foundation import mail, outbox, public_urls

PAGES = {
    LinkPurpose.ACCESS: "sso:recovery_link",
    LinkPurpose.DRILL: "sso:recovery_drill_link",
    LinkPurpose.ADDRESS: "sso:recovery_address_link",
    LinkPurpose.PASSWORD: "sso:password_reset_link",
}


@outbox.handles(mailed_links.SEND)
def send(payload: dict[str, Any]) -> None:
    """Mail a link that is still open; a transport's error propagates, so that the outbox tries again."""
    rows = MailedLink.objects.filter(pk=payload["link"], spent_at=None)
    link = rows.filter(expires_at__gt=timezone.now()).select_related("user__account").first()
    if link is None:
        return
    purpose = LinkPurpose(link.purpose)
    path = reverse(PAGES[purpose], args=[mailed_links.seal(link)])
    url = public_urls.absolute(path, host=_host_of(purpose, link.user))
    with in_language_of(link.user):
        subject, lead, last = _words(purpose)
        names = {
            "product": settings.BROKER_PRODUCT_NAME,
            "person": link.user.user_name,
            "account": link.user.account.name if link.user.account else settings.BROKER_PRODUCT_NAME,
            "minutes": int(mailed_links.LIFETIME[purpose].total_seconds() // 60),
        }
        once = _("The link works once, within %(minutes)d minutes.") % names
        body = f"{lead % names}\n\n{url}\n\n{once}\n{last % names}\n"
        mail.deliver(to=link.address, subject=subject % names, body=body)


def _host_of(purpose: LinkPurpose, user: User) -> str | None:
    """Return the host name of a link's page, None for the deployment's (V-7).

    There is the admin, which recovery is for. But an address is confirmed in the person's session, and a member's lives
    on the account's own host where it has one.
    """
    if purpose is not LinkPurpose.ADDRESS or user.account is None or user.kind != Kind.MEMBER:
        return None
    return canonical_host(user.account)


def _words(purpose: LinkPurpose) -> tuple[str, str, str]:
    """Return subject, first and last sentence."""
    if purpose is LinkPurpose.ACCESS:
        return (
            _("%(product)s: your recovery link"),
            _("This link signs %(person)s in to %(account)s without single sign-on:"),
            _("If you did not ask for it, do not use it, and tell the other admins of your account."),
        )
    if purpose is LinkPurpose.DRILL:
        return (
            _("%(product)s: test of your recovery access"),
            _("This is a test for %(person)s in %(account)s. The link signs nobody in:"),
            _("If you did not ask for it, you can ignore this mail."),
        )
    if purpose is LinkPurpose.ADDRESS:
        return (
            _("%(product)s: confirm your recovery address"),
            _("%(person)s wants to use this address to get back into %(account)s. Confirm it here:"),
            _("If you did not ask for it, do not use the link: it would let you in as somebody else."),
        )
    return (
        _("%(product)s: set a new password"),
        _("Set a new password for %(person)s in %(account)s here:"),
        _("If you did not ask for it, you can ignore this mail. Your password stays as it is."),
    )
