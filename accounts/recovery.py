"""Who could use their recovery address now, and why not: pure rules (L-9, V-15).

The address is a column of its own that a person confirmed here; no claim and no SCIM attribute leads to it. After every
change it rests for three days, so that whoever steals a session has to wait while the old address knows.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from accounts.models import Kind, User

REST = timedelta(hours=72)


class Standing(StrEnum):
    """What stands between a person and a link to their recovery address; the values are refusal codes."""

    READY = "recovery.ready"
    NO_ADDRESS = "recovery.no_address"
    RESTING = "recovery.resting"
    NOT_ABLE = "recovery.not_able"  # disabled, deactivated, deleted
    ACCOUNT_CLOSED = "recovery.account_closed"


def usable_from(user: User) -> datetime | None:
    """Return from when a confirmed recovery address may be used, None when there is none."""
    if not user.recovery_email or user.recovery_email_confirmed_at is None:
        return None
    return (user.recovery_email_changed_at or user.recovery_email_confirmed_at) + REST


def standing(user: User, now: datetime) -> Standing:
    """Return whether ``user`` could be sent a link at ``now``; roles and policy are the caller's matter."""
    if not user.can_sign_in:
        return Standing.NOT_ABLE
    if user.account is not None and user.account.closed_at is not None:
        return Standing.ACCOUNT_CLOSED
    begins = usable_from(user)
    if begins is None:
        return Standing.NO_ADDRESS
    return Standing.READY if begins <= now else Standing.RESTING


def must_be_separate(user: User, *, is_admin: bool) -> bool:
    """Tell whether the recovery address must differ from the e-mail address.

    It must for admins, who need it when their directory and its mail fail, and where somebody else writes the e-mail
    address. Somebody who is managed by hand and has a password only may well have a single mailbox.
    """
    return is_admin or user.connected or (user.kind == Kind.MEMBER and user.provisioned_by in _OUTSIDE)


_OUTSIDE = frozenset({"scim", "provider"})


def masked(address: str) -> str:
    """Return an address as others may see it: ``a…@example.org``."""
    name, _, domain = address.rpartition("@")
    return f"{name[:1]}…@{domain}" if address else ""
