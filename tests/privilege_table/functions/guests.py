"""Invitations, guests, and what guests may do in the account that they visit (V-8, V-10, R-6)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from accounts import lifecycle
from accounts.lifecycle.roles import account_role_named
from accounts.models import AccountRole, BuiltInAccountRole, GuestAccess, InvitationPurpose
from spaces import guest_roles
from spaces.models import GuestAccountRole, GuestSpaceRole
from tests.privilege_table.cast import Cast, Role
from tests.privilege_table.functions.calls import ADMINS, NOBODY, SSO_ADMINS, Call, Given
from tests.worlds import OPERATOR, add_person


def _account(**values: Any) -> Given:
    return lambda cast: {"account": cast.acme.account, **values}


def _awaited(role: BuiltInAccountRole | None, function: Callable[..., Any] | None = None) -> Given:
    """Return the invitation of somebody whom an admin made, gave ``role``, and who has no way in yet."""

    def given(cast: Cast) -> dict[str, Any]:
        account = cast.acme.account
        user = add_person(account, "awaited", role)
        user.set_unusable_password()
        user.save(update_fields=["password"])
        if function is None:
            return {"account": account, "email": user.email}
        return {
            "invitation": lifecycle.invite_person(account=account, actor=OPERATOR, email=user.email),
        }

    return given


def _staff_grant(cast: Cast) -> dict[str, Any]:
    return {"access": GuestAccess.objects.get(user=cast.people[Role.STAFF])}


def _guest(cast: Cast) -> GuestAccess:
    return cast.things.guest


def _former(cast: Cast) -> GuestAccess:
    return cast.things.former_guest


def _in_space(access: Callable[[Cast], GuestAccess], *, held: bool = False) -> Given:
    def given(cast: Cast) -> dict[str, Any]:
        values = {"access": access(cast), "space": cast.acme.space, "role": cast.acme.space_role}
        if held:
            GuestSpaceRole.objects.create(**values)
        return values

    return given


def _with_role(
    access: Callable[[Cast], GuestAccess], role: Callable[[Cast], AccountRole], *, held: bool = False
) -> Given:
    def given(cast: Cast) -> dict[str, Any]:
        values = {"access": access(cast), "role": role(cast)}
        if held:
            GuestAccountRole.objects.create(**values)
        return values

    return given


def _billing(cast: Cast) -> AccountRole:
    return cast.acme.account_role


def _powerful(cast: Cast) -> AccountRole:
    return account_role_named(cast.acme.account, BuiltInAccountRole.SSO_ACCOUNT_ADMIN)


_COMING: tuple[Call, ...] = (
    Call(
        "invite a member",
        ADMINS,
        lifecycle.invite_person,
        _account(email="new@guest.example"),
        "invitation.created",
    ),
    Call(
        "invite a guest",
        ADMINS,
        lifecycle.invite_person,
        _account(email="new@guest.example", purpose=InvitationPurpose.GUEST, guest_days=7),
        "invitation.created",
    ),
    *(
        call
        for whom, role, allowed in (
            ("a member who is awaited", None, ADMINS),
            ("an SSO account admin who is awaited", BuiltInAccountRole.SSO_ACCOUNT_ADMIN, SSO_ADMINS),
        )
        for call in (
            Call(f"invite {whom}", allowed, lifecycle.invite_person, _awaited(role), "invitation.created"),
            *(
                Call(f"{what} the invitation of {whom}", allowed, function, _awaited(role, function), event)
                for what, function, event in (
                    ("resend", lifecycle.resend_invitation, "invitation.resent"),
                    ("revoke", lifecycle.revoke_invitation, "invitation.revoked"),
                )
            ),
        )
    ),
    Call(
        "end a guest's access",
        ADMINS,
        lifecycle.end_guest_access,
        lambda cast: {"access": cast.things.guest},
        "guest.ended",
    ),
    Call("end staff's access", ADMINS, lifecycle.end_guest_access, _staff_grant, "guest.ended"),
)

_ROLES: tuple[Call, ...] = (
    Call(
        "give a guest a role in a space",
        ADMINS,
        guest_roles.grant_guest_space_role,
        _in_space(_guest),
        "guest.role_granted",
    ),
    Call(
        "take a role in a space from a guest",
        ADMINS,
        guest_roles.revoke_guest_space_role,
        _in_space(_guest, held=True),
        "guest.role_revoked",
    ),
    Call(
        "give a guest an account role",
        ADMINS,
        guest_roles.grant_guest_account_role,
        _with_role(_guest, _billing),
        "guest.role_granted",
    ),
    Call(
        "take an account role from a guest",
        ADMINS,
        guest_roles.revoke_guest_account_role,
        _with_role(_guest, _billing, held=True),
        "guest.role_revoked",
    ),
    Call(
        "give a guest an admin role",
        NOBODY,
        guest_roles.grant_guest_account_role,
        _with_role(_guest, _powerful),
        "",
        code="guest.built_in_role",
        only=ADMINS,
    ),
    Call(
        "give a guest another account's role",
        NOBODY,
        guest_roles.grant_guest_account_role,
        _with_role(_guest, lambda cast: cast.globex.account_role),
        "",
        code="access.wrong_account",
        only=ADMINS,
    ),
    Call(
        "give a role in a space to a guest whose access is over",
        NOBODY,
        guest_roles.grant_guest_space_role,
        _in_space(_former),
        "",
        code="guest.over",
        only=ADMINS,
    ),
    Call(
        "give an account role to a guest whose access is over",
        NOBODY,
        guest_roles.grant_guest_account_role,
        _with_role(_former, _billing),
        "",
        code="guest.over",
        only=ADMINS,
    ),
)

CALLS: tuple[Call, ...] = (*_COMING, *_ROLES)
