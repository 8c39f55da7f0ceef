"""Second factors of a person: enrol, use once, remove, reset by an admin (V-8, V-11, A-9).

Everything here takes the lock on the person's row first, so that two requests can't spend one code. The person is told
by mail of every change. Whoever calls ``add_…`` and ``remove_factor`` has asked for a fresh proof of who is there.
"""

from __future__ import annotations

import base64
import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import privilege, subjects, totp
from accounts.lifecycle import sessions
from accounts.models import EndReason, FactorKind, RecoveryCode, SecondFactor, SecondStep, User
from accounts.second_factor import requires_second_factor
from audit.actors import Actor, ActorKind
from audit.recorder import record
from audit.refusals import Refused, refusals_audited
from foundation import mail
from foundation.encryption import is_unreadable
from foundation.secret_tokens import digest
from foundation.transactions import in_transaction

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

FACTORS_MAX = 10
RECOVERY_CODES = 10
_CODE_BYTES = 10  # 80 bits: sixteen letters of Base32


class WrongCode(Refused):
    """The code is wrong, too old, or was used before."""

    code = "second_factor.wrong"


class LastFactor(Refused):
    """Whoever needs a second factor keeps one (V-11)."""

    code = "second_factor.last"


class TooManyFactors(Refused):
    """There are enough, or this very passkey is here already."""

    code = "second_factor.too_many"


@dataclass(frozen=True, slots=True)
class Passkey:
    """A WebAuthn credential that was verified: attested credential data, its id, host name and counter."""

    data: bytes
    credential_id: bytes
    rp_id: str
    sign_count: int

    @property
    def digest(self) -> str:
        """What it is found by."""
        return credential_digest(self.credential_id)


def credential_digest(credential_id: bytes) -> str:
    """Return what is stored to find a passkey by its id."""
    return digest(base64.urlsafe_b64encode(credential_id).decode())


@refusals_audited
@in_transaction
def add_authenticator(*, user: User, actor: Actor, name: str, secret: str, code: str) -> SecondFactor:
    """Enrol an authenticator app that shows the right code for ``secret``. Raises ``WrongCode``, ``TooManyFactors``."""
    locked = _own(user, actor, "second_factor.add")
    step = totp.step_of(secret, code, now=timezone.now().timestamp())
    if step is None:
        raise WrongCode(
            "The code of the new authenticator app was wrong.",
            actor=actor,
            action="second_factor.add",
            subject=subjects.of_user(locked),
        )
    return _add(
        locked,
        actor,
        SecondFactor(kind=FactorKind.TOTP, name=name.strip()[:80], secret=secret, last_step=step),
    )


@refusals_audited
@in_transaction
def add_passkey(*, user: User, actor: Actor, name: str, passkey: Passkey) -> SecondFactor:
    """Enrol a passkey whose registration was verified. Raises ``TooManyFactors``, also for one that is known."""
    locked = _own(user, actor, "second_factor.add")
    if SecondFactor.objects.filter(credential_digest=passkey.digest).exists():
        raise TooManyFactors(
            "This passkey is enrolled already.",
            actor=actor,
            action="second_factor.add",
            subject=subjects.of_user(locked),
        )
    factor = SecondFactor(
        kind=FactorKind.PASSKEY,
        name=name.strip()[:80],
        credential=base64.b64encode(passkey.data).decode(),
        credential_digest=passkey.digest,
        rp_id=passkey.rp_id,
        sign_count=passkey.sign_count,
    )
    return _add(locked, actor, factor)


@refusals_audited
@in_transaction
def remove_factor(*, factor: SecondFactor, actor: Actor) -> None:
    """Remove one of one's own. Raises ``LastFactor`` for people of V-11; recovery codes go with the last one."""
    locked = _own(factor.user, actor, "second_factor.remove")
    others = SecondFactor.objects.filter(user=locked).exclude(pk=factor.pk)
    if not others.exists() and requires_second_factor(locked):
        raise LastFactor(
            f"{locked.user_name} needs a second factor; another one comes first.",
            actor=actor,
            action="second_factor.remove",
            subject=subjects.of_user(locked),
        )
    SecondFactor.objects.filter(pk=factor.pk, user=locked).delete()
    if not others.exists():
        RecoveryCode.objects.filter(user=locked).delete()
    _say(locked, actor, "second_factor.removed", f"{factor.get_kind_display()} “{factor.name}” was removed")


@refusals_audited
@in_transaction
def reset_factors(*, user: User, actor: Actor) -> bool:
    """Remove all factors of somebody else, who lost them, and end their sessions (V-8); return whether any were there.

    People of V-11 enrol anew at their next sign-in. Nobody resets their own: that would be a way past the fresh proof.
    """
    locked = User.objects.select_for_update().get(pk=user.pk)
    subject = subjects.of_user(locked)
    privilege.require_over(actor, locked, action="second_factor.reset", subject=subject)
    if actor.kind not in (ActorKind.USER, ActorKind.CONFIGURATION, ActorKind.SYSTEM) or actor.id == str(
        locked.pk
    ):
        raise privilege.NotAllowed(
            "A second factor is reset by somebody else who stands above.",
            actor=actor,
            action="second_factor.reset",
            subject=subject,
        )
    there = drop_all(locked)
    if not there:
        return False
    sessions.end_all_sessions(user=locked, actor=actor, reason=EndReason.ACCESS, quietly=True)
    _say(locked, actor, "second_factor.reset", f"all second factors were reset by {actor.label}")
    user.refresh_from_db()
    return True


