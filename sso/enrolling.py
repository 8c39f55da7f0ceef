"""Enrol a second factor in a step: at the first sign-in that needs one (V-11), or from My access (A-9).

What is being enrolled (the app's secret, the passkey's challenge) waits in the step's row, not in the page, so nothing
that a stranger prepared can be enrolled. Recovery codes come with the first factor.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import segno
from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe

from accounts import subjects, totp
from accounts.lifecycle import factors
from accounts.models import FactorKind, RecoveryCode, SecondStep
from accounts.second_factor import PROVEN
from audit.recorder import record_refusal
from audit.refusals import Refused, audit_refusal
from foundation.encryption import is_unreadable
from foundation.secret_tokens import matches
from sso import factor_proof, second_step, webauthn

WRONG_MAILED_CODE = "second_factor.wrong_mailed_code"


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What a finished enrolment leads to: the session's context, and recovery codes to show this once."""

    context: str
    recovery_codes: tuple[str, ...]


def take_mailed_code(request: HttpRequest, step: SecondStep, typed: str) -> bool:
    """Tell whether it is the code of ``sso.first_factor``; the step then goes on, with ten minutes of its own."""
    code = re.sub(r"[\s-]", "", typed).upper()
    waiting = SecondStep.objects.filter(pk=step.pk, awaits_mailed_code=True, spent_at=None)
    if step.mailed_digest and matches(code, step.mailed_digest):
        later = timezone.now() + second_step.LIFETIME
        return bool(waiting.update(awaits_mailed_code=False, mailed_digest="", expires_at=later))
    waiting.update(failures=F("failures") + 1)
    record_refusal(
        actor=second_step.actor_of(request, step.user),
        action="second_factor.refused",
        subject=subjects.of_user(step.user),
        message=f"{step.user.user_name}: a wrong code from the mail.",
        reason=WRONG_MAILED_CODE,
    )
    return False


def secret_of(step: SecondStep) -> str:
    """Return the secret that the step offers to an authenticator app; the same one until the step is over."""
    if is_unreadable(step, "secret") or not step.secret:
        step.secret = totp.new_secret()
        step.save(update_fields=["secret"])
    return step.secret


def app_address(step: SecondStep) -> str:
    """Return the address that opens an authenticator app on this device."""
    return totp.address(secret_of(step), issuer=settings.BROKER_PRODUCT_NAME, label=step.user.user_name)


def app_picture(step: SecondStep) -> SafeString:
    """Return the same address as a QR code, an SVG element to stand in the page: it is in no URL and no file (V-24).

    Black on white in every colour scheme, since not every camera app reads the reverse, with the quiet zone of
    ISO/IEC 18004 around it.
    """
    code = segno.make_qr(app_address(step), error="m")
    # The library writes it, and of what is in the address only modules of the pattern.
    return mark_safe(code.svg_inline(omitsize=True, svgclass="qr-code", lineclass=None, light="#fff"))  # noqa: S308


def options_of(request: HttpRequest, step: SecondStep) -> str:
    """Return what the browser makes a passkey with; its challenge is the step's."""
    known = factor_proof.passkeys(request, step.user)
    return webauthn.creation_options(request, step.user, known, factor_proof.open_challenge(step))


def by_code(request: HttpRequest, step: SecondStep, *, name: str, code: str) -> Enrolled | None:
    """Enrol the app whose code this is; None when the code is wrong. Raises ``SignInRefused``, ``TooManyFactors``."""
    actor, secret = second_step.actor_of(request, step.user), secret_of(step)
    try:
        with transaction.atomic():
            second_step.spend(step)
            factors.add_authenticator(user=step.user, actor=actor, name=name, secret=secret, code=code)
            return _enrolled(request, step, FactorKind.TOTP)
    except Refused as refusal:
        audit_refusal(refusal)
        if isinstance(refusal, factors.WrongCode):
            SecondStep.objects.filter(pk=step.pk).update(failures=F("failures") + 1)
            return None
        raise


def by_passkey(request: HttpRequest, step: SecondStep, *, name: str, answer: str) -> Enrolled | None:
    """Enrol the passkey that the browser made; None when its answer doesn't hold. Raises as ``by_code``."""
    challenge = factor_proof.take_challenge(step)
    try:
        passkey = webauthn.registered(request, answer, challenge)
    except webauthn.PasskeyRefused:
        return None
    actor = second_step.actor_of(request, step.user)
    try:
        with transaction.atomic():
            second_step.spend(step)
            factors.add_passkey(user=step.user, actor=actor, name=name, passkey=passkey)
            return _enrolled(request, step, FactorKind.PASSKEY)
    except Refused as refusal:
        audit_refusal(refusal)
        raise


def _enrolled(request: HttpRequest, step: SecondStep, kind: FactorKind) -> Enrolled:
    codes: list[str] = []
    if not RecoveryCode.objects.filter(user=step.user, used_at=None).exists():
        codes = factors.make_recovery_codes(user=step.user, actor=second_step.actor_of(request, step.user))
    return Enrolled(f"{PROVEN}{kind.value}", tuple(codes))
