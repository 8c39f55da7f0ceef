"""Connect single sign-on to a person who is signed in here already ("connect SSO", V-3, V-18).

People with a password or an admin role are never linked by a name or address alone. They sign in here with their
password and press a button on My access; its address holds a signed, short-lived ticket, so that nobody else's page can
start this in their browser. The password session must be fresh: that is what "proved at that moment" means.
"""

from __future__ import annotations

from datetime import timedelta

from django.core import signing
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import User, UserSession
from sso import login_options
from sso.ending_host import is_deployments
from sso.login_options import Button

FRESH = timedelta(minutes=15)
PARAMETER = "connect"
_SALT = "sso.connect"


def buttons(request: HttpRequest, user: User) -> list[Button]:
    """Return the ways in which this person could connect single sign-on; none once they have.

    They begin and end where the person is signed in: on the deployment's host, or the account's own (V-7).
    """
    if user.account is None or user.connected:
        return []
    ticket = signing.dumps(str(user.pk), salt=_SALT)
    return login_options.buttons_of(
        user.account,
        email=user.email,
        next_url="/",
        displayed="",
        extra={PARAMETER: ticket},
        on_the_deployment=is_deployments(request),
    )


def asker(request: HttpRequest) -> User | None:
    """Return the signed-in person whose own page asked for this, None when nobody's did."""
    user = request.user
    ticket = request.GET.get(PARAMETER, "")
    if not ticket or not isinstance(user, User) or not is_fresh(request):
        return None
    try:
        asked_by = signing.loads(ticket, salt=_SALT, max_age=FRESH)
    except signing.BadSignature:
        return None
    return user if asked_by == str(user.pk) else None


def is_fresh(request: HttpRequest) -> bool:
    """Tell whether this browser's session began with a password a short while ago."""
    session = getattr(request, "user_session", None)
    if not isinstance(session, UserSession) or session.provider_id is not None or session.in_recovery:
        return False  # a recovery link proves a mailbox, not a password
    return session.created_at > timezone.now() - FRESH
