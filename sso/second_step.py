"""The step between a right password and a session (V-11, A-9); recovery goes through it, too (V-15).

    second_step   sends a browser to the second step, or says that its person needs none
    find          returns the open step that a request is about
    goes_on       registers what a finished step leads to, by the name of the way in

A step is a row, no session: one-time, ten minutes, bound to browser, host and the password of that moment (V-16). The
page is ``/second-step/``. Proving is in ``factor_proof``, enrolling in ``enrolling``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from accounts.models import SecondStep, User
from accounts.second_factor import has_second_factor, requires_second_factor
from audit.actors import Actor, ActorKind
from foundation.client_address import client_address
from foundation.secret_tokens import digest, matches, random_secret
from sso import browser, first_factor
from sso.refusals import Code, SignInRefused, StartAgain

__all__ = ["PARAMETER", "Then", "begin", "find", "goes_on", "requires_second_factor", "second_step"]

LIFETIME = timedelta(minutes=10)
PARAMETER = "step"
ENROLMENT_TRIES = 10  # wrong codes of an app that is being enrolled; nothing is guessed there


@dataclass(frozen=True, slots=True)
class Then:
    """What follows a finished step: the way in that ``goes_on`` knows, and a ``next`` that was validated (L-7)."""

    way: str
    next_url: str = ""


# Opens the session (or does what the way is for) and returns the URL to go to; the text is ``UserSession.context``.
GoOn = Callable[[HttpRequest, User, str, str], str]
_ways: dict[str, GoOn] = {}
_signed_in_ways: set[str] = set()


def goes_on(way: str, *, signed_in: bool = False) -> Callable[[GoOn], GoOn]:
    """Register what a finished step of ``way`` leads to: ``(request, user, next_url, context) -> url``.

    It checks status and policy again and may raise ``SignInRefused``; minutes have passed. A ``signed_in`` way is open
    to the session of its person alone, any other to a browser without a session (V-19).
    """

    def keep(function: GoOn) -> GoOn:
        _ways[way] = function
        if signed_in:
            _signed_in_ways.add(way)
        return function

    return keep


def second_step(request: HttpRequest, user: User, then: Then) -> HttpResponse | None:
    """Return the way to the second step of ``user``, who just proved the first thing; None when they need none.

    People who need a factor and have none are led to enrol before anything opens (V-11).
    """
    if has_second_factor(user):
        return begin(request, user, then, enrolling=False)
    return begin(request, user, then, enrolling=True, first=True) if requires_second_factor(user) else None


def begin(
    request: HttpRequest, user: User, then: Then, *, enrolling: bool, first: bool = False
) -> HttpResponse:
    """Make a step and send this browser to its page.

    ``first`` is for somebody who enrols their first factor on the strength of a password alone: a code is mailed to
    them, which comes before (``sso.first_factor``). Raises ``SignInRefused`` when there is nowhere to mail it to.
    """
    handle, secret = random_secret(), browser.secret_or_new(request)
    step = SecondStep(
        user=user,
        way=then.way,
        next_url=then.next_url,
        enrolling=enrolling,
        handle_digest=digest(handle),
        browser_digest=browser.fingerprint(secret),
        host=request.get_host().lower(),
        proof=digest(user.get_session_auth_hash()),
        expires_at=timezone.now() + LIFETIME,
    )
    if first:
        first_factor.mail_code(request, step)
    else:
        step.save(force_insert=True)
    target = f"{reverse('sso:second_step')}?{urlencode({PARAMETER: handle})}"
    answer = HttpResponseRedirect(target, status=303)
    browser.remember(answer, secret)
    return answer


def find(request: HttpRequest) -> SecondStep:
    """Return the open step that the address names and this browser began. Raises ``SignInRefused``."""
    handle = request.GET.get(PARAMETER, "")
    step = SecondStep.objects.select_related("user__account").filter(handle_digest=digest(handle)).first()
    if step is None or step.host != request.get_host().lower():
        raise SignInRefused(Code.STEP_OVER, "no such second step")
    again = StartAgain(step.user.account, "", step.next_url)
    if not browser.is_same(request, step.browser_digest):
        raise SignInRefused(Code.STEP_OVER, "a second step that another browser began")
    if step.spent_at is not None or step.expires_at <= timezone.now():
        raise SignInRefused(
            Code.STEP_OVER, f"a second step of {step.user.user_name} that is over", again=again
        )
    if step.enrolling and step.failures >= ENROLMENT_TRIES:
        raise SignInRefused(Code.STEP_OVER, "too many wrong codes of a new app", again=again)
    wanted = step.user_id if step.way in _signed_in_ways else None
    if request.user.pk != wanted:
        raise SignInRefused(Code.STEP_OVER, "a second step beside a session that is not its own")
    require_unchanged(step, step.user)
    return step


def require_unchanged(step: SecondStep, user: User) -> None:
    """Raise ``SignInRefused`` when password, sessions or status of the person changed since the first step."""
    if not user.can_sign_in or not matches(user.get_session_auth_hash(), step.proof):
        raise SignInRefused(Code.STEP_OVER, f"{user.user_name} changed during a second step")


def spend(step: SecondStep) -> None:
    """End the step and erase what it kept; raise ``SignInRefused`` when another request did."""
    ended = {"spent_at": timezone.now(), "secret": "", "challenge": ""}
    if not SecondStep.objects.filter(pk=step.pk, spent_at=None).update(**ended):
        raise SignInRefused(Code.STEP_OVER, "a second step that was just spent")


def finish(request: HttpRequest, step: SecondStep, context: str) -> str:
    """Do what the way in is for, with a step that was spent, and return the URL to go to."""
    return _ways[step.way](request, step.user, step.next_url, context)


def actor_of(request: HttpRequest, user: User) -> Actor:
    """Return the person as the one who acts."""
    return Actor(ActorKind.USER, str(user.pk), user.user_name, client_address(request))
