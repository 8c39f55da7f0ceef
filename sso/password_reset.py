"""A new password by mail, for people who may use one (A-9, L-3, V-15, V-26).

The link goes to the recovery address that the person confirmed here, never to the e-mail address, which a claim or a
directory may have written (V-15). Links are our own one-time rows (``accounts.lifecycle.mailed_links``) and not those
of Django's token generator, for three reasons: a second use, also at the same moment, is refused by the database;
signing in meanwhile doesn't end them, as it does where the token hangs on ``last_login``; and a leaked one is
recognised and masked in logs.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q, Window
from django.db.models.functions import RowNumber
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import lifecycle, subjects
from accounts.letters import in_language_of
from accounts.lifecycle import mailed_links
from accounts.lifecycle.locking import locked_row
from accounts.models import LinkPurpose, User
from accounts.recovery import Standing, masked, standing
from audit.actors import Actor, ActorKind
from audit.recorder import record
from audit.refusals import Refused, refusals_audited
from foundation import mail, outbox
from foundation.client_address import client_address
from foundation.folding import fold
from foundation.transactions import in_transaction
from sso.link_requests import Asked, note, shown
from sso.password import may_use_password

KIND = "password_reset.asked"
TARGET = "password-reset"  # in the failure log
NOBODY = "password_reset.nobody"
SSO_REQUIRED = "password_reset.sso_required"
ADDRESS_CHANGED = "password_reset.address_changed"
_NAMED_AT_MOST = (
    10  # of one account: an address is any account's to type, and must not use up another's share
)
_EXPLAINED_AT_MOST = 3  # mails to one mailbox about one request
_PAGE = "password reset page"


class ResetRefused(Refused):
    """The link was right, and its person may not set a password any more."""

    code = "password_reset.refused"


@outbox.handles(KIND)
def answer(payload: dict[str, Any]) -> None:
    """Mail a link to each person whom the address names, or why there is none."""
    asked = Asked.read(payload)
    named, explained = _named(asked.typed), 0
    if not named:
        message = f"a new password was asked for {shown(asked.typed)}"
        note(asked, code=NOBODY, message=message, target=TARGET)
    for user in named:
        code = _why_not(user)
        if code:
            message = f"a new password was asked for {user.user_name}"
            note(asked, code=code, message=message, target=TARGET, user=user)
            if explained < _EXPLAINED_AT_MOST:
                explained += _explain(user, code)
        else:
            _mail_link(user, asked)


def set_new_password(request: HttpRequest, token: str, password: str) -> User:
    """Spend a link, set a password that the caller has validated, end all sessions; return the person.

    Raises ``mailed_links.LinkRefused`` and ``ResetRefused``.
    """
    link = mailed_links.spend(token, LinkPurpose.PASSWORD)
    user = link.user
    actor = Actor(ActorKind.USER, str(user.pk), user.user_name, client_address(request))
    _set(user, actor, link.address, password)
    return user


@refusals_audited
@in_transaction
def _set(user: User, actor: Actor, address: str, password: str) -> None:
    locked = locked_row(user)
    code = _why_not(locked) or ("" if locked.recovery_email == address else ADDRESS_CHANGED)
    if code:
        raise ResetRefused(
            f"The link of {locked.user_name} can't be used any more.",
            code=code,
            actor=actor,
            action="password_reset.set",
            subject=subjects.of_user(locked),
        )
    lifecycle.set_password(user=locked, actor=actor, password=password)
    record(
        actor=actor,
        action="password_reset.done",
        subject=subjects.of_user(locked),
        message=f"{locked.user_name} set a new password with a mailed link.",
    )
    with in_language_of(locked):
        names = {"product": settings.BROKER_PRODUCT_NAME, "person": locked.user_name}
        mail.queue_mail(
            to=sorted({each for each in (locked.email, locked.recovery_email) if each}),
            subject=_("%(product)s: your password was changed") % names,
            body=_(
                "The password of %(person)s was changed and all sessions ended. If this was not you, tell an admin of "
                "your account at once."
            )
            % names
            + "\n",
        )


def _why_not(user: User) -> str:
    if not may_use_password(user):  # L-3, R-4; the keeper of a private deployment may
        return SSO_REQUIRED
    found = standing(user, timezone.now())
    return "" if found is Standing.READY else found.value


def _named(typed: str) -> list[User]:
    folded = fold(typed)
    if not folded:
        return []
    people = User.objects.able_to_sign_in().filter(Q(email_folded=folded) | Q(user_name_folded=folded))
    counted = people.annotate(place=Window(RowNumber(), partition_by="realm", order_by="pk"))
    return list(counted.filter(place__lte=_NAMED_AT_MOST).select_related("account").order_by("pk"))


def _mail_link(user: User, asked: Asked) -> None:
    with transaction.atomic():
        mailed_links.issue(
            user=user, purpose=LinkPurpose.PASSWORD, address=user.recovery_email, asked_from=asked.client
        )
        record(
            actor=Actor(ActorKind.SYSTEM, "", _PAGE, asked.client),
            action="password_reset.link_sent",
            subject=subjects.of_user(user),
            message=f"A link to set a new password was mailed to {user.user_name} at {masked(user.recovery_email)}.",
        )


def _explain(user: User, code: str) -> bool:
    """Tell the person, at their ordinary address, why no link comes; a stranger who asked sees nothing of it.

    Returns whether a mail went out.
    """
    if not user.email or code == Standing.ACCOUNT_CLOSED.value:
        return False
    names = {
        "product": settings.BROKER_PRODUCT_NAME,
        "person": user.user_name,
        "account": user.account.name if user.account else settings.BROKER_PRODUCT_NAME,
    }
    with in_language_of(user), transaction.atomic():
        if code == SSO_REQUIRED:
            text = _(
                "%(person)s signs in to %(account)s with the corporate account, so there is no password to reset."
            )
        else:
            text = _(
                "A new password was asked for, but %(person)s has no recovery address in %(account)s that was "
                "confirmed more than three days ago. Ask an admin of your account for help."
            )
        mail.queue_mail(
            to=[user.email],
            subject=_("%(product)s: no new password") % names,
            body=f"{text % names}\n" + _("If you did not ask for it, you can ignore this mail.") + "\n",
        )
    return True
