"""Guests of an account: enter it, leave it, and end their access (V-10, R-6)."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import entering, privilege, subjects
from accounts.models import GuestAccess, User, UserSession
from audit.actors import Actor
from audit.recorder import record
from audit.refusals import Refused, refusals_audited
from foundation import public_urls
from foundation.transactions import in_transaction


class EntryRefused(Refused):
    """This session may not enter the account; ``code`` says why (``accounts.entering.why_not``)."""

    code = "guest.refused"


@refusals_audited
@in_transaction
def enter_account(*, access: GuestAccess, session: UserSession, user: User, actor: Actor) -> None:
    """Let a session be in the account of ``access`` from now on; raises ``EntryRefused``."""
    row = GuestAccess.objects.select_for_update(of=("self",)).select_related("account").get(pk=access.pk)
    subject = subjects.of_guest_access(row)
    code = entering.why_not(row, user, session)
    if not code and session.host != public_urls.netloc():
        code = "guest.wrong_host"  # V-7: guests use the deployment's host only
    if code:
        raise EntryRefused(_told(code), code=code, actor=actor, action="guest.enter", subject=subject)
    UserSession.objects.filter(pk=session.pk, ended_at=None).update(guest_access=row)
    record(
        actor=actor,
        action="guest.entered",
        subject=subject,
        message=f"{user.user_name} entered {row.account.name} as {row.basis}.",
    )


@in_transaction
def leave_account(*, session: UserSession, actor: Actor) -> bool:
    """Bring a session home; False when it was there."""
    if session.guest_access_id is None:
        return False
    row = GuestAccess.objects.select_related("user").filter(pk=session.guest_access_id).first()
    UserSession.objects.filter(pk=session.pk).update(guest_access=None)
    if row is None:
        return False
    record(
        actor=actor,
        action="guest.left",
        subject=subjects.of_guest_access(row),
        message=f"{row.user.user_name} left.",
    )
    return True


@refusals_audited
@in_transaction
def end_guest_access(*, access: GuestAccess, actor: Actor) -> bool:
    """End somebody's access, at their next request; by an admin of the account. False when it was over."""
    row = GuestAccess.objects.for_account(access.account_id).select_for_update().get(pk=access.pk)
    subject = subjects.of_guest_access(row)
    privilege.require(
        actor, row.account_id, privilege.Authority.ACCOUNT_ADMIN, action="guest.end", subject=subject
    )
    if row.ended_at is not None:
        return False
    row.ended_at = timezone.now()
    row.save(update_fields=["ended_at"])
    UserSession.objects.filter(user=row.user_id, guest_access=row).update(guest_access=None)
    record(
        actor=actor,
        action="guest.ended",
        subject=subject,
        message=f"Access of {row.user.user_name} as {row.basis} was ended.",
    )
    return True


def _told(code: str) -> str:
    texts = {
        "guest.not_yours": _("This is not yours."),
        "guest.over": _("Your access as a guest is over. Ask whoever invited you for a new invitation."),
        "guest.account_closed": _("This account is closed."),
        "guest.in_recovery": _(
            "You came with a recovery link, which is for your own account only. Sign out and sign in as usual."
        ),
        "guest.sso_required": _(
            "This account takes single sign-on only. Sign out and sign in through your company's identity provider."
        ),
        "guest.session_too_old": _(
            "You signed in too long ago for this account. Sign out and sign in again."
        ),
        "guest.wrong_host": _("Guests enter from the main address of this product only."),
    }
    return texts[code]
