"""The first factor of operators, vendor staff and partner admins takes a mailed code (V-11).

Their first password was chosen by somebody else, travelled, and may lie in a mail or a ticket. Whoever found it would
otherwise enrol a factor of their own before its person ever came, and keep the strongest door. So a code is mailed to
the person's address, and typed before anything can be enrolled; the mail also tells them that their password was used.
The same holds after an operator reset their factors. It is taken by ``enrolling.take_mailed_code``.
"""

from __future__ import annotations

import base64
import secrets
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import subjects
from accounts.letters import in_language_of
from accounts.models import SecondStep
from accounts.recovery import masked
from audit.actors import Actor, ActorKind
from audit.recorder import record
from foundation import mail, outbox
from foundation.client_address import client_address
from foundation.rate_limits import hit
from foundation.secret_tokens import digest
from sso.refusals import Code, SignInRefused

KIND = "second_step.mail_code"
MAILS_PER_HOUR = 10  # to one person
_BYTES = 6  # 48 bits: ten letters of Base32, of which ten may be guessed


def mail_code(request: HttpRequest, step: SecondStep) -> None:
    """Save a new step and have a code mailed to its person.

    Raises ``SignInRefused`` when no address is known, or too many codes were sent.
    """
    user = step.user
    if not user.email:
        raise SignInRefused(
            Code.NO_MAILBOX, f"{user.user_name} has no e-mail address for the first factor's code"
        )
    if not hit("first-factor", str(user.pk), limit=MAILS_PER_HOUR, seconds=3600).allowed:
        raise SignInRefused(
            Code.TOO_MANY, f"more than {MAILS_PER_HOUR} codes in an hour for {user.user_name}"
        )
    step.awaits_mailed_code = True
    with transaction.atomic():
        step.save(force_insert=True)
        outbox.add(KIND, {"step": str(step.pk)})
        record(
            actor=Actor(ActorKind.USER, str(user.pk), user.user_name, client_address(request)),
            action="second_factor.code_mailed",
            subject=subjects.of_user(user),
            message=f"{user.user_name} has no second factor; a code to set one up was mailed to {masked(user.email)}.",
        )


@outbox.handles(KIND)
def send(payload: dict[str, Any]) -> None:
    """Make the code while it is mailed, so that no row of ours ever held it; a code that was sent before is void."""
    rows = SecondStep.objects.filter(pk=payload["step"], awaits_mailed_code=True, spent_at=None)
    step = rows.filter(expires_at__gt=timezone.now()).select_related("user__account").first()
    if step is None:
        return
    code = base64.b32encode(secrets.token_bytes(_BYTES)).decode().rstrip("=")
    rows.update(mailed_digest=digest(code))
    with in_language_of(step.user):
        names = {"product": settings.BROKER_PRODUCT_NAME, "person": step.user.user_name}
        lead = _(
            "Somebody signed in as %(person)s with the right password and wants to set up a second factor."
        )
        use = _("If it was you, type this code within 10 minutes:")
        warning = _("If it was not you, your password is known to others: tell an operator at once.")
        body = f"{lead % names}\n{use}\n\n{code[:5]}-{code[5:]}\n\n{warning}\n"
        mail.deliver(to=step.user.email, subject=_("%(product)s: your code") % names, body=body)
