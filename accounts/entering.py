"""Whether a session lets its person into another account as a guest, asked on every request (V-10, V-11, R-6).

A guest stays who they are in their native account; a session that entered another account only carries the row of
``GuestAccess`` that lets it. The grant, the account and the session are looked at each time, so that what ended or was
tightened counts at the next request.
"""

from __future__ import annotations

from django.utils import timezone

from accounts.models import GuestAccess, User, UserSession


def why_not(access: GuestAccess, user: User, session: UserSession) -> str:
    """Return the code of what keeps this session out of ``access.account``, "" when nothing does.

    Under a mandatory policy a password never enters (V-10), whatever the native account takes; a recovery link, which
    proves a mailbox alone, enters nowhere (V-15); and a session is no older than the account allows its own people
    (L-13).
    """
    account = access.account
    if access.user_id != user.pk or session.user_id != user.pk or not user.can_sign_in:
        return "guest.not_yours"
    if not access.is_open:
        return "guest.over"
    if account.closed_at is not None:
        return "guest.account_closed"
    if session.in_recovery:
        return "guest.in_recovery"
    if not account.password_sign_in_allowed and session.provider_id is None:
        return "guest.sso_required"
    if session.created_at + account.max_session_age <= timezone.now():
        return "guest.session_too_old"
    return ""


def entered(session: UserSession | None, user: User) -> GuestAccess | None:
    """Return what lets this session be in another account now, None when it is at home or the grant no longer holds."""
    if session is None or session.guest_access_id is None:
        return None
    access = GuestAccess.objects.select_related("account").filter(pk=session.guest_access_id).first()
    return access if access is not None and not why_not(access, user, session) else None
