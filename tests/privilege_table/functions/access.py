"""What decides about access: account roles, groups, spaces, mapping roles, and a planned change (V-8, R-1, R-2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from accounts import lifecycle
from accounts.lifecycle.roles import account_role_named
from accounts.models import BuiltInAccountRole, User
from accounts.sources import Source
from spaces import access, tenants
from spaces.models import SpaceMembership
from tests.privilege_table.cast import Cast, Whom, account_admin, member, sso_admin
from tests.privilege_table.functions.calls import (
    ADMINS,
    DIRECTORY,
    FILE,
    PROVIDER,
    SSO_ADMINS,
    Call,
    Given,
)

_SSO, _ADMIN = BuiltInAccountRole.SSO_ACCOUNT_ADMIN, BuiltInAccountRole.ACCOUNT_ADMIN


def _staff(cast: Cast) -> User:
    return cast.staff.present


def _role(user: Whom, role: BuiltInAccountRole) -> Given:
    return lambda cast: {
        "user": user(cast),
        "role": account_role_named(cast.acme.account, role),
        "source": Source.MANUAL,
    }


def _in_space(user: Whom) -> Given:
    return lambda cast: {
        "user": user(cast),
        "space": cast.acme.space,
        "role": cast.acme.space_role,
        "source": Source.MANUAL,
    }


def _held_in_space(user: Whom) -> Given:
    def given(cast: Cast) -> dict[str, Any]:
        values = _in_space(user)(cast)
        SpaceMembership.objects.create(**values)
        return values

    return given


def _membership(user: Whom, *, member: bool = True) -> Given:
    def given(cast: Cast) -> dict[str, Any]:
        group, whom = cast.acme.group, user(cast)
        if not member:
            group.memberships.create(user=whom, source=Source.MANUAL)
        return {"group": group, "user": whom, "member": member}

    return given


def _by_rank(
    what: str, function: Callable[..., Any], event: str, given: Callable[[Whom], Given]
) -> list[Call]:
    """Return one change of what a member, an account admin and an SSO account admin have."""
    ranks = (
        ("a member", member, ADMINS),
        ("an account admin", account_admin, ADMINS),
        ("an SSO account admin", sso_admin, SSO_ADMINS),
    )
    return [Call(f"{what} {whom}", allowed, function, given(user), event) for whom, user, allowed in ranks]


CALLS: tuple[Call, ...] = (
    *(
        Call(f"grant {role.label} to {whom}", allowed, lifecycle.grant_account_role, given, "account_role.")
        for role, whom, user, allowed in (
            (_SSO, "a member", member, SSO_ADMINS),
            (_SSO, "an account admin", account_admin, SSO_ADMINS),
            (_ADMIN, "a member", member, ADMINS),
            (_ADMIN, "an SSO account admin", sso_admin, SSO_ADMINS),
        )
        for given in [_role(user, role)]
    ),
    Call(
        "revoke account admin",
        ADMINS,
        lifecycle.revoke_account_role,
        _role(account_admin, _ADMIN),
        "account_role.revoked",
    ),
    Call(
        "revoke SSO account admin",
        SSO_ADMINS,
        lifecycle.revoke_account_role,
        _role(sso_admin, _SSO),
        "account_role.revoked",
    ),
    Call(
        "grant a role without power",  # J-2: a provider's default role
        ADMINS | {PROVIDER},
        lifecycle.grant_account_role,
        lambda cast: {
            "user": member(cast),
            "role": cast.acme.account_role,
            "source": Source.MANUAL,
        },
        "account_role.granted",
    ),
    Call(
        "make an account role",
        ADMINS,
        lifecycle.create_account_role,
        lambda cast: {"account": cast.acme.account, "name": "Mine"},
        "account_role.created",
    ),
    Call(
        "make a group",
        ADMINS | {DIRECTORY},
        lifecycle.create_group,
        lambda cast: {"account": cast.acme.account, "name": "Mine"},
        "group.created",
    ),
    Call(
        "map a group",
        ADMINS | {DIRECTORY},
        lifecycle.update_group,
        lambda cast: {"group": cast.things.pushed, "idp_identifier": "mine"},
        "group.updated",
    ),
    Call(
        "delete a group",
        ADMINS | {DIRECTORY},
        lifecycle.delete_group,
        lambda cast: {"group": cast.things.pushed},
        "group.deleted",
    ),
    Call(
        "push members",
        frozenset({DIRECTORY, FILE}),
        lifecycle.set_directory_members,
        lambda cast: {"group": cast.things.pushed, "add": [member(cast).pk]},
        "group.members_changed",
    ),
    *_by_rank("put into a group", lifecycle.set_group_membership, "group.member_added", _membership),
    *_by_rank(
        "take out of a group",
        lifecycle.set_group_membership,
        "group.member_removed",
        lambda user: _membership(user, member=False),
    ),
    Call(
        "let a group grant a space",
        ADMINS,
        access.grant_group_space_role,
        lambda cast: {
            "group": cast.acme.mapped_group,
            "space": cast.acme.space,
            "role": cast.acme.space_role,
        },
        "group.granted",
    ),
    *_by_rank("give a role in a space to", access.grant_space_role, "space_role.granted", _in_space),
    *_by_rank("take a role in a space from", access.revoke_space_role, "space_role.revoked", _held_in_space),
    Call(
        "make a space",
        ADMINS,
        tenants.create_space,
        lambda cast: {"account": cast.acme.account, "name": "Mine"},
        "space.created",
    ),
    Call(
        "make a space role",
        ADMINS,
        tenants.create_space_role,
        lambda cast: {"account": cast.acme.account, "name": "Mine"},
        "space_role.created",
    ),
)
