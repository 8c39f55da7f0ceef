"""What people do with their own second factors on My access, and the fresh proof that it takes (A-9, V-11)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from accounts.models import RecoveryCode, SecondFactor, User, UserSession
from accounts.privilege import is_admin
from accounts.second_factor import has_second_factor
from sso import second_step
from sso.password import confirm_password

FRESH = timedelta(minutes=15)
WAY = "my_access"
_CONFIRMED = "second_factor.confirmed_at"  # in the session: Unix time


@dataclass(frozen=True, slots=True)
class Summary:
    """What My access says."""

    offered: bool
    enrolled: bool


def summary(user: User) -> Summary:
    """Tell whether a second factor is of use to a person (a password, or recovery as an admin) and is there."""
    enrolled = has_second_factor(user)
    return Summary(enrolled or can_confirm(user) or is_admin(user), enrolled)


def own(user: User) -> list[SecondFactor]:
    """Return a person's factors, oldest first."""
    return list(SecondFactor.objects.filter(user=user))


def codes_left(user: User) -> int:
    """Return how many recovery codes are unused."""
    return RecoveryCode.objects.filter(user=user, used_at=None).count()


def can_confirm(user: User) -> bool:
    """Tell whether a person has a password that they may use."""
    return user.has_usable_password() and (user.account is None or user.account.password_sign_in_allowed)


def is_fresh(request: HttpRequest) -> bool:
    """Tell whether the person proved who they are within the last quarter of an hour: signed in, or confirmed."""
    session = getattr(request, "user_session", None)
    if not isinstance(session, UserSession) or session.in_recovery:  # V-15: a link proves no factor's owner
        return False
    since = timezone.now() - FRESH
    confirmed = request.session.get(_CONFIRMED)
    return session.created_at > since or (isinstance(confirmed, int) and confirmed > since.timestamp())


def confirm(request: HttpRequest, user: User, password: str) -> bool:
    """Check the password and remember for a quarter of an hour that it was right."""
    if not can_confirm(user) or not confirm_password(request, user, password):
        return False
    request.session[_CONFIRMED] = int(timezone.now().timestamp())
    return True


def start(request: HttpRequest, user: User) -> HttpResponse:
    """Send a person whose proof is fresh to where a factor is enrolled."""
    return second_step.begin(request, user, second_step.Then(WAY), enrolling=True)


@second_step.goes_on(WAY, signed_in=True)
def back(request: HttpRequest, user: User, next_url: str, context: str) -> str:
    """Return to the list; the session stays what it was."""
    return reverse("sso:second_factor")
