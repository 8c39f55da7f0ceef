"""The independent facts about a person, each changed by its own writer (V-12 to V-14).

Every fact that ends access raises ``session_epoch``, so that all sessions are over at their next request whatever
process serves it, and ends personal tokens in the same transaction.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils import timezone

from accounts import password_admins, privilege, subjects
from accounts.lifecycle import departures
from accounts.lifecycle.leaving import (
    alert_if_last_admin,
    alert_if_last_password_admin,
    drop_what_they_held,
    end_access,
    is_last_admin,
)
from accounts.lifecycle.locking import bring_in_step, locked_row
from accounts.models import Account, User
from accounts.privilege import Authority
from accounts.signals import person_deleted
from audit.actors import Actor, ActorKind
from audit.recorder import record
from audit.refusals import Refused, refusals_audited
from foundation.compiled_writes import update
from foundation.transactions import in_transaction

# V-12: each fact has its own side; neither writes the other's.
_ANYONE = frozenset(ActorKind)
_PEOPLE = frozenset({ActorKind.USER, ActorKind.CONFIGURATION, ActorKind.SYSTEM})
_DIRECTORY = frozenset({ActorKind.SCIM, ActorKind.SYSTEM})


class LastAdmin(Refused):
    """The account would be without an SSO account admin."""

    code = "user.last_sso_admin"


class OwnStatus(Refused):
    """Nobody locks themselves out by hand."""

    code = "user.own_status"


@refusals_audited
@in_transaction
def set_directory_active(*, user: User, actor: Actor, active: bool) -> bool:
    """Write the directory's fact and return whether it changed. An admin's disable is left alone (P-5, V-12)."""
    locked = _lock(user, actor, "user.set_directory_active", by=_DIRECTORY)
    if locked.directory_active == active:
        return False
    _change(locked, actor, "user.reactivated" if active else "user.deactivated", directory_active=active)
    if not active:
        departures.note(locked, actor)
        end_access(locked)
        alert_if_last_admin(locked, actor)
        alert_if_last_password_admin(locked, actor)
    bring_in_step(user, locked)
    return True


@refusals_audited
@in_transaction
def disable_user(*, user: User, actor: Actor, last_admin: bool = False) -> bool:
    """Disable by hand; only an admin lifts it, the directory can't (P-5). Oneself is refused, with ``OwnStatus``.

    ``last_admin`` says that an operator confirmed that the account may be left without an SSO account admin (V-14);
    without it that is refused, with ``LastAdmin``. Whoever can help is told, as when a directory does it.
    """
    locked = _lock(user, actor, "user.disable", by=_PEOPLE)
    if locked.disabled_at is not None:
        return False
    if last_admin:
        subject = subjects.of_user(locked)
        privilege.require(
            actor, locked.account_id, Authority.OPERATOR, action="user.disable", subject=subject
        )
    else:
        _refuse_last_admin(locked, actor, "user.disable")
    password_admins.refuse_if_last(locked, actor, "user.disable")
    if actor.kind is ActorKind.USER and actor.id == str(locked.pk):
        raise OwnStatus(
            f"{locked.user_name} is you; another admin can disable you.",
            actor=actor,
            action="user.disable",
            subject=subjects.of_user(locked),
        )
    _change(locked, actor, "user.disabled", disabled_at=timezone.now(), disabled_by=actor.label)
    end_access(locked)
    if last_admin:
        alert_if_last_admin(locked, actor)
    bring_in_step(user, locked)
    return True


@refusals_audited
@in_transaction
def enable_user(*, user: User, actor: Actor) -> bool:
    """Lift an admin's disable; what the directory says is left alone."""
    locked = _lock(user, actor, "user.enable", by=_PEOPLE)
    if locked.disabled_at is None:
        return False
    _change(locked, actor, "user.enabled", disabled_at=None, disabled_by="")
    bring_in_step(user, locked)
    return True


@refusals_audited
@in_transaction
def delete_user(*, user: User, actor: Actor) -> bool:
    """Remove a person from the account; the row stays for the audit trail and V-13, the name becomes free."""
    locked = _lock(user, actor, "user.delete", by=_PEOPLE | _DIRECTORY)
    if actor.kind.value == "user":
        _refuse_last_admin(locked, actor, "user.delete")
    if actor.kind in _PEOPLE:
        password_admins.refuse_if_last(locked, actor, "user.delete")
    return _delete(locked, user, actor, "user.deleted")


