"""What a person effectively has: the union over all sources, read in a constant number of queries (G-8, L-15).

One place computes it for My access, ``/api/me`` and the admin alike: ``effective_access`` for the native account,
``guest_effective_access`` for one that a guest visits. Nothing of the one counts in the other (R-6).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from accounts.models import AccountRoleMembership, GroupMembership, GuestAccess, User
from accounts.sources import Source
from spaces.models import GroupSpaceRole, GuestAccountRole, GuestSpaceRole, SpaceMembership


@dataclass(frozen=True, slots=True)
class HeldRole:
    """A role and by whose word it is held; ``via`` names the group when a group grants it."""

    name: str
    source: Source
    since: datetime
    via: str = ""


@dataclass(frozen=True, slots=True)
class SpaceAccess:
    """A space with the roles held in it, sorted by name."""

    id: UUID
    name: str
    roles: tuple[HeldRole, ...]


@dataclass(frozen=True, slots=True)
class HeldGroup:
    """A group and by whose word the person is in it."""

    id: UUID
    name: str
    idp_identifier: str
    source: Source
    since: datetime


@dataclass(frozen=True, slots=True)
class EffectiveAccess:
    """Everything a person has in one account."""

    account_roles: tuple[HeldRole, ...]
    spaces: tuple[SpaceAccess, ...]
    groups: tuple[HeldGroup, ...]


def effective_access(user: User) -> EffectiveAccess:
    """Read a person's access in their native account: four queries, however much they have."""
    if user.account_id is None:
        return EffectiveAccess((), (), ())
    account = user.account_id
    roles = AccountRoleMembership.objects.for_account(account).filter(user=user).select_related("role")
    memberships = (
        SpaceMembership.objects.for_account(account).filter(user=user).select_related("space", "role")
    )
    in_groups = GroupMembership.objects.for_account(account).filter(user=user).select_related("group")
    grants = (
        GroupSpaceRole.objects.for_account(account)
        .filter(group__memberships__user=user)
        .select_related("space", "role", "group")
        .distinct()
    )
    spaces: dict[tuple[str, UUID], list[HeldRole]] = {}
    for row in memberships:
        held = HeldRole(row.role.name, Source(row.source), row.created_at)
        spaces.setdefault((row.space.name, row.space_id), []).append(held)
    for grant in grants:
        held = HeldRole(grant.role.name, Source.GROUP, grant.created_at, via=grant.group.name)
        spaces.setdefault((grant.space.name, grant.space_id), []).append(held)
    return EffectiveAccess(
        account_roles=_sorted(HeldRole(row.role.name, Source(row.source), row.created_at) for row in roles),
        spaces=_by_space(spaces),
        groups=tuple(
            sorted(
                (
                    HeldGroup(
                        row.group_id,
                        row.group.name,
                        row.group.idp_identifier,
                        Source(row.source),
                        row.created_at,
                    )
                    for row in in_groups
                ),
                key=lambda group: (group.name, group.source),
            )
        ),
    )


def guest_effective_access(access: GuestAccess) -> EffectiveAccess:
    """Read what a guest has in the account that they visit, by hand alone: two queries; nothing once it is over (R-6).

    Whether a session is in that account at all is ``accounts.entering``'s to say.
    """
    if not access.is_open:
        return EffectiveAccess((), (), ())
    account = access.account_id
    roles = GuestAccountRole.objects.for_account(account).filter(access=access).select_related("role")
    rows = GuestSpaceRole.objects.for_account(account).filter(access=access).select_related("space", "role")
    spaces: dict[tuple[str, UUID], list[HeldRole]] = {}
    for row in rows:
        held = HeldRole(row.role.name, Source.MANUAL, row.created_at)
        spaces.setdefault((row.space.name, row.space_id), []).append(held)
    return EffectiveAccess(
        account_roles=_sorted(HeldRole(row.role.name, Source.MANUAL, row.created_at) for row in roles),
        spaces=_by_space(spaces),
        groups=(),
    )


def _by_space(found: dict[tuple[str, UUID], list[HeldRole]]) -> tuple[SpaceAccess, ...]:
    return tuple(SpaceAccess(key, name, _sorted(held)) for (name, key), held in sorted(found.items()))


def _sorted(roles: Iterable[HeldRole]) -> tuple[HeldRole, ...]:
    return tuple(sorted(roles, key=lambda role: (role.name, role.source)))
