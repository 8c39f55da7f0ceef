"""What decides about access: account roles, groups, spaces, mapping roles, and a planned change (V-8, R-1, R-2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from accounts import lifecycle
from accounts.lifecycle.roles import account_role_named
from accounts.models import Account, AccountRoleMembership, BuiltInAccountRole, User
from accounts.sources import Source
from spaces import access, mapping_rows, tenants
from spaces.access import AccessChange, RoleGrant
from spaces.models import SpaceMembership
from sso import authorization, mapping_role_changes, role_changes
from tests.console.last_claims import map_admins, seen_with
from tests.privilege_table.cast import Cast, Role
from tests.privilege_table.functions.calls import (
    ADMINS,
    DIRECTORY,
    FILE,
    NOBODY,
    PROVIDER,
    SSO_ADMINS,
    Call,
    Given,
)

_SSO, _ADMIN = BuiltInAccountRole.SSO_ACCOUNT_ADMIN, BuiltInAccountRole.ACCOUNT_ADMIN
Whom = Callable[[Cast], User]


def _member(cast: Cast) -> User:
    return cast.member.present


def _peer(cast: Cast) -> User:
    return cast.account_admin.present


def _boss(cast: Cast) -> User:
    return cast.sso_admin.present


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
        ("a member", _member, ADMINS),
        ("an account admin", _peer, ADMINS),
        ("an SSO account admin", _boss, SSO_ADMINS),
    )
    return [Call(f"{what} {whom}", allowed, function, given(user), event) for whom, user, allowed in ranks]


# --- what a sign-in applies, and "apply now" --------------------------------------------------------------------------


def authorized(cast: Cast) -> Account:
    """Switch authorization on, which cells take back."""
    account = cast.acme.account
    Account.objects.filter(pk=account.pk).update(sso_authorization=True)
    return Account.objects.get(pk=account.pk)


def _mapped(*, on: bool, add: bool = True, source: Source = Source.MAPPING) -> Given:
    """Return a planned change that gives SSO account admin to a member, or takes it from an admin."""

    def given(cast: Cast) -> dict[str, Any]:
        if on:
            authorized(cast)
        role = account_role_named(cast.acme.account, _SSO)
        if add:
            change = AccessChange(add_roles=frozenset({RoleGrant(role.pk, source)}))
        else:
            change = AccessChange(remove_roles=frozenset({RoleGrant(role.pk, Source.MANUAL)}))
        return {"user": (_member if add else _boss)(cast), "change": change}

    return given


def _in_spaces(user: Whom) -> Given:
    def given(cast: Cast) -> dict[str, Any]:
        grant = access.SpaceGrant(cast.acme.space.pk, cast.acme.space_role.pk, Source.CLAIMS)
        return {"user": user(cast), "change": AccessChange(add_spaces=frozenset({grant}))}

    return given


def switching_on(cast: Cast) -> dict[str, Any]:
    """Let the acting admin and another one keep the role by a mapping role, as R-5 asks for."""
    map_admins(cast.acme)
    for user in (cast.people[Role.SSO_ADMIN], cast.people[Role.ACCOUNT_ADMIN], _boss(cast)):
        seen_with(User.objects.get(pk=user.pk), cast.acme.provider, "admins")
    return {"account": cast.acme.account}


def _mapped_rows(cast: Cast) -> dict[str, Any]:
    role = account_role_named(cast.acme.account, _SSO)
    AccountRoleMembership.objects.create(user=_member(cast), role=role, source=Source.MAPPING)
    return {"account": cast.acme.account}


def _mapping(cast: Cast) -> dict[str, Any]:
    powerful = account_role_named(cast.acme.account, _SSO)
    return {
        "account": cast.acme.account,
        "name": "mine",
        "account_roles": frozenset({powerful}),
        "space_roles": {},
    }


_MAPPING: tuple[Call, ...] = (
    Call("save a mapping role", SSO_ADMINS, tenants.save_mapping_role, _mapping, "mapping_role.saved"),
    Call(
        "save a mapping role and see whom it affects",
        SSO_ADMINS,
        mapping_role_changes.save,
        lambda cast: {**_mapping(cast), "role": None},
        "mapping_role.saved",
    ),
    Call(
        "delete a mapping role",
        SSO_ADMINS,
        tenants.delete_mapping_role,
        lambda cast: {"role": cast.acme.mapping_role},
        "mapping_role.deleted",
    ),
    Call(
        "delete a mapping role unless it is one's own",
        SSO_ADMINS,
        mapping_role_changes.delete,
        lambda cast: {"role": cast.acme.mapping_role},
        "mapping_role.deleted",
    ),
    Call(
        "apply mapping roles now",
        SSO_ADMINS,
        role_changes.apply_now,
        lambda cast: {"account": authorized(cast)},
        "access.apply_roles",
    ),
    Call("authorization on", SSO_ADMINS, authorization.turn_on, switching_on, "account.updated"),
    Call(
        "authorization off",
        SSO_ADMINS,
        authorization.turn_off,
        lambda cast: {"account": authorized(cast), "just_in_time": ()},
        "account.updated",
    ),
    Call(
        "keep mapped roles by hand",
        SSO_ADMINS,
        mapping_rows.keep_by_hand,
        _mapped_rows,
        "access.kept_by_hand",
    ),
    Call(
        "a mapped admin role while authorization is on",
        SSO_ADMINS | {PROVIDER},
        access.change_access,
        _mapped(on=True),
        "access.changed",
    ),
    Call(
        "a mapped admin role while authorization is off",
        NOBODY,
        access.change_access,
        _mapped(on=False),
        "access.changed",
    ),
    Call(
        "an admin role by a claim",
        NOBODY,
        access.change_access,
        _mapped(on=True, source=Source.CLAIMS),
        "access.changed",
    ),
    Call(
        "take an admin role while authorization is on",
        SSO_ADMINS | {PROVIDER},
        access.change_access,
        _mapped(on=True, add=False),
        "access.changed",
    ),
    Call(
        "take an admin role while authorization is off",
        NOBODY,
        access.change_access,
        _mapped(on=False, add=False),
        "access.changed",
    ),
    Call(
        "a planned role in a space for a member",
        ADMINS | {PROVIDER},
        access.change_access,
        _in_spaces(_member),
        "access.changed",
    ),
    Call(
        "a planned role in a space for an SSO account admin",
        SSO_ADMINS | {PROVIDER},
        access.change_access,
        _in_spaces(_boss),
        "access.changed",
    ),
)

CALLS: tuple[Call, ...] = (
    *(
        Call(f"grant {role.label} to {whom}", allowed, lifecycle.grant_account_role, given, "account_role.")
        for role, whom, user, allowed in (
            (_SSO, "a member", _member, SSO_ADMINS),
            (_SSO, "an account admin", _peer, SSO_ADMINS),
            (_ADMIN, "a member", _member, ADMINS),
            (_ADMIN, "an SSO account admin", _boss, SSO_ADMINS),
        )
        for given in [_role(user, role)]
    ),
    Call(
        "revoke account admin",
        ADMINS,
        lifecycle.revoke_account_role,
        _role(_peer, _ADMIN),
        "account_role.revoked",
    ),
    Call(
        "revoke SSO account admin",
        SSO_ADMINS,
        lifecycle.revoke_account_role,
        _role(_boss, _SSO),
        "account_role.revoked",
    ),
    Call(
        "grant a role without power",  # J-2: a provider's default role
        ADMINS | {PROVIDER},
        lifecycle.grant_account_role,
        lambda cast: {
            "user": _member(cast),
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
        lambda cast: {"group": cast.things.pushed, "add": [_member(cast).pk]},
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
    *_MAPPING,
)
