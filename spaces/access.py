"""The only code that changes who has which access (design rule 2).

``change_access`` is what a sign-in applies: sets of rows to add and remove, in a constant number of queries and with
one audit event. ``grant_space_role`` and ``revoke_space_role`` are the same for one row by hand. Every function is
keyword-only, takes the actor, checks privilege (V-8) and that everything belongs to the person's own account.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Model

from accounts import privilege, subjects
from accounts.lifecycle.roles import WrongAccount, refuse_if_managed
from accounts.models import (
    AccountRole,
    AccountRoleMembership,
    BuiltInAccountRole,
    Group,
    GroupMembership,
    User,
)
from accounts.sources import Source
from audit.actors import Actor
from audit.recorder import record
from audit.refusals import refusals_audited
from foundation.compiled_queries import (
    CompiledDelete,
    CompiledListQuery,
    CompiledQuery,
    insert,
    key,
    many,
)
from foundation.transactions import in_transaction
from spaces.models import GroupSpaceRole, Space, SpaceMembership, SpaceRole


@dataclass(frozen=True, slots=True)
class SpaceGrant:
    """One row: a role in a space, by whose word."""

    space_id: UUID
    role_id: UUID
    source: Source


@dataclass(frozen=True, slots=True)
class RoleGrant:
    """One row: an account role, by whose word."""

    role_id: UUID
    source: Source


@dataclass(frozen=True, slots=True)
class GroupGrant:
    """One row: membership of a group, by whose word."""

    group_id: UUID
    source: Source


@dataclass(frozen=True, slots=True)
class AccessChange:
    """Rows to add to and remove from one person's access. Removing what isn't there changes nothing."""

    add_spaces: frozenset[SpaceGrant] = frozenset()
    remove_spaces: frozenset[SpaceGrant] = frozenset()
    add_roles: frozenset[RoleGrant] = frozenset()
    remove_roles: frozenset[RoleGrant] = frozenset()
    add_groups: frozenset[GroupGrant] = frozenset()
    remove_groups: frozenset[GroupGrant] = frozenset()

    def __bool__(self) -> bool:
        return any(
            (
                self.add_spaces,
                self.remove_spaces,
                self.add_roles,
                self.remove_roles,
                self.add_groups,
                self.remove_groups,
            )
        )


NO_ACCESS_CHANGE = AccessChange()


@in_transaction
def change_access(*, user: User, actor: Actor, change: AccessChange) -> None:
    """Apply a sign-in's change of access; the caller holds the lock on the person's row.

    Raises ``WrongAccount`` when anything named is not of the person's account, and ``privilege.NotAllowed`` when an
    admin role would come from anything but a mapping role.
    """
    if not change:
        return
    names = _names(user, actor, change)
    for grant in change.add_roles:
        if names.admin_roles & {grant.role_id} and grant.source is not Source.MAPPING:
            raise privilege.NotAllowed(
                "Admin roles come from mapping roles or by hand only.",
                actor=actor,
                action="access.change",
                subject=subjects.of_user(user),
            )
    _remove(user, change)
    _add(
        SpaceMembership(
            user=user, space_id=g.space_id, role_id=g.role_id, source=g.source, granted_by=actor.label
        )
        for g in change.add_spaces
    )
    _add(
        AccountRoleMembership(user=user, role_id=g.role_id, source=g.source, granted_by=actor.label)
        for g in change.add_roles
    )
    _add(
        GroupMembership(user=user, group_id=g.group_id, source=g.source, granted_by=actor.label)
        for g in change.add_groups
    )
    record(
        actor=actor,
        action="access.changed",
        subject=subjects.of_user(user),
        message=f"Access of {user.user_name} changed by sign-in.",
        changes=names.describe(change),
    )


@refusals_audited
@transaction.atomic
def grant_space_role(*, user: User, space: Space, role: SpaceRole, actor: Actor, source: Source) -> bool:
    """Give a role in a space by hand or from the configuration file; return whether the row is new."""
    _require_hand(user, space, role, actor, "space_role.grant")
    _, created = SpaceMembership.objects.get_or_create(
        user=user, space=space, role=role, source=source.value, defaults={"granted_by": actor.label}
    )
    if created:
        record(
            actor=actor,
            action="space_role.granted",
            subject=subjects.of_user(user),
            message=f"{user.user_name} holds {role.name} in {space.name} ({source.value}).",
            changes={"space_role": [None, f"{space.name}: {role.name}"]},
        )
    return created


@refusals_audited
@transaction.atomic
def revoke_space_role(*, user: User, space: Space, role: SpaceRole, actor: Actor, source: Source) -> bool:
    """Take a role in a space away; only the row of ``source``. Return whether there was one."""
    _require_hand(user, space, role, actor, "space_role.revoke")
    rows = SpaceMembership.objects.for_account(space.account_id).filter(
        user=user, space=space, role=role, source=source.value
    )
    removed, _ = rows.delete()
    if removed:
        record(
            actor=actor,
            action="space_role.revoked",
            subject=subjects.of_user(user),
            message=f"{user.user_name} no longer holds {role.name} in {space.name} ({source.value}).",
            changes={"space_role": [f"{space.name}: {role.name}", None]},
        )
    return bool(removed)


@refusals_audited
@transaction.atomic
def grant_group_space_role(
    *, group: Group, space: Space, role: SpaceRole, actor: Actor, granted: bool = True
) -> bool:
    """Let a group give its members a role in a space, or no longer (G-8); return whether anything changed."""
    subject = subjects.of_group(group)
    privilege.require(
        actor, group.account_id, privilege.Authority.ACCOUNT_ADMIN, action="group.grant", subject=subject
    )
    if not group.account_id == space.account_id == role.account_id:
        raise WrongAccount(
            "These are of different accounts.", actor=actor, action="group.grant", subject=subject
        )
    rows = GroupSpaceRole.objects.for_account(group.account_id).filter(group=group, space=space, role=role)
    if granted == rows.exists():
        return False
    if granted:
        GroupSpaceRole.objects.create(group=group, space=space, role=role, granted_by=actor.label)
    else:
        rows.delete()
    verb = "grants" if granted else "no longer grants"
    record(
        actor=actor,
        action="group.granted" if granted else "group.grant_removed",
        subject=subject,
        message=f"{group.name} {verb} {role.name} in {space.name}.",
        changes={
            "grant": [None, f"{space.name}: {role.name}"] if granted else [f"{space.name}: {role.name}", None]
        },
    )
    return True


def _require_hand(user: User, space: Space, role: SpaceRole, actor: Actor, action: str) -> None:
    subject = subjects.of_user(user)
    if not user.account_id == space.account_id == role.account_id:
        raise WrongAccount(
            "Person, space and role are of different accounts.", actor=actor, action=action, subject=subject
        )
    privilege.require_over(actor, user, action=action, subject=subject)
    refuse_if_managed(user, actor, action)


@dataclass(frozen=True, slots=True)
class _Names:
    spaces: dict[UUID, str]
    space_roles: dict[UUID, str]
    account_roles: dict[UUID, str]
    groups: dict[UUID, str]
    admin_roles: frozenset[UUID]

    def describe(self, change: AccessChange) -> dict[str, list[str]]:
        def space(g: SpaceGrant) -> str:
            return f"{self.spaces[g.space_id]}: {self.space_roles[g.role_id]} ({g.source.value})"

        def role(g: RoleGrant) -> str:
            return f"{self.account_roles[g.role_id]} ({g.source.value})"

        def group(g: GroupGrant) -> str:
            return f"{self.groups[g.group_id]} ({g.source.value})"

        parts = {
            "spaces_added": sorted(map(space, change.add_spaces)),
            "spaces_removed": sorted(map(space, change.remove_spaces)),
            "account_roles_added": sorted(map(role, change.add_roles)),
            "account_roles_removed": sorted(map(role, change.remove_roles)),
            "groups_added": sorted(map(group, change.add_groups)),
            "groups_removed": sorted(map(group, change.remove_groups)),
        }
        return {name: rows for name, rows in parts.items() if rows}


_NAMED: dict[type[Model], CompiledListQuery[Any]] = {
    model: CompiledListQuery(
        lambda account, keys, rows=model.objects: (
            rows.for_account(account).filter(pk__in=keys).values_list("pk", "name")
        ),
        key,
        many(key),
    )
    for model in (Space, SpaceRole, AccountRole, Group)
}
_ADMIN_ROLES: CompiledQuery[Any] = CompiledQuery(
    lambda account: (
        AccountRole.objects.for_account(account)
        .filter(built_in__in=[BuiltInAccountRole.ACCOUNT_ADMIN, BuiltInAccountRole.SSO_ACCOUNT_ADMIN])
        .values_list("pk")
    ),
    key,
)


def _add(rows: Iterable[Model]) -> None:
    """Write rows in one statement; those that are there already stay as they are."""
    new = list(rows)
    if len(new) <= CompiledListQuery.MOST:
        insert(new, ignore_conflicts=True)
    else:  # each number of rows would be a compiled statement of its own
        type(new[0])._default_manager.bulk_create(new, ignore_conflicts=True)


def _names(user: User, actor: Actor, change: AccessChange) -> _Names:
    """Return the names of everything in ``change``, having checked that all of it is of the person's account."""
    if user.account_id is None:
        raise WrongAccount("No account.", actor=actor, action="access.change", subject=subjects.of_user(user))
    account = user.account_id
    space_grants = change.add_spaces | change.remove_spaces
    wanted: tuple[set[UUID], set[UUID], set[UUID], set[UUID]] = (
        {g.space_id for g in space_grants},
        {g.role_id for g in space_grants},
        {g.role_id for g in change.add_roles | change.remove_roles},
        {g.group_id for g in change.add_groups | change.remove_groups},
    )
    found: list[dict[UUID, str]] = []
    for (model, named), ids in zip(_NAMED.items(), wanted, strict=True):
        names = dict(named.all(account, sorted(ids)) if ids else ())
        if set(names) != ids:
            raise WrongAccount(
                f"A {model._meta.verbose_name_raw} of another account was named.",
                actor=actor,
                action="access.change",
                subject=subjects.of_user(user),
            )
        found.append(names)
    admins: frozenset[UUID] = frozenset()
    if wanted[2]:
        admins = frozenset(role for (role,) in _ADMIN_ROLES.all(account))
    return _Names(found[0], found[1], found[2], found[3], admins)


