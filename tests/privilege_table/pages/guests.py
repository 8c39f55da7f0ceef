"""Invitations, guests, and guests' roles on the admin's pages (V-8, V-10, R-6)."""

from __future__ import annotations

from accounts.lifecycle.roles import account_role_named
from accounts.models import Account, BuiltInAccountRole, GuestAccess, Invitation
from foundation.models import OutboxMessage
from spaces.models import GuestAccountRole, GuestSpaceRole
from tests.privilege_table.cast import Cast
from tests.privilege_table.pages.forms import (
    ADMINS,
    NOBODY,
    FormChange,
    added,
    fresh,
    pressed,
    row_added,
    row_removed,
)


def _account(cast: Cast) -> Account:
    return cast.acme.account


def _guest(cast: Cast) -> GuestAccess:
    return cast.things.guest


def _second(cast: Cast) -> GuestAccess:
    return cast.things.guest_with_roles


def _invited(cast: Cast) -> bool:
    return Invitation.objects.for_account(_account(cast)).filter(email="new@guest.example").exists()


_COMING: tuple[FormChange, ...] = (
    *(
        FormChange(
            f"invite {whom}",
            ADMINS,
            _invited,
            "invitation.created",
            added(
                Invitation,
                lambda cast, as_whom=as_whom: {  # type: ignore[misc]
                    "account": _account(cast).pk,
                    "email": "new@guest.example",
                    "invited_as": as_whom,
                },
            ),
        )
        for whom, as_whom in (("a member", "member"), ("a guest", "7"))
    ),
    FormChange(
        "send an invitation again",
        ADMINS,
        lambda cast: OutboxMessage.objects.filter(kind="invitation.mail").count() > 1,
        "invitation.resent",
        pressed(lambda cast: cast.things.invitation, "resend"),
    ),
    FormChange(
        "revoke an invitation",
        ADMINS,
        lambda cast: fresh(cast.things.invitation).revoked_at is not None,
        "invitation.revoked",
        pressed(lambda cast: cast.things.invitation, "revoke"),
    ),
    FormChange(
        "end a guest's access",
        ADMINS,
        lambda cast: fresh(cast.things.guest).ended_at is not None,
        "guest.ended",
        pressed(lambda cast: cast.things.guest, "end"),
    ),
)

_ROLES: tuple[FormChange, ...] = (
    FormChange(
        "give a guest a role in a space",
        ADMINS,
        lambda cast: GuestSpaceRole.objects.filter(access=_guest(cast)).exists(),
        "guest.role_granted",
        row_added(
            _guest,
            "space_roles",
            lambda cast: {"space": cast.acme.space.pk, "role": cast.acme.space_role.pk},
        ),
    ),
    FormChange(
        "take a role in a space from a guest",
        ADMINS,
        lambda cast: not GuestSpaceRole.objects.filter(access=_second(cast)).exists(),
        "guest.role_revoked",
        row_removed(_second, "space_roles", lambda cast: GuestSpaceRole.objects.get(access=_second(cast))),
    ),
    FormChange(
        "give a guest an account role",
        ADMINS,
        lambda cast: GuestAccountRole.objects.filter(access=_guest(cast)).exists(),
        "guest.role_granted",
        row_added(_guest, "account_roles", lambda cast: {"role": cast.acme.account_role.pk}),
    ),
    FormChange(
        "take an account role from a guest",
        ADMINS,
        lambda cast: not GuestAccountRole.objects.filter(access=_second(cast)).exists(),
        "guest.role_revoked",
        row_removed(
            _second, "account_roles", lambda cast: GuestAccountRole.objects.get(access=_second(cast))
        ),
    ),
    FormChange(
        "give a guest an admin role",
        NOBODY,
        lambda cast: GuestAccountRole.objects.filter(access=_guest(cast)).exists(),
        "guest.role_granted",
        row_added(
            _guest,
            "account_roles",
            lambda cast: {
                "role": account_role_named(_account(cast), BuiltInAccountRole.ACCOUNT_ADMIN).pk,
            },
        ),
    ),
)

CHANGES: tuple[FormChange, ...] = (*_COMING, *_ROLES)