@in_transaction
def archive_user(*, user: User, actor: Actor) -> bool:
    """Set a deactivated person aside because the directory made another one of the same name (V-13)."""
    locked = _lock(user, actor, "user.archive", by=_DIRECTORY | {ActorKind.CONFIGURATION})
    return _delete(locked, user, actor, "user.archived")


@refusals_audited
@in_transaction
def readmit_user(*, user: User, actor: Actor) -> bool:
    """Let a deleted person be created just in time again (V-13: an admin lifts it); return whether that was new.

    Nothing is lifted in advance: somebody who is present and deleted later stays out like anyone.
    """
    locked = _lock(user, actor, "user.readmit", by=_PEOPLE)
    if locked.deleted_at is None or locked.readmitted_at is not None:
        return False
    _change(locked, actor, "user.readmitted", readmitted_at=timezone.now())
    bring_in_step(user, locked)
    return True


def record_first_login(*, user: User, actor: Actor) -> None:
    """Make a pending person active; called by a sign-in by password inside its transaction, on a locked row."""
    if user.first_login_at is None:
        _change(user, actor, "user.first_login", first_login_at=timezone.now())


@in_transaction
def note_signed_in(*, user: User, actor: Actor, group_synced: bool) -> None:
    """Note what a sign-in through a provider says about a person, in one update and only where it is news.

    They came, which makes a pending person active (P-4), have an identity at a provider from now on, and their groups
    follow it or don't (G-2, G-3). Called by the sign-in inside its transaction, on a locked row.
    """
    news = {
        name: [getattr(user, name), value]
        for name, value in (("connected", True), ("group_synced", group_synced))
        if getattr(user, name) != value
    }
    user.connected, user.group_synced = True, group_synced
    if user.first_login_at is None:
        _change(user, actor, "user.first_login", along=news, first_login_at=timezone.now())
    elif news:
        update(user, User.columns_to_write(news), later=True)
    if not news:
        return
    said = ["single sign-on is connected"] if "connected" in news else []
    if "group_synced" in news:
        said.append(f"groups {'follow' if group_synced else 'no longer follow'} the provider")
    record(
        actor=actor,
        action="user.connected" if "connected" in news else "user.group_sync",
        subject=subjects.of_user(user),
        message=f"{user.user_name}: {', '.join(said)}.",
        changes=news,
    )


def _lock(user: User, actor: Actor, action: str, *, by: frozenset[ActorKind] = _ANYONE) -> User:
    locked = locked_row(user)
    subject = subjects.of_user(locked)
    if actor.kind not in by:
        raise privilege.NotAllowed(
            "This fact about a person has another writer.", actor=actor, action=action, subject=subject
        )
    privilege.require_over(actor, locked, action=action, subject=subject)
    return locked


def _change(locked: User, actor: Actor, action: str, *, along: Iterable[str] = (), **values: Any) -> None:
    """Write and audit ``values``; ``along`` are fields that were set already and that the caller audits."""
    before = locked.status
    changes = {name: [_plain(getattr(locked, name)), _plain(value)] for name, value in values.items()}
    for name, value in values.items():
        setattr(locked, name, value)
    written = [*values, *along]
    if not locked.can_sign_in:
        locked.session_epoch += 1  # the row is locked; all sessions are over at their next request
        written.append("session_epoch")
    update(locked, User.columns_to_write(written), later=True)
    verb = action.removeprefix("user.").replace("_", " ")
    record(
        actor=actor,
        action=action,
        subject=subjects.of_user(locked),
        message=f"{locked.user_name}: {verb}; status {before.value} → {locked.status.value}.",
        changes={"status": [before.value, locked.status.value], **changes},
    )


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def _delete(locked: User, user: User, actor: Actor, action: str) -> bool:
    if locked.deleted_at is not None:
        return False
    alert_if_last_admin(locked, actor)
    alert_if_last_password_admin(locked, actor)
    _change(locked, actor, action, deleted_at=timezone.now())
    end_access(locked)
    if departures.note(locked, actor):
        departures.hold(locked, actor)  # P-13: what they had waits
    else:
        person_deleted.send(sender=User, user=locked, actor=actor)
        drop_what_they_held(locked)
        departures.forget(locked)
    bring_in_step(user, locked)
    return True


def _refuse_last_admin(locked: User, actor: Actor, action: str) -> None:
    if locked.account_id is not None:
        # Two admins who end each other at the same moment must meet somewhere: here.
        Account.objects.select_for_update().get(pk=locked.account_id)
    if actor.kind.value == "user" and is_last_admin(locked):
        raise LastAdmin(
            f"{locked.user_name} is the last SSO account admin of this account.",
            actor=actor,
            action=action,
            subject=subjects.of_user(locked),
        )
