"""The way back into a private deployment: an admin who signs in by password, whatever happens to single sign-on.

A private deployment (``BROKER_DEPLOYMENT=private``) has one account and nobody above it who could let its admins in
again (X-2). So single sign-on is switched on only while an active admin has a password (X-3), and of those who have one
the *keeper* keeps it and stays exempt where single sign-on is mandatory (L-3). There is exactly one keeper while there
is anybody: SSO account admins come first, since they can switch single sign-on back, then who came first. In every
other deployment operators are the way back, and all of this is silent.

What a person here does to the last of them is refused (``LastPasswordAdmin``). A directory's word is not: who left the
company is out at once, like the last SSO account admin (V-14), and the others are told.
"""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db.models import Exists, OuterRef

from accounts import subjects
from accounts.models import Account, AccountRoleMembership, BuiltInAccountRole, User
from audit.actors import Actor
from audit.recorder import Subject
from audit.refusals import Refused

_ADMIN_ROLES = (BuiltInAccountRole.ACCOUNT_ADMIN.value, BuiltInAccountRole.SSO_ACCOUNT_ADMIN.value)


class LastPasswordAdmin(Refused):
    """Nobody would be left who gets into this private deployment without single sign-on (L-3)."""

    code = "user.last_password_admin"


class NoPasswordAdmin(Refused):
    """Single sign-on of a private deployment needs an admin who gets in without it (X-3)."""

    code = "account.no_password_admin"


def is_private() -> bool:
    """Tell whether this deployment is one account's own (X-2)."""
    return bool(settings.BROKER_DEPLOYMENT == "private")


def only_account() -> Account | None:
    """Return the account of a private deployment; None in any other, and while it has none."""
    return Account.objects.filter(closed_at=None).order_by("created_at").first() if is_private() else None


def password_admins(account: Account | UUID) -> tuple[UUID, ...]:
    """Return the admins of a private deployment's account who can sign in by password now, the keeper first.

    Empty in every other deployment, without asking the database.
    """
    if not is_private():
        return ()
    held = AccountRoleMembership.objects.for_account(account).filter(user=OuterRef("pk"))
    powerful = held.filter(role__built_in=BuiltInAccountRole.SSO_ACCOUNT_ADMIN.value)
    able = User.objects.for_account(account).able_to_sign_in()
    able = able.exclude(password="").exclude(password__startswith=UNUSABLE_PASSWORD_PREFIX)
    admins = able.filter(Exists(held.filter(role__built_in__in=_ADMIN_ROLES)))
    ordered = admins.annotate(keeps_sso=Exists(powerful)).order_by("-keeps_sso", "created_at", "pk")
    return tuple(ordered.values_list("pk", flat=True))


def is_keeper(user: User) -> bool:
    """Tell whether this person's password is taken even where single sign-on is mandatory (L-3)."""
    return user.account_id is not None and password_admins(user.account_id)[:1] == (user.pk,)


def require_one(account: Account | UUID, actor: Actor, action: str, subject: Subject) -> None:
    """Raise ``NoPasswordAdmin`` in a private deployment where no active admin can sign in by password (X-3)."""
    if is_private() and not password_admins(account):
        raise NoPasswordAdmin(
            "No active admin of this account can sign in by password; give one a password first, "
            "or nobody gets in when single sign-on fails.",
            actor=actor,
            action=action,
            subject=subject,
        )


def refuse_if_last(user: User, actor: Actor, action: str) -> None:
    """Raise ``LastPasswordAdmin`` if nobody else could sign in by password; call it before the change.

    Locks the account, so that two admins who end each other at the same moment meet here.
    """
    if not is_private() or user.account_id is None:
        return
    Account.objects.select_for_update().get(pk=user.account_id)
    if password_admins(user.account_id) == (user.pk,):
        raise LastPasswordAdmin(
            f"{user.user_name} is the last admin who can sign in by password; give another admin a password first.",
            actor=actor,
            action=action,
            subject=subjects.of_user(user),
        )


def refuse_if_last_role(user: User, role_id: UUID, source: str, actor: Actor, action: str) -> None:
    """Like ``refuse_if_last``, for taking away one row of an admin role; one who holds another stays an admin."""
    if not is_private() or user.account_id is None:
        return
    held = AccountRoleMembership.objects.for_account(user.account_id).filter(user=user)
    rest = held.filter(role__built_in__in=_ADMIN_ROLES).exclude(role=role_id, source=source)
    if not rest.exists():
        refuse_if_last(user, actor, action)
