"""Account roles by hand, from the configuration file, or as a provider's default (V-8)."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from accounts import password_admins, privilege, subjects
from accounts.models import Account, AccountRole, AccountRoleMembership, BuiltInAccountRole, User
from accounts.sources import Source
from audit.actors import Actor, ActorKind
from audit.recorder import Subject, record
from audit.refusals import Refused, refusals_audited
from foundation.transactions import in_transaction

_NEEDS = {
    BuiltInAccountRole.SSO_ACCOUNT_ADMIN.value: privilege.Authority.SSO_ACCOUNT_ADMIN,
    BuiltInAccountRole.ACCOUNT_ADMIN.value: privilege.Authority.ACCOUNT_ADMIN,
}


class WrongAccount(Refused):
    """The role, space or group belongs to another account than the person."""

    code = "access.wrong_account"


class ManagedByProvider(Refused):
    """Single sign-on authorization is on: the roles of this person follow their mapping roles (R-4)."""

    code = "access.managed_by_provider"


class LastAdminRole(Refused):
    """The account would be without an SSO account admin."""

    code = "user.last_sso_admin"


class AccountRoleTaken(Refused):
    """The account has a role of this name."""

    code = "account_role.name_taken"


@refusals_audited
@in_transaction
def create_account_role(*, account: Account, actor: Actor, name: str) -> AccountRole:
    """Create an account role that has only a name (the built-in ones came with the account)."""
    subject = Subject("account_role", "", name, account_id=account.pk)
    privilege.require(
        actor, account, privilege.Authority.ACCOUNT_ADMIN, action="account_role.create", subject=subject
    )
    try:
        with transaction.atomic():
            role = AccountRole.objects.create(account=account, name=name)
    except IntegrityError as error:
        raise AccountRoleTaken(
            f"There is an account role {name}.", actor=actor, action="account_role.create", subject=subject
        ) from error
    record(
        actor=actor,
        action="account_role.created",
        subject=subjects.of_account_role(role),
        message=f"Account role {name} was created.",
    )
    return role


@refusals_audited
@in_transaction
def grant_account_role(*, user: User, role: AccountRole, actor: Actor, source: Source) -> bool:
    """Give an account role; return whether the row is new. A provider may give only roles without power, a directory
    none (V-8).
    """
    _require(user, role, actor, "account_role.grant")
    _, created = AccountRoleMembership.objects.get_or_create(
        user=user, role=role, source=source.value, defaults={"granted_by": actor.label}
    )
    if created:
        record(
            actor=actor,
            action="account_role.granted",
            subject=subjects.of_user(user),
            message=f"{user.user_name} holds the account role {role.name} ({source.value}).",
            changes={"account_role": [None, role.name]},
        )
    return created


@refusals_audited
@in_transaction
def revoke_account_role(*, user: User, role: AccountRole, actor: Actor, source: Source) -> bool:
    """Take an account role of one source away; return whether there was a row."""
    _require(user, role, actor, "account_role.revoke")
    rows = AccountRoleMembership.objects.for_account(role.account_id).filter(
        user=user, role=role, source=source.value
    )
    if role.built_in == BuiltInAccountRole.SSO_ACCOUNT_ADMIN and actor.kind is ActorKind.USER:
        Account.objects.select_for_update().get(pk=role.account_id)  # two admins at once meet here
        _refuse_last(user, role, actor)
    if role.built_in in _NEEDS:
        password_admins.refuse_if_last_role(user, role.pk, source.value, actor, "account_role.revoke")
    removed, _ = rows.delete()
    if removed:
        record(
            actor=actor,
            action="account_role.revoked",
            subject=subjects.of_user(user),
            message=f"{user.user_name} no longer holds the account role {role.name} ({source.value}).",
            changes={"account_role": [role.name, None]},
        )
    return bool(removed)


def account_role_named(account: Account, built_in: BuiltInAccountRole) -> AccountRole:
    """Return the account's own row of a built-in role."""
    return AccountRole.objects.for_account(account).get(built_in=built_in)


def refuse_if_managed(user: User, actor: Actor, action: str) -> None:
    """Raise ``ManagedByProvider`` when somebody would change by hand what a mapping role decides (R-4)."""
    if actor.kind is ActorKind.USER and user.connected and user.account and user.account.sso_authorization:
        raise ManagedByProvider(
            f"Roles of {user.user_name} come from mapping roles; change the mapping role instead.",
            actor=actor,
            action=action,
            subject=subjects.of_user(user),
        )


def _require(user: User, role: AccountRole, actor: Actor, action: str) -> None:
    subject = subjects.of_user(user)
    if user.account_id != role.account_id:
        raise WrongAccount(
            "The role belongs to another account.", actor=actor, action=action, subject=subject
        )
    powerful = role.built_in in _NEEDS
    if actor.kind is ActorKind.SCIM or (actor.kind is ActorKind.PROVIDER and powerful):
        raise privilege.NotAllowed(
            f"{'Admin' if powerful else 'Account'} roles come from mapping roles or by hand only.",
            actor=actor,
            action=action,
            subject=subject,
        )
    privilege.require_over(actor, user, action=action, subject=subject)
    refuse_if_managed(user, actor, action)
    if role.built_in in _NEEDS:
        privilege.require(actor, role.account_id, _NEEDS[role.built_in], action=action, subject=subject)


def _refuse_last(user: User, role: AccountRole, actor: Actor) -> None:
    able = User.objects.for_account(role.account_id).able_to_sign_in()
    holders = AccountRoleMembership.objects.for_account(role.account_id).filter(role=role, user__in=able)
    if not holders.exclude(user=user).exists():
        raise LastAdminRole(
            f"{user.user_name} is the last SSO account admin of this account.",
            actor=actor,
            action="account_role.revoke",
            subject=subjects.of_user(user),
        )
