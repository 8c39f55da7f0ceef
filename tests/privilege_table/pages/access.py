"""Account roles, groups, spaces and mapping roles on the admin's pages (V-8, R-1, G-8)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import Model

from accounts.lifecycle.roles import account_role_named
from accounts.models import (
    AccountRole,
    AccountRoleMembership,
    BuiltInAccountRole,
    Group,
    GroupMembership,
    User,
)
from spaces.models import GroupSpaceRole, Space, SpaceMembership, SpaceRole
from tests.console.admin_pages import Fields
from tests.privilege_table.cast import Cast, Whom, account_admin, member, sso_admin
from tests.privilege_table.pages.forms import (
    ADMINS,
    SSO_ADMINS,
    FormChange,
    Request,
    Row,
    added,
    chosen,
    edited,
    fresh,
    gone,
    pressed,
    row_added,
    row_removed,
)

_SSO, _ADMIN = BuiltInAccountRole.SSO_ACCOUNT_ADMIN, BuiltInAccountRole.ACCOUNT_ADMIN

_RANKS: tuple[tuple[str, Whom, frozenset[Any]], ...] = (
    ("a member", member, ADMINS),
    ("an account admin", account_admin, ADMINS),
    ("an SSO account admin", sso_admin, SSO_ADMINS),
)


# --- account roles ----------------------------------------------------------------------------------------------------


def _holds(user: Whom, role: BuiltInAccountRole) -> Callable[[Cast], bool]:
    return lambda cast: AccountRoleMembership.objects.filter(
        user=user(cast), role__built_in=role.value
    ).exists()


def _granting(user: Whom, role: BuiltInAccountRole) -> Request:
    return row_added(
        user,
        "account_role_memberships",
        lambda cast: {"role": account_role_named(cast.acme.account, role).pk},
    )


def _revoking(user: Whom) -> Request:
    return row_removed(
        user,
        "account_role_memberships",
        lambda cast: AccountRoleMembership.objects.get(user=user(cast), source="manual"),
    )


_ROLES: tuple[FormChange, ...] = (
    *(
        FormChange(
            f"grant {role.label} to {whom}",
            allowed,
            _holds(user, role),
            "account_role.granted",
            _granting(user, role),
        )
        for role, whom, user, allowed in (
            (_SSO, "a member", member, SSO_ADMINS),
            (_SSO, "an account admin", account_admin, SSO_ADMINS),
            (_ADMIN, "a member", member, ADMINS),
            (_ADMIN, "an SSO account admin", sso_admin, SSO_ADMINS),
        )
    ),
    FormChange(
        "revoke account admin",
        ADMINS,
        lambda cast: not _holds(account_admin, _ADMIN)(cast),
        "account_role.revoked",
        _revoking(account_admin),
    ),
    FormChange(
        "revoke SSO account admin",
        SSO_ADMINS,
        lambda cast: not _holds(sso_admin, _SSO)(cast),
        "account_role.revoked",
        _revoking(sso_admin),
    ),
    FormChange(
        "grant a role without power",
        ADMINS,
        lambda cast: AccountRoleMembership.objects.filter(
            user=member(cast), role=cast.acme.account_role
        ).exists(),
        "account_role.granted",
        row_added(member, "account_role_memberships", lambda cast: {"role": cast.acme.account_role.pk}),
    ),
    FormChange(
        "make an account role",
        ADMINS,
        lambda cast: AccountRole.objects.for_account(cast.acme.account).filter(name="Auditor").exists(),
        "account_role.created",
        added(AccountRole, lambda cast: {"account": cast.acme.account.pk, "name": "Auditor"}),
    ),
)


# --- groups and spaces ------------------------------------------------------------------------------------------------


def _group(cast: Cast) -> Group:
    return cast.acme.group


def _space(cast: Cast) -> Space:
    return cast.acme.space


def _lab(cast: Cast) -> Fields:
    return {"space": cast.acme.space.pk, "role": cast.acme.space_role.pk}


def _row_of(model: type[Model], **filters: Callable[[Cast], Model]) -> Row:
    return lambda cast: model._default_manager.get(**{name: row(cast) for name, row in filters.items()})


def _employee(cast: Cast) -> User:
    return cast.acme.employee


def _in_group(user: Whom) -> Callable[[Cast], bool]:
    return lambda cast: GroupMembership.objects.filter(user=user(cast)).exists()


def _in_space(user: Whom) -> Callable[[Cast], bool]:
    return lambda cast: SpaceMembership.objects.filter(user=user(cast)).exists()


def _memberships(whom: str, user: Whom, allowed: frozenset[Any]) -> list[FormChange]:
    """Return how somebody comes into a group and a space, on their page and on its."""
    return [
        FormChange(
            f"put {whom} into a group",
            allowed,
            _in_group(user),
            "group.member",
            row_added(user, "group_memberships", lambda cast: {"group": _group(cast).pk}),
        ),
        FormChange(
            f"put {whom} into a group on its page",
            allowed,
            _in_group(user),
            "group.member",
            row_added(_group, "memberships", lambda cast: {"user": user(cast).pk}),
        ),
        FormChange(
            f"give {whom} a role in a space",
            allowed,
            _in_space(user),
            "space_role.granted",
            row_added(user, "space_memberships", _lab),
        ),
        FormChange(
            f"give {whom} a role on the page of the space",
            allowed,
            _in_space(user),
            "space_role.granted",
            row_added(
                _space,
                "memberships",
                lambda cast: {"user": user(cast).pk, "role": cast.acme.space_role.pk},
            ),
        ),
    ]


def _taken() -> list[FormChange]:
    group_row = _row_of(GroupMembership, user=_employee)
    space_row = _row_of(SpaceMembership, user=_employee)
    rows = []
    for what, held, event, places in (
        (
            "group",
            GroupMembership,
            "group.member_removed",
            ((_employee, "group_memberships", group_row), (_group, "memberships", group_row)),
        ),
        (
            "space",
            SpaceMembership,
            "space_role.revoked",
            ((_employee, "space_memberships", space_row), (_space, "memberships", space_row)),
        ),
    ):
        for place, prefix, row in places:
            where = "" if place is _employee else f" on the page of the {what}"
            rows.append(
                FormChange(
                    f"take a member out of a {what}{where}",
                    ADMINS,
                    lambda cast, held=held: not held.objects.filter(user=_employee(cast)).exists(),  # type: ignore[attr-defined]
                    event,
                    row_removed(place, prefix, row),
                )
            )
    return rows


_GROUPS: tuple[FormChange, ...] = (
    FormChange(
        "make a group",
        ADMINS,
        lambda cast: Group.objects.for_account(cast.acme.account).filter(name="Mine").exists(),
        "group.created",
        added(Group, lambda cast: {"account": cast.acme.account.pk, "name": "Mine"}),
    ),
    FormChange(
        "map a group",
        ADMINS,
        lambda cast: fresh(_group(cast)).idp_identifier == "mine",
        "group.updated",
        edited(_group, idp_identifier="mine"),
    ),
    FormChange("delete a group", ADMINS, gone(_group), "group.deleted", pressed(_group, "delete")),
    FormChange(
        "delete a group from the list",
        ADMINS,
        gone(_group),
        "group.deleted",
        chosen("delete_selected", _group, Group),
    ),
    FormChange(
        "let a group grant a space",
        ADMINS,
        lambda cast: GroupSpaceRole.objects.filter(group=cast.acme.mapped_group).exists(),
        "group.grant",
        row_added(lambda cast: cast.acme.mapped_group, "space_grants", _lab),
    ),
    FormChange(
        "let a group grant a space no longer",
        ADMINS,
        lambda cast: not GroupSpaceRole.objects.filter(group=_group(cast)).exists(),
        "group.grant_removed",
        row_removed(_group, "space_grants", _row_of(GroupSpaceRole, group=_group)),
    ),
    FormChange(
        "make a space",
        ADMINS,
        lambda cast: Space.objects.for_account(cast.acme.account).filter(name="Mine").exists(),
        "space.created",
        added(Space, lambda cast: {"account": cast.acme.account.pk, "name": "Mine"}),
    ),
    FormChange(
        "make a space role",
        ADMINS,
        lambda cast: SpaceRole.objects.for_account(cast.acme.account).filter(name="Mine").exists(),
        "space_role.created",
        added(SpaceRole, lambda cast: {"account": cast.acme.account.pk, "name": "Mine"}),
    ),
    *(change for row in _RANKS for change in _memberships(*row)),
    *_taken(),
)


CHANGES: tuple[FormChange, ...] = (*_ROLES, *_GROUPS)
