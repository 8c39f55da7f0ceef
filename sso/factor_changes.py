"""What people do with their own second factors on My access (A-9, V-11); that takes ``sso.reauthentication``."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from accounts.models import RecoveryCode, SecondFactor, User
from accounts.privilege import is_admin
from accounts.second_factor import has_second_factor
from sso import second_step
from sso.password import may_use_password

WAY = "my_access"


@dataclass(frozen=True, slots=True)
class Summary:
    """What My access says."""

    offered: bool
    enrolled: bool
    has_password: bool  # that they may use


def summary(user: User) -> Summary:
    """Tell whether a second factor is of use to a person (a password, or recovery as an admin) and is there."""
    enrolled, has_password = has_second_factor(user), may_use_password(user)
    return Summary(enrolled or has_password or is_admin(user), enrolled, has_password)


def own(user: User) -> list[SecondFactor]:
    """Return a person's factors, oldest first."""
    return list(SecondFactor.objects.filter(user=user))


def codes_left(user: User) -> int:
    """Return how many recovery codes are unused."""
    return RecoveryCode.objects.filter(user=user, used_at=None).count()


def start(request: HttpRequest, user: User) -> HttpResponse:
    """Send a person whose proof is fresh to where a factor is enrolled."""
    return second_step.begin(request, user, second_step.Then(WAY), enrolling=True)


@second_step.goes_on(WAY, signed_in=True)
def back(request: HttpRequest, user: User, next_url: str, context: str) -> str:
    """Return to the list; the session stays what it was."""
    return reverse("sso:second_factor")
