"""Mapping roles, authorization, and what a sign-in or "apply now" plans of somebody's access (V-8, R-1, R-2, R-5)."""

from __future__ import annotations

from typing import Any

from accounts.lifecycle.roles import account_role_named
from accounts.models import Account, AccountRoleMembership, BuiltInAccountRole, User
from accounts.sources import Source
from spaces import access, mapping_rows, tenants
from spaces.access import AccessChange, RoleGrant
from sso import authorization, mapping_role_changes, role_changes
from tests.console.last_claims import map_admins, seen_with
from tests.privilege_table.cast import Cast, Role, Whom, member, sso_admin
from tests.privilege_table.functions.calls import ADMINS, NOBODY, PROVIDER, SSO_ADMINS, Call, Given

_SSO = BuiltInAccountRole.SSO_ACCOUNT_ADMIN


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
        return {"user": (member if add else sso_admin)(cast), "change": change}

    return given


def _in_spaces(user: Whom) -> Given:
    def given(cast: Cast) -> dict[str, Any]:
        grant = access.SpaceGrant(cast.acme.space.pk, cast.acme.space_role.pk, Source.CLAIMS)
        return {"user": user(cast), "change": AccessChange(add_spaces=frozenset({grant}))}

    return given


def switching_on(cast: Cast) -> dict[str, Any]:
    """Let the acting admin and another one keep the role by a mapping role, as R-5 asks for."""
    map_admins(cast.acme)
    for user in (cast.people[Role.SSO_ADMIN], cast.people[Role.ACCOUNT_ADMIN], sso_admin(cast)):
        seen_with(User.objects.get(pk=user.pk), cast.acme.provider, "admins")
    return {"account": cast.acme.account}


def _mapped_rows(cast: Cast) -> dict[str, Any]:
    role = account_role_named(cast.acme.account, _SSO)
    AccountRoleMembership.objects.create(user=member(cast), role=role, source=Source.MAPPING)
    return {"account": cast.acme.account}


def _mapping(cast: Cast) -> dict[str, Any]:
    powerful = account_role_named(cast.acme.account, _SSO)
    return {
        "account": cast.acme.account,
        "name": "mine",
        "account_roles": frozenset({powerful}),
        "space_roles": {},
    }


CALLS: tuple[Call, ...] = (
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
        _in_spaces(member),
        "access.changed",
    ),
    Call(
        "a planned role in a space for an SSO account admin",
        SSO_ADMINS | {PROVIDER},
        access.change_access,
        _in_spaces(sso_admin),
        "access.changed",
    ),
)
