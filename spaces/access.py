"""The only code that changes who has which access in their own account (design rule 2; guests: ``guest_roles``).

``change_access`` is what a sign-in applies: sets of rows to add and remove, in a constant number of queries and with
one audit event. ``grant_space_role`` and ``revoke_space_role`` are the same for one row by hand. Every function is
keyword-only, takes the actor, checks privilege (V-8) and that everything belongs to the person's own account.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import CharField, Model, QuerySet, Value
from django.db.models.functions import Cast
from django.utils import timezone

from accounts import privilege, subjects
from accounts.lifecycle.roles import WrongAccount, refuse_if_managed
from accounts.models import (
    Account,
    AccountRole,
    AccountRoleMembership,
    BuiltInAccountRole,
    Group,
    GroupMembership,
    User,
)
from accounts.sources import Source
from audit.actors import Actor, ActorKind
from audit.recorder import record
from audit.refusals import refusals_audited
from foundation.compiled_queries import CompiledListQuery, key, many
from foundation.compiled_writes import CompiledDelete, insert_values
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


@refusals_audited
@in_transaction
def change_access(*, user: User, actor: Actor, change: AccessChange, by: str = "sign-in") -> None:
    """Apply a planned change of access, ``by`` a sign-in or whatever asks the planner; the caller locked the person.

    Raises ``WrongAccount`` when anything named is not of the person's account, and ``privilege.NotAllowed`` when an
    admin role would come from anything but a mapping role, or the actor stands below the person.
    """
    if not change:
        return
    names = _names(user, actor, change)
    _require_planned(user, actor, change, names.admin_roles)
    _remove(user, change)
    _add(
        SpaceMembership,
        ("space_id", "role_id"),
        [(g.space_id, g.role_id, g.source.value) for g in change.add_spaces],
        user,
        actor,
    )
    _add(
        AccountRoleMembership,
        ("role_id",),
        [(g.role_id, g.source.value) for g in change.add_roles],
        user,
        actor,
    )
    _add(
        GroupMembership,
        ("group_id",),
        [(g.group_id, g.source.value) for g in change.add_groups],
        user,
        actor,
    )
    record(
        actor=actor,
        action="access.changed",
        subject=subjects.of_user(user),
        message=f"Access of {user.user_name} changed by {by}.",
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


def _require_planned(user: User, actor: Actor, change: AccessChange, admin_roles: frozenset[UUID]) -> None:
    """V-8: a sign-in moves admin roles only as mapping roles say, and only while they decide (R-2)."""
    action, subject = "access.change", subjects.of_user(user)
    powerful = [grant for grant in change.add_roles | change.remove_roles if grant.role_id in admin_roles]
    added = [grant for grant in powerful if grant in change.add_roles]
    problem = ""
    if actor.kind is ActorKind.SCIM:
        problem = "What a sign-in gives is no directory's."
    elif any(grant.source is not Source.MAPPING for grant in added):
        problem = "Admin roles come from mapping roles or by hand only."
    elif powerful and not Account.objects.filter(people=user, sso_authorization=True).exists():
        problem = "Mapping roles give and take admin roles only while single sign-on authorization is on."
    if problem:
        raise privilege.NotAllowed(problem, actor=actor, action=action, subject=subject)
    privilege.require_over(actor, user, action=action, subject=subject)
    if powerful and actor.kind is not ActorKind.PROVIDER:
        least = privilege.Authority.SSO_ACCOUNT_ADMIN
        privilege.require(actor, user.account_id, least, action=action, subject=subject)


def _require_hand(user: User, space: Space, role: SpaceRole, actor: Actor, action: str) -> None:
    subject = subjects.of_user(user)
    if not user.account_id == space.account_id == role.account_id:
        raise WrongAccount(
            "Person, space and role are of different accounts.", actor=actor, action=action, subject=subject
        )
    if actor.kind in (ActorKind.SCIM, ActorKind.PROVIDER):
        raise privilege.NotAllowed(
            "Roles in spaces come from a sign-in's own rules or by hand.",
            actor=actor,
            action=action,
            subject=subject,
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


_OTHER_NAME = Cast(Value(""), CharField(max_length=20))


def _named(account: Any, spaces: Any, roles: Any) -> Any:
    """Rows (kind, id, name, built-in name): some spaces and space roles, and all account roles, which are few."""

    def rows(kind: str, found: QuerySet[Any], *columns: Any) -> Any:
        return found.order_by().values_list(Cast(Value(kind), CharField(max_length=12)), *columns)

    return rows("account_role", AccountRole.objects.for_account(account), "pk", "name", "built_in").union(
        rows("space", Space.objects.for_account(account).filter(pk__in=spaces), "pk", "name", _OTHER_NAME),
        rows(
            "space_role",
            SpaceRole.objects.for_account(account).filter(pk__in=roles),
            "pk",
            "name",
            _OTHER_NAME,
        ),
        all=True,
    )


_NAMED: CompiledListQuery[Any] = CompiledListQuery(_named, key, many(key), many(key))
_GROUPS: CompiledListQuery[Any] = CompiledListQuery(
    lambda account, keys: (
        Group.objects.for_account(account).filter(pk__in=keys).order_by().values_list("pk", "name")
    ),
    key,
    many(key),
)
_ADMIN_ROLES = frozenset({BuiltInAccountRole.ACCOUNT_ADMIN.value, BuiltInAccountRole.SSO_ACCOUNT_ADMIN.value})


def _add(
    model: type[Model], names: Sequence[str], rows: Sequence[Sequence[Any]], user: User, actor: Actor
) -> None:
    """Write rows in one statement; those that are there already stay as they are."""
    names, now = (*names, "source", "user_id", "granted_by", "created_at"), timezone.now()
    insert_values(model, names, [(*row, user.pk, actor.label, now) for row in rows])


def _names(user: User, actor: Actor, change: AccessChange) -> _Names:
    """Return the names of everything in ``change``, having checked that all of it is of the person's account."""
    if user.account_id is None:
        raise WrongAccount("No account.", actor=actor, action="access.change", subject=subjects.of_user(user))
    account = user.account_id
    space_grants = change.add_spaces | change.remove_spaces
    spaces, space_roles = {g.space_id for g in space_grants}, {g.role_id for g in space_grants}
    account_roles = {g.role_id for g in change.add_roles | change.remove_roles}
    groups = {g.group_id for g in change.add_groups | change.remove_groups}
    found: dict[str, dict[UUID, str]] = {"account_role": {}, "space": {}, "space_role": {}, "group": {}}
    admins: set[UUID] = set()
    if spaces or account_roles:
        for kind, row, name, built_in in _NAMED.all(account, sorted(spaces), sorted(space_roles)):
            found[kind][row] = name
            if built_in in _ADMIN_ROLES:
                admins.add(row)
    if groups:
        found["group"] = dict(_GROUPS.all(account, sorted(groups)))
    for kind, wanted in (
        ("space", spaces),
        ("space_role", space_roles),
        ("account_role", account_roles),
        ("group", groups),
    ):
        if not wanted <= set(found[kind]):
            raise WrongAccount(
                f"A {kind.replace('_', ' ')} of another account was named.",
                actor=actor,
                action="access.change",
                subject=subjects.of_user(user),
            )
    return _Names(
        found["space"], found["space_role"], found["account_role"], found["group"], frozenset(admins)
    )


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
