"""Make and change what an account is divided into: spaces, space roles, mapping roles (R-1)."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import IntegrityError, transaction

from accounts import privilege
from accounts.lifecycle.roles import WrongAccount
from accounts.models import Account, AccountRole
from audit.actors import Actor
from audit.recorder import Subject, record
from audit.refusals import Refused, refusals_audited
from spaces import subjects
from spaces.models import (
    BuiltInSpaceRole,
    MappingRole,
    MappingScope,
    MappingScopeRole,
    Space,
    SpaceRole,
)


class NameTaken(Refused):
    """The account already has one of this name."""

    code = "space.name_taken"


class EmptyMapping(Refused):
    """A mapping role needs at least one scope, and each scope at least one role (R-1)."""

    code = "mapping_role.empty"


@refusals_audited
@transaction.atomic
def create_space(*, account: Account, actor: Actor, name: str) -> Space:
    """Create a space in an account."""
    subject = Subject("space", "", name, account_id=account.pk)
    privilege.require(
        actor, account, privilege.Authority.ACCOUNT_ADMIN, action="space.create", subject=subject
    )
    try:
        with transaction.atomic():
            space = Space.objects.create(account=account, name=name)
    except IntegrityError as error:
        raise NameTaken(
            f"There is a space {name}.", actor=actor, action="space.create", subject=subject
        ) from error
    record(
        actor=actor,
        action="space.created",
        subject=subjects.of_space(space),
        message=f"Space {name} was created.",
    )
    return space


@refusals_audited
@transaction.atomic
def create_space_role(*, account: Account, actor: Actor, name: str) -> SpaceRole:
    """Create a role that can be held in any space of the account."""
    subject = Subject("space_role", "", name, account_id=account.pk)
    privilege.require(
        actor, account, privilege.Authority.ACCOUNT_ADMIN, action="space_role.create", subject=subject
    )
    try:
        with transaction.atomic():
            role = SpaceRole.objects.create(account=account, name=name)
    except IntegrityError as error:
        raise NameTaken(
            f"There is a space role {name}.", actor=actor, action="space_role.create", subject=subject
        ) from error
    record(
        actor=actor,
        action="space_role.created",
        subject=subjects.of_space_role(role),
        message=f"Space role {name} was created.",
    )
    return role


@refusals_audited
@transaction.atomic
def save_mapping_role(
    *,
    account: Account,
    actor: Actor,
    name: str,
    account_roles: frozenset[AccountRole],
    space_roles: Mapping[Space, frozenset[SpaceRole]],
    existing: MappingRole | None = None,
    new: bool = False,
) -> tuple[MappingRole, bool]:
    """Create a mapping role or set what it gives; return it and whether anything changed (SSO account admins only).

    Which one is said by ``name``, or by ``existing``, which is renamed then. ``new`` refuses a name that is taken.
    """
    subject = Subject("mapping_role", "", name, account_id=account.pk)
    privilege.require(
        actor, account, privilege.Authority.SSO_ACCOUNT_ADMIN, action="mapping_role.save", subject=subject
    )
    owners = {role.account_id for role in account_roles} | {space.account_id for space in space_roles}
    owners |= {role.account_id for roles in space_roles.values() for role in roles}
    owners |= {existing.account_id} if existing is not None else set()
    if owners - {account.pk}:
        raise WrongAccount(
            "A space or role is of another account.", actor=actor, action="mapping_role.save", subject=subject
        )
    wanted: dict[Space | None, frozenset[AccountRole] | frozenset[SpaceRole]] = {
        space: roles for space, roles in space_roles.items() if roles
    }
    if account_roles:
        wanted[None] = account_roles
    if not wanted:
        raise EmptyMapping(
            f"Mapping role {name} gives nothing.", actor=actor, action="mapping_role.save", subject=subject
        )
    Account.objects.select_for_update().get(pk=account.pk)  # two who save the same name at once meet here
    taken = MappingRole.objects.for_account(account).filter(name=name)
    if (new and taken.exists()) or (existing is not None and taken.exclude(pk=existing.pk).exists()):
        raise NameTaken(
            f"There is a mapping role {name}.", actor=actor, action="mapping_role.save", subject=subject
        )
    if existing is None:
        role, created = MappingRole.objects.get_or_create(account=account, name=name)
    else:
        role, created = MappingRole.objects.select_for_update().get(pk=existing.pk), False
    old_name, before = role.name, describe(role)
    if old_name != name:
        role.name = name
        role.save(update_fields=["name"])
    role.scopes.all().delete()
    for space, roles in wanted.items():
        scope = MappingScope.objects.create(mapping_role=role, space=space)
        for given in roles:
            MappingScopeRole.objects.create(
                scope=scope,
                account_role=given if isinstance(given, AccountRole) else None,
                space_role=given if isinstance(given, SpaceRole) else None,
            )
    after = describe(role)
    changes: dict[str, object] = {}
    if before != after:
        changes["gives"] = [before, after]
    if old_name != name:
        changes["name"] = [old_name, name]
    if created or changes:
        record(
            actor=actor,
            action="mapping_role.saved",
            subject=subjects.of_mapping_role(role),
            message=f"Mapping role {name} was saved.",
            changes=changes,
        )
    return role, created or bool(changes)


@refusals_audited
@transaction.atomic
def delete_mapping_role(*, role: MappingRole, actor: Actor) -> None:
    """Delete a mapping role (SSO account admins only); what people hold by it goes at their next sign-in (R-4)."""
    subject = subjects.of_mapping_role(role)
    least = privilege.Authority.SSO_ACCOUNT_ADMIN
    privilege.require(actor, role.account_id, least, action="mapping_role.delete", subject=subject)
    gave = describe(role)
    MappingRole.objects.for_account(role.account_id).filter(pk=role.pk).delete()
    record(
        actor=actor,
        action="mapping_role.deleted",
        subject=subject,
        message=f"Mapping role {role.name} was deleted.",
        changes={"gives": [gave, None]},
    )


def describe(role: MappingRole) -> list[str]:
    """Return what a mapping role gives as readable lines, sorted."""
    rows = MappingScopeRole.objects.filter(scope__mapping_role=role).select_related(
        "scope__space", "account_role", "space_role"
    )
    return sorted(
        f"{row.scope.space.name if row.scope.space else 'account'}: {row.account_role or row.space_role}"
        for row in rows
    )


def create_built_in_roles(account: Account) -> None:
    """Give a new account the space roles that every account has."""
    for built_in in BuiltInSpaceRole:
        SpaceRole.objects.create(account=account, name=built_in.label, built_in=built_in.value)
