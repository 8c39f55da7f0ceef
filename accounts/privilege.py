"""Nobody grants, removes or edits above themselves (V-8).

``authority_of`` turns an actor into what they may do in one account; the ``require_*`` functions are called by
``accounts.lifecycle`` and ``spaces.access`` before every change, whatever the entrance. The ladder, highest first:

    operator > SSO account admin > account admin > nobody

The configuration file and scheduled work act as the operator. A directory (SCIM) and a provider (sign-in) stand outside
the ladder: each may do what its own rows allow, and never touch the name, address or roles of an admin.
"""

from __future__ import annotations

from enum import IntEnum
from uuid import UUID

from accounts.models import Account, AccountRoleMembership, BuiltInAccountRole, Kind, User
from audit.actors import Actor, ActorKind
from audit.recorder import Subject
from audit.refusals import Refused
from foundation.ids import parse_id


class Authority(IntEnum):
    """What somebody may do in one account."""

    NONE = 0
    ACCOUNT_ADMIN = 1
    SSO_ACCOUNT_ADMIN = 2
    OPERATOR = 3


class NotAllowed(Refused):
    """The actor stands below what they tried to change."""

    code = "privilege.not_allowed"


_LEVELS = {
    BuiltInAccountRole.ACCOUNT_ADMIN.value: Authority.ACCOUNT_ADMIN,
    BuiltInAccountRole.SSO_ACCOUNT_ADMIN.value: Authority.SSO_ACCOUNT_ADMIN,
}


def authority_of_user(user: User, account_id: UUID | None) -> Authority:
    """Return what ``user`` may do in the account; people who may not sign in may do nothing."""
    if not user.can_sign_in:
        return Authority.NONE
    if user.kind == Kind.OPERATOR:
        return Authority.OPERATOR
    if account_id is None or user.account_id != account_id:
        return Authority.NONE  # a guest's rights come with their entering the account, not with a row
    held = AccountRoleMembership.objects.for_account(account_id).filter(user=user).exclude(role__built_in="")
    levels = [_LEVELS.get(name, Authority.NONE) for name in held.values_list("role__built_in", flat=True)]
    return max(levels, default=Authority.NONE)


def authority_of(actor: Actor, account_id: UUID | None) -> Authority:
    """Return what ``actor`` may do in the account."""
    if actor.kind in (ActorKind.CONFIGURATION, ActorKind.SYSTEM):
        return Authority.OPERATOR
    if actor.kind is not ActorKind.USER:
        return Authority.NONE
    user = user_of(actor)
    return Authority.NONE if user is None else authority_of_user(user, account_id)


def user_of(actor: Actor) -> User | None:
    """Return the person who acts, None when it is no person."""
    key = parse_id(actor.id) if actor.kind is ActorKind.USER else None
    return None if key is None else User.objects.filter(pk=key).first()


def require(
    actor: Actor, account: Account | UUID | None, least: Authority, *, action: str, subject: Subject
) -> None:
    """Raise ``NotAllowed`` unless the actor stands at ``least`` that high in the account."""
    account_id = account.pk if isinstance(account, Account) else account
    if authority_of(actor, account_id) < least:
        raise NotAllowed(
            f"{actor.label} may not do this here; it needs {least.name.replace('_', ' ').lower()}.",
            actor=actor,
            action=action,
            subject=subject,
        )


def require_over(actor: Actor, target: User, *, action: str, subject: Subject, itself: bool = False) -> None:
    """Raise ``NotAllowed`` unless the actor may change ``target``.

    The directory and providers are let through here; what they may change on an admin is checked field by field in
    ``accounts.lifecycle.people``. ``itself`` lets people change harmless things of their own.
    """
    if actor.kind in (ActorKind.SCIM, ActorKind.PROVIDER):
        require_within(actor, target.account_id, action=action, subject=subject)
        if target.kind != Kind.MEMBER:
            raise NotAllowed(
                "This person is not managed by the directory.", actor=actor, action=action, subject=subject
            )
        return
    if itself and actor.kind is ActorKind.USER and actor.id == str(target.pk):
        return
    if target.kind != Kind.MEMBER:
        least = Authority.OPERATOR
    else:
        least = max(Authority.ACCOUNT_ADMIN, authority_of_user_roles(target))
    require(actor, target.account_id, least, action=action, subject=subject)


def require_within(actor: Actor, account_id: UUID | None, *, action: str, subject: Subject) -> None:
    """Raise ``NotAllowed`` when a directory or provider reaches beyond the account that it speaks for (V-2, P-6).

    Its entrance begins every query at that account already; this is what holds if one forgets.
    """
    if actor.account_id is not None and actor.account_id != account_id:
        raise NotAllowed("This is another account's.", actor=actor, action=action, subject=subject)


def authority_of_user_roles(target: User) -> Authority:
    """Return the level of the admin roles that a person holds, whether or not they may sign in now."""
    if target.account_id is None:
        return Authority.NONE
    held = AccountRoleMembership.objects.for_account(target.account_id).filter(user=target)
    names = held.exclude(role__built_in="").values_list("role__built_in", flat=True)
    return max((_LEVELS.get(name, Authority.NONE) for name in names), default=Authority.NONE)


def is_admin(target: User) -> bool:
    """Tell whether a person holds any admin role, or is no plain member at all."""
    return target.kind != Kind.MEMBER or authority_of_user_roles(target) > Authority.NONE
