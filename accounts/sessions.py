"""The browser's session, checked on every request (design rule 10, V-7, V-12).

Django drops people whose ``session_epoch`` moved (it is part of the session hash) and people who may not sign in. This
adds what only the ``UserSession`` row knows: that it was ended, that it is too old, that it lives on this host. One
query a request for signed-in people, none for others.
"""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth import logout
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import EndReason, User, UserSession
from accounts.password_admins import is_keeper
from accounts.second_factor import is_proven
from foundation.secret_tokens import digest

PASSWORD_BACKEND = "accounts.backends.RealmPasswordBackend"  # noqa: S105 -- a class


def key_digest(session_key: str) -> str:
    """Return what ``UserSession`` stores of a session key."""
    return digest(session_key)


def open_user_session(
    *, user: User, session_key: str, host: str, expires_at: datetime, address: str, agent: str, track_id: str
) -> UserSession:
    """Write the row of a session that just began; the caller adds what the provider said."""
    return UserSession(
        user=user,
        account_id=user.account_id,
        key_digest=key_digest(session_key),
        host=host,
        expires_at=expires_at,
        address=address or None,
        agent=agent[:300],
        track_id=track_id,
    )


def current(request: HttpRequest) -> UserSession | None:
    """Return the row of the request's session when it is still good, None otherwise; nothing is changed."""
    key = request.session.session_key
    if not key:
        return None
    row = UserSession.objects.filter(key_digest=key_digest(key), ended_at=None).first()
    if row is None or row.expires_at <= timezone.now() or row.host != request.get_host().lower():
        return None
    return row


def _may_not_go_on(user: User, row: UserSession) -> bool:
    """Tell whether the account was closed, its maximum session age is over by now (L-13), or a factor lacks (V-11)."""
    if not is_proven(user, provider_id=row.provider_id, context=row.context):
        return True
    account = getattr(user, "account", None)
    if account is None:
        return False
    return account.closed_at is not None or row.created_at + account.max_session_age <= timezone.now()


def _password_not_taken(request: HttpRequest, row: UserSession) -> bool:
    """Tell whether a session that began with a password would not begin with one now (L-3, R-4).

    A switch to single sign-on only reaches browsers that are signed in already at their next request. A session counts
    as one of a password unless its row names a provider; one that a recovery link opened past single sign-on stays
    (L-9).
    """
    account = getattr(request.user, "account", None)
    if account is None or row.provider_id is not None or row.in_recovery:
        return False
    managed = account.sso_authorization and getattr(request.user, "connected", False)
    refused = managed or not account.password_sign_in_allowed
    return refused and not (isinstance(request.user, User) and is_keeper(request.user))


def enforce(request: HttpRequest) -> UserSession | None:
    """Return the good session of a signed-in request; sign the browser out when its session is over."""
    if not request.user.is_authenticated:
        return None
    row = current(request)
    if row is not None and _password_not_taken(request, row):
        UserSession.objects.filter(pk=row.pk, ended_at=None).update(
            ended_at=timezone.now(), end_reason=EndReason.ACCESS
        )
        row = None
    if row is None or row.user_id != request.user.pk or _may_not_go_on(request.user, row):
        key = request.session.session_key
        if key:
            UserSession.objects.filter(
                key_digest=key_digest(key), ended_at=None, expires_at__lte=timezone.now()
            ).update(ended_at=timezone.now(), end_reason=EndReason.EXPIRED)
        logout(request)
        return None
    return row
