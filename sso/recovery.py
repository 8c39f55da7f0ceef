"""Recovery access: a single-use link that signs an SSO account admin in past single sign-on (L-9, V-15).

    ask      the page leaves the typed address in the outbox (sso.link_requests)
    answer   a worker finds the SSO account admins whom it names, mails their link to the confirmed recovery address and
             tells the account's other SSO account admins
    enter    a click spends the link; status, role and address are checked again, then the second factor
    finish   checks once more under a lock and opens a session of one hour, in which every change is marked

It works under a mandatory policy, for which it is made (L-3). The session lives on the deployment's host, where the
admin is (V-7).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import alerts, privilege, subjects
from accounts.letters import in_language_of
from accounts.lifecycle import mailed_links
from accounts.lifecycle.locking import locked_row
from accounts.models import AccountRoleMembership, BuiltInAccountRole, Kind, LinkPurpose, User
from accounts.recovery import Standing, masked, standing
from audit.actors import Actor, ActorKind
from audit.recorder import record
from audit.refusals import Refused, refusals_audited
from foundation import mail, outbox
from foundation.client_address import client_address
from foundation.folding import fold
from foundation.transactions import in_transaction
from sso import second_step
from sso.link_requests import Asked, note, shown
from sso.refusals import SignInRefused
from sso.second_step import Then
from sso.session import make_way, open_session

KIND = "recovery.asked"
TARGET = "recovery-access"  # in the failure log
WAY = "recovery"  # what the second step goes on to
HOME = "admin:index"  # where single sign-on is mended
SESSION = timedelta(hours=1)  # V-15
NOBODY = "recovery.nobody"
NOT_ADMIN = "recovery.not_admin"
ADDRESS_CHANGED = "recovery.address_changed"
_PAGE = "recovery access page"


class RecoveryRefused(Refused):
    """The link was right, and its person may not use it any more."""

    code = "recovery.refused"


# --- asked for --------------------------------------------------------------------------------------------------------


@outbox.handles(KIND)
def answer(payload: dict[str, Any]) -> None:
    """Mail a link to each SSO account admin whom the address names."""
    asked = Asked.read(payload)
    named = list(_named(asked.typed))
    if not named:
        message = f"recovery access was asked for {shown(asked.typed)}, who is no SSO account admin"
        note(asked, code=NOBODY, message=message, target=TARGET)
    for user in named:
        found = standing(user, timezone.now())
        if found is Standing.READY:
            _mail_link(user, asked)
        else:
            message = f"recovery access was asked for {user.user_name}"
            note(asked, code=found.value, message=message, target=TARGET, user=user)


def _named(typed: str) -> list[User]:
    folded = fold(typed)
    if not folded:
        return []
    held = AccountRoleMembership.objects.filter(
        Q(user__email_folded=folded) | Q(user__user_name_folded=folded),
        role__built_in=BuiltInAccountRole.SSO_ACCOUNT_ADMIN,
        role__account=F("user__account"),
        user__kind=Kind.MEMBER,
        user__deleted_at=None,
    )
    people = User.objects.present().filter(pk__in=held.values("user"))
    return list(people.select_related("account").order_by("pk"))


def _mail_link(user: User, asked: Asked) -> None:
    with transaction.atomic():
        mailed_links.issue(
            user=user, purpose=LinkPurpose.ACCESS, address=user.recovery_email, asked_from=asked.client
        )
        record(
            actor=Actor(ActorKind.SYSTEM, "", _PAGE, asked.client),
            action="recovery.link_sent",
            subject=subjects.of_user(user),
            message=f"A recovery link for {user.user_name} was mailed to {masked(user.recovery_email)}.",
        )
        _tell_others(user, used=False)


# --- used -------------------------------------------------------------------------------------------------------------


def enter(request: HttpRequest, token: str) -> HttpResponse | None:
    """Spend a link and sign its person in; None when that is done, else the page of what is still missing.

    Raises ``mailed_links.LinkRefused`` and ``RecoveryRefused``.
    """
    link = mailed_links.spend(token, LinkPurpose.ACCESS)
    _require_entitled(link.user, request, address=link.address)
    page = second_step.second_step(request, link.user, Then(WAY))
    if page is None:
        _open(request, link.user)
    else:
        make_way(request)  # a second step stands beside no session; the click was the person's word (V-19)
    return page


@second_step.goes_on(WAY)
def finish(request: HttpRequest, user: User, next_url: str, context: str) -> str:
    """Open the session of somebody who proved their second factor as well; return the URL to go to.

    Raises ``SignInRefused`` when status or role changed meanwhile.
    """
    try:
        _open(request, user, context)
    except RecoveryRefused as refusal:
        raise SignInRefused(refusal.code, refusal.message) from refusal
    return reverse(HOME)


def _open(request: HttpRequest, user: User, context: str = "") -> None:
    locked = _admit(user, request)
    open_session(request, locked, expires_at=timezone.now() + SESSION, context=context, in_recovery=True)


@refusals_audited
@in_transaction
def _admit(user: User, request: HttpRequest) -> User:
    locked = locked_row(user)
    _require_entitled(locked, request, address=user.recovery_email)
    record(
        actor=_actor(locked, request),
        action="recovery.signed_in",
        subject=subjects.of_user(locked),
        message=f"{locked.user_name} signed in with a recovery link, past single sign-on.",
    )
    _tell_others(locked, used=True)
    return locked


def _require_entitled(user: User, request: HttpRequest, *, address: str) -> None:
    code = standing(user, timezone.now()).value
    if code == Standing.READY.value:
        level = privilege.authority_of_user(user, user.account_id)
        if user.kind != Kind.MEMBER or level < privilege.Authority.SSO_ACCOUNT_ADMIN:
            code = NOT_ADMIN
        elif address != user.recovery_email:
            code = ADDRESS_CHANGED
        else:
            return
    raise RecoveryRefused(
        f"The recovery link of {user.user_name} can't be used any more.",
        code=code,
        actor=_actor(user, request),
        action="recovery.sign_in",
        subject=subjects.of_user(user),
    )


def _actor(user: User, request: HttpRequest) -> Actor:
    return Actor(ActorKind.USER, str(user.pk), user.user_name, client_address(request))


def _tell_others(user: User, *, used: bool) -> None:
    """Tell the account's other SSO account admins, and the person where their work mail is read."""
    told = set(alerts.other_sso_admin_addresses(user))
    if used and user.email:
        told.add(user.email)
    names = {
        "product": settings.BROKER_PRODUCT_NAME,
        "person": user.user_name,
        "account": user.account.name if user.account else "",
    }
    with in_language_of(user):
        if used:
            subject = _("%(product)s: recovery access was used in %(account)s") % names
            text = _("%(person)s signed in to %(account)s with a recovery link, past single sign-on.") % names
        else:
            subject = _("%(product)s: recovery access was asked for in %(account)s") % names
            text = _("A recovery link for %(person)s in %(account)s was asked for and mailed.") % names
        check = _("If you don't know why, ask them, and look into the audit trail.")
    mail.queue_mail(to=sorted(told), subject=subject, body=f"{text}\n{check}\n")