def _remove(user: User, change: AccessChange) -> None:
    """Delete rows by primary key: one look-up and one delete a table, however many pairs there are."""
    if change.remove_spaces:
        doomed = {(g.space_id, g.role_id, g.source.value) for g in change.remove_spaces}
        spaces = SpaceMembership.objects.filter(user=user).values_list("pk", "space_id", "role_id", "source")
        SpaceMembership.objects.filter(pk__in=[pk for pk, *row in spaces if tuple(row) in doomed]).delete()
    if change.remove_roles:
        lost = {(g.role_id, g.source.value) for g in change.remove_roles}
        roles = AccountRoleMembership.objects.filter(user=user).values_list("pk", "role_id", "source")
        AccountRoleMembership.objects.filter(pk__in=[pk for pk, *row in roles if tuple(row) in lost]).delete()
    if change.remove_groups:
        left = {(g.group_id, g.source.value) for g in change.remove_groups}
        groups = GroupMembership.objects.filter(user=user).values_list("pk", "group_id", "source")
        GroupMembership.objects.filter(pk__in=[pk for pk, *row in groups if tuple(row) in left]).delete()


_DROP_ALL = CompiledDelete(lambda user: SpaceMembership.objects.filter(user=user), key)


def drop_memberships(user: User) -> None:
    """Drop every space role of somebody who is deleted (V-13); audited with the deletion."""
    _DROP_ALL.run_later(user.pk)