@refusals_audited
@in_transaction
def make_recovery_codes(*, user: User, actor: Actor) -> list[str]:
    """Replace the recovery codes; return the plain ones, which nobody can read again."""
    locked = _own(user, actor, "second_factor.recovery_codes")
    plain = [base64.b32encode(secrets.token_bytes(_CODE_BYTES)).decode() for _ in range(RECOVERY_CODES)]
    RecoveryCode.objects.filter(user=locked).delete()
    RecoveryCode.objects.bulk_create(RecoveryCode(user=locked, digest=digest(code)) for code in plain)
    _say(locked, actor, "second_factor.recovery_codes", "new recovery codes were made; older ones are void")
    return ["-".join(code[at : at + 4] for at in range(0, len(code), 4)) for code in plain]


def use_code(locked: User, code: str) -> str | None:
    """Spend a code of an app or a recovery code of a person whose row is locked; return what it was, None if wrong."""
    now = timezone.now()
    for factor in SecondFactor.objects.filter(user=locked, kind=FactorKind.TOTP):
        if is_unreadable(factor, "secret"):
            continue
        step = totp.step_of(factor.secret, code, now=now.timestamp(), after=factor.last_step)
        if step is not None:
            factor.last_step, factor.last_used_at = step, now
            factor.save(update_fields=["last_step", "last_used_at"])
            return FactorKind.TOTP.value
    typed = re.sub(r"[\s-]", "", code).upper()
    spent = RecoveryCode.objects.filter(user=locked, digest=digest(typed), used_at=None).update(used_at=now)
    return "recovery_code" if spent else None


def has_unreadable_app(user: User) -> bool:
    """Tell whether a person has an authenticator app whose codes can't be checked: no present key opens its secret."""
    apps = SecondFactor.objects.filter(user=user, kind=FactorKind.TOTP)
    return any(is_unreadable(factor, "secret") for factor in apps)


def use_passkey(factor: SecondFactor, sign_count: int) -> bool:
    """Note the use of a passkey whose assertion was verified; False when its counter didn't go up (WebAuthn §6.1.1)."""
    if (sign_count or factor.sign_count) and sign_count <= factor.sign_count:
        return False
    factor.sign_count, factor.last_used_at = sign_count, timezone.now()
    factor.save(update_fields=["sign_count", "last_used_at"])
    return True


def tell_of_guesses(locked: User) -> None:
    """Tell a person by mail that somebody who knows their password types wrong codes."""
    _mail(locked, gettext_lazy("Too many wrong codes were typed after your password."))


def drop_all(locked: User) -> bool:
    """Delete factors, codes and waiting steps of a person; return whether there was a factor."""
    there, _rows = SecondFactor.objects.filter(user=locked).delete()
    RecoveryCode.objects.filter(user=locked).delete()
    SecondStep.objects.filter(user=locked, spent_at=None).update(spent_at=timezone.now())
    return bool(there)


def _own(user: User, actor: Actor, action: str) -> User:
    locked = User.objects.select_for_update().get(pk=user.pk)
    if actor.kind is not ActorKind.USER or actor.id != str(locked.pk) or not locked.can_sign_in:
        raise privilege.NotAllowed(
            "Only the person themself changes their second factor.",
            actor=actor,
            action=action,
            subject=subjects.of_user(locked),
        )
    return locked


def _add(locked: User, actor: Actor, factor: SecondFactor) -> SecondFactor:
    if SecondFactor.objects.filter(user=locked).count() >= FACTORS_MAX:
        raise TooManyFactors(
            f"{FACTORS_MAX} second factors are enough; remove one first.",
            actor=actor,
            action="second_factor.add",
            subject=subjects.of_user(locked),
        )
    factor.user = locked
    factor.name = factor.name or str(factor.get_kind_display())
    factor.save()
    _say(locked, actor, "second_factor.added", f"{factor.get_kind_display()} “{factor.name}” was added")
    return factor


def _say(locked: User, actor: Actor, action: str, what: str) -> None:
    record(
        actor=actor, action=action, subject=subjects.of_user(locked), message=f"{locked.user_name}: {what}."
    )
    _mail(locked, _TOLD[action])


_TOLD = {
    "second_factor.added": gettext_lazy("A second factor was added to your account."),
    "second_factor.removed": gettext_lazy("A second factor was removed from your account."),
    "second_factor.reset": gettext_lazy(
        "An administrator removed all your second factors and recovery codes."
    ),
    "second_factor.recovery_codes": gettext_lazy("New recovery codes were made; older ones no longer work."),
}


def _mail(locked: User, what: StrOrPromise) -> None:
    if not locked.email:
        return
    words = {
        "product": settings.BROKER_PRODUCT_NAME,
        "user_name": locked.user_name,
        "support": settings.BROKER_SUPPORT_EMAIL,
    }
    with translation.override(locked.language or settings.LANGUAGE_CODE):
        surprise = _("If this is a surprise, change your password and write to %(support)s at once.")
        signature = _("This concerns %(user_name)s at %(product)s.")
        mail.queue_mail(
            to=[locked.email],
            subject=_("%(product)s: your second factor") % words,
            body=f"{what}\n{signature % words}\n\n{surprise % words}\n",
        )
