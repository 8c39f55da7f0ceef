"""What guests and vendor staff may do in the account that they visit: given there by hand, taken there by hand (R-6).

The rows hang on the ``GuestAccess`` that an admin of the visited account invited for, and so end with it: when it
expires, when it is ended, when the person leaves their own account. No sign-in, mapping role or directory of either
account reads or writes them. Who may give them is asked in the visited account (V-8); the guest's own account has no
say. Built-in account roles (Member and the admins') are for the account's own people. Groups stay closed to guests as
well: a group's members are told to the account's directory, which must not see guests (V-2).

Whoever is invited again while they may still come keeps what they had (``carry_over``); after it ended they begin with
nothing.
"""

from __future__ import annotations

from accounts import privilege, subjects
from accounts.lifecycle.roles import WrongAccount
from accounts.models import AccountRole, GuestAccess
from audit.actors import Actor
from audit.recorder import record
from audit.refusals import Refused, refusals_audited
from foundation.transactions import in_transaction
from spaces.models import GuestAccountRole, GuestSpaceRole, Space, SpaceRole


class GuestAccessOver(Refused):
    """The guest may no longer come, so that there is nothing to give."""

    code = "guest.over"


class NotForGuests(Refused):
    """Built-in account roles are the account's own people's."""

    code = "guest.built_in_role"


@refusals_audited
@in_transaction
def grant_guest_space_role(*, access: GuestAccess, space: Space, role: SpaceRole, actor: Actor) -> bool:
    """Give a guest a role in a space; return whether it is new.

    Raises ``privilege.NotAllowed``, ``WrongAccount`` and ``GuestAccessOver``.
    """
    row = _lock(access, actor, "guest.role_grant", {space.account_id, role.account_id})
    _require_open(row, actor)
    _, created = GuestSpaceRole.objects.get_or_create(
        access=row, space=space, role=role, defaults={"granted_by": actor.label[:254]}
    )
    if created:
        _note(row, actor, "space_role", f"{space.name}: {role.name}", given=True)
    return created


@refusals_audited
@in_transaction
def revoke_guest_space_role(*, access: GuestAccess, space: Space, role: SpaceRole, actor: Actor) -> bool:
    """Take a role in a space from a guest, at their next request; return whether there was one."""
    row = _lock(access, actor, "guest.role_revoke", {space.account_id, role.account_id})
    found = GuestSpaceRole.objects.for_account(row.account_id).filter(access=row, space=space, role=role)
    removed, _ = found.delete()
    if removed:
        _note(row, actor, "space_role", f"{space.name}: {role.name}", given=False)
    return bool(removed)


@refusals_audited
@in_transaction
def grant_guest_account_role(*, access: GuestAccess, role: AccountRole, actor: Actor) -> bool:
    """Give a guest an account role that has only a name; return whether it is new.

    Raises ``NotForGuests`` and what ``grant_guest_space_role`` does.
    """
    row = _lock(access, actor, "guest.role_grant", {role.account_id})
    _require_open(row, actor)
    if role.built_in:
        raise NotForGuests(
            f"{role.name} is for people of this account only.",
            actor=actor,
            action="guest.role_grant",
            subject=subjects.of_guest_access(row),
        )
    _, created = GuestAccountRole.objects.get_or_create(
        access=row, role=role, defaults={"granted_by": actor.label[:254]}
    )
    if created:
        _note(row, actor, "account_role", role.name, given=True)
    return created


@refusals_audited
@in_transaction
def revoke_guest_account_role(*, access: GuestAccess, role: AccountRole, actor: Actor) -> bool:
    """Take an account role from a guest, at their next request; return whether there was one."""
    row = _lock(access, actor, "guest.role_revoke", {role.account_id})
    removed, _ = GuestAccountRole.objects.for_account(row.account_id).filter(access=row, role=role).delete()
    if removed:
        _note(row, actor, "account_role", role.name, given=False)
    return bool(removed)


def carry_over(*, before: GuestAccess, after: GuestAccess, actor: Actor) -> None:
    """Let a guest who was invited again keep what they held, with who gave it and when; in the caller's transaction."""
    account = after.account_id
    spaces = GuestSpaceRole.objects.for_account(account).filter(access=before).select_related("space", "role")
    roles = GuestAccountRole.objects.for_account(account).filter(access=before).select_related("role")
    kept = [f"{held.space.name}: {held.role.name}" for held in spaces] + [held.role.name for held in roles]
    if not kept:
        return
    GuestSpaceRole.objects.bulk_create(
        GuestSpaceRole(
            access=after,
            space=held.space,
            role=held.role,
            granted_by=held.granted_by,
            created_at=held.created_at,
        )
        for held in spaces
    )
    GuestAccountRole.objects.bulk_create(
        GuestAccountRole(access=after, role=held.role, granted_by=held.granted_by, created_at=held.created_at)
        for held in roles
    )
    record(
        actor=actor,
        action="guest.roles_kept",
        subject=subjects.of_guest_access(after),
        message=f"{after.user.user_name} was invited again and keeps what they held here.",
        changes={"roles": [None, sorted(kept)]},
    )


def _lock(access: GuestAccess, actor: Actor, action: str, owners: set[object]) -> GuestAccess:
    """Lock the access and check right (V-8) and account."""
    rows = GuestAccess.objects.for_account(access.account_id)
    row = rows.select_for_update(of=("self",)).select_related("user").get(pk=access.pk)
    subject = subjects.of_guest_access(row)
    privilege.require(
        actor, row.account_id, privilege.Authority.ACCOUNT_ADMIN, action=action, subject=subject
    )
    if owners != {row.account_id}:
        raise WrongAccount(
            "Guest, space and role are of different accounts.", actor=actor, action=action, subject=subject
        )
    return row


def _require_open(row: GuestAccess, actor: Actor) -> None:
    if not row.is_open:
        raise GuestAccessOver(
            f"The access of {row.user.user_name} is over; invite them again first.",
            actor=actor,
            action="guest.role_grant",
            subject=subjects.of_guest_access(row),
        )


def _note(row: GuestAccess, actor: Actor, kind: str, what: str, *, given: bool) -> None:
    until = f" until {row.expires_at:%Y-%m-%d %H:%M} UTC" if given and row.expires_at is not None else ""
    record(
        actor=actor,
        action="guest.role_granted" if given else "guest.role_revoked",
        subject=subjects.of_guest_access(row),
        message=f"{row.user.user_name} {'holds' if given else 'no longer holds'} {what} as {row.basis}{until}.",
        changes={kind: [None, what] if given else [what, None]},
    )
