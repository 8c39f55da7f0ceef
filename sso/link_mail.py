"""The mails that carry a one-time link, written when they are sent (``accounts.lifecycle.mailed_links``)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.letters import in_language_of
from accounts.lifecycle import mailed_links
from accounts.models import LinkPurpose, MailedLink
from foundation import mail, outbox, public_urls

# V-7: the admin, which recovery is for, is on the deployment's host only, and so are these pages.
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
    url = public_urls.absolute(reverse(PAGES[purpose], args=[mailed_links.seal(link)]))
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
