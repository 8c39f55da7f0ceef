"""My recovery address: what a session must be to change it (V-15)."""

from __future__ import annotations

from django.http import HttpRequest

from accounts import lifecycle, privilege, subjects
from accounts.lifecycle import mailed_links
from accounts.models import Kind, LinkPurpose, User, UserSession
from audit.actors import Actor, ActorKind
from audit.refusals import Refused
from foundation.client_address import client_address
from foundation.rate_limits import hit
from sso import reauthentication

MAILS_PER_HOUR = 5


class ChangeRefused(Refused):
    """This session may not change the recovery address."""

    code = "recovery_address.refused"


NOT_FRESH, IN_RECOVERY, TOO_MANY = (
    "recovery_address.not_fresh",
    "recovery_address.in_recovery",
    "recovery_address.too_many",
)


def may_have_one(user: User) -> bool:
    """Tell whether a recovery address is of use: to SSO account admins (L-9), and to reset a password (A-9)."""
    if user.has_usable_password():
        return True
    level = privilege.authority_of_user(user, user.account_id)
    return user.kind == Kind.MEMBER and level >= privilege.Authority.SSO_ACCOUNT_ADMIN


def why_not_now(request: HttpRequest) -> str:
    """Return the code of what is wrong with this session, "" when it may change the address."""
    session = getattr(request, "user_session", None)
    if isinstance(session, UserSession) and session.in_recovery:
        return IN_RECOVERY  # whoever got in through the mailbox must not be able to keep it for good
    return "" if reauthentication.is_fresh(request) else NOT_FRESH


def ask(request: HttpRequest, user: User, address: str) -> None:
    """Mail a link to the new address. Raises ``Refused``."""
    actor = _fit_actor(request, user, "recovery_address.ask")
    if not hit("recovery-address", str(user.pk), limit=MAILS_PER_HOUR, seconds=3600).allowed:
        raise _refusal(user, actor, TOO_MANY, "recovery_address.ask")
    lifecycle.ask_for_recovery_address(user=user, actor=actor, address=address)


def confirm(request: HttpRequest, user: User, token: str) -> None:
    """Spend a link as the signed-in person. Raises ``Refused`` and ``mailed_links.LinkRefused``."""
    actor = actor_of(request, user)
    session = getattr(request, "user_session", None)
    if isinstance(session, UserSession) and session.in_recovery:
        raise _refusal(user, actor, IN_RECOVERY, "recovery_address.confirm")
    link = mailed_links.find(token, LinkPurpose.ADDRESS)
    if link.user_id == user.pk:  # another person's try doesn't use it up
        link = mailed_links.spend(token, LinkPurpose.ADDRESS)
    lifecycle.confirm_recovery_address(user=user, actor=actor, link=link)


def remove(request: HttpRequest, user: User) -> bool:
    """Forget the address; return whether there was one. Raises ``Refused``."""
    actor = _fit_actor(request, user, "recovery_address.remove")
    return lifecycle.remove_recovery_address(user=user, actor=actor)


def actor_of(request: HttpRequest, user: User) -> Actor:
    """Return the signed-in person as the one who acts."""
    return Actor(ActorKind.USER, str(user.pk), user.user_name, client_address(request))


def _fit_actor(request: HttpRequest, user: User, action: str) -> Actor:
    actor, code = actor_of(request, user), why_not_now(request)
    if code:
        raise _refusal(user, actor, code, action)
    return actor


def _refusal(user: User, actor: Actor, code: str, action: str) -> ChangeRefused:
    return ChangeRefused(
        "The recovery address can't be changed in this session.",
        code=code,
        actor=actor,
        action=action,
        subject=subjects.of_user(user),
    )
