"""Prove an enrolled factor in a second step: by a code, or by a passkey (V-11).

Each runs under the lock of the person's row, so that no code is spent twice and no guess goes uncounted. Ten wrong
codes within an hour, whatever step they were typed in, stop codes for that person until the hour is over; only somebody
who knows the password gets so far, the person is told by mail, and a passkey, which can't be guessed, still works.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import F, Sum
from django.http import HttpRequest
from django.utils import timezone

from accounts import subjects
from accounts.lifecycle import factors
from accounts.models import FactorKind, SecondFactor, SecondStep, User
from accounts.second_factor import PROVEN
from audit.recorder import record_refusal
from sso import second_step, webauthn
from sso.refusals import Code, SignInRefused

CODES_MAX = 10  # wrong ones
CODES_WINDOW = timedelta(hours=1)


def by_code(request: HttpRequest, step: SecondStep, code: str) -> str | None:
    """Spend code and step; return the session's context, None when the code is wrong.

    Raises ``SignInRefused`` when too many were wrong, or the step is over.
    """
    with transaction.atomic():
        locked = _locked(step)
        if _wrong_codes(locked) >= CODES_MAX:
            raise SignInRefused(Code.STEP_LOCKED, f"too many wrong codes of {locked.user_name}")
        used = factors.use_code(locked, code)
        if used is None:
            SecondStep.objects.filter(pk=step.pk).update(failures=F("failures") + 1)
            if _wrong_codes(locked) >= CODES_MAX:
                factors.tell_of_guesses(locked)
        else:
            second_step.spend(step)
    if used is None and factors.has_unreadable_app(step.user):
        raise SignInRefused(
            Code.SECRET_UNREADABLE,
            f"an authenticator app of {step.user.user_name} can't be read; check BROKER_ENCRYPTION_KEYS, or reset it",
        )
    if used is None:
        _refuse(request, step, "a wrong code, or one that was used before")
        return None
    return f"{PROVEN}{used}"


def by_passkey(request: HttpRequest, step: SecondStep, answer: str) -> str | None:
    """Check the browser's answer to the step's challenge, which is spent with it; None when it doesn't hold."""
    with transaction.atomic():
        locked = _locked(step)
        challenge = take_challenge(step)
        try:
            factor, counter = webauthn.asserted(request, passkeys(request, locked), answer, challenge)
            if not factors.use_passkey(factor, counter):
                raise webauthn.PasskeyRefused("its counter didn't go up: there may be a copy of the key")
            why = ""
        except webauthn.PasskeyRefused as error:
            why = str(error)
        if not why:
            second_step.spend(step)
    if why:
        _refuse(request, step, f"passkey: {why}")
        return None
    return f"{PROVEN}{FactorKind.PASSKEY.value}"


def passkeys(request: HttpRequest, user: User) -> list[SecondFactor]:
    """Return the passkeys that work on this host."""
    here = webauthn.rp_id_of(request)
    return list(SecondFactor.objects.filter(user=user, kind=FactorKind.PASSKEY, rp_id=here))


def open_challenge(step: SecondStep) -> str:
    """Give the step a new challenge and return it; one that was shown before is void."""
    step.challenge = webauthn.new_challenge()
    step.save(update_fields=["challenge"])
    return step.challenge


def take_challenge(step: SecondStep) -> str:
    """Return the step's challenge and leave none: it is good for one answer."""
    challenge = SecondStep.objects.values_list("challenge", flat=True).get(pk=step.pk)
    SecondStep.objects.filter(pk=step.pk).update(challenge="")
    return challenge


def _locked(step: SecondStep) -> User:
    locked = User.objects.select_for_update().get(pk=step.user_id)
    second_step.require_unchanged(step, locked)
    return locked


def _wrong_codes(locked: User) -> int:
    lately = SecondStep.objects.filter(
        user=locked, enrolling=False, created_at__gt=timezone.now() - CODES_WINDOW
    )
    return int(lately.aggregate(sum=Sum("failures"))["sum"] or 0)


def _refuse(request: HttpRequest, step: SecondStep, why: str) -> None:
    record_refusal(
        actor=second_step.actor_of(request, step.user),
        action="second_factor.refused",
        subject=subjects.of_user(step.user),
        message=f"{step.user.user_name}: {why}.",
        reason="second_factor.wrong",
    )
