"""Passwords: set one, or make it unusable (J-12, V-3)."""

from __future__ import annotations

from accounts import password_admins, privilege, subjects
from accounts.lifecycle import sessions
from accounts.models import EndReason, User
from audit.actors import Actor, ActorKind
from audit.recorder import record
from audit.refusals import refusals_audited
from foundation.transactions import in_transaction


@refusals_audited
@in_transaction
def set_password(*, user: User, actor: Actor, password: str) -> None:
    """Set a password, which the caller has validated, and end the other sessions."""
    locked = User.objects.select_for_update().get(pk=user.pk)
    subject = subjects.of_user(locked)
    if actor.kind in (ActorKind.SCIM, ActorKind.PROVIDER):
        raise privilege.NotAllowed(
            "Passwords are not the directory's.", actor=actor, action="user.set_password", subject=subject
        )
    privilege.require_over(actor, locked, action="user.set_password", subject=subject, itself=True)
    locked.set_password(password)
    locked.save(update_fields=["password"])
    record(
        actor=actor, action="user.password_set", subject=subject, message=f"{locked.user_name}: password set."
    )
    sessions.end_all_sessions(user=locked, actor=actor, reason=EndReason.ACCESS, quietly=True)
    user.refresh_from_db()


@refusals_audited
@in_transaction
def drop_password(*, user: User, actor: Actor, why: str) -> bool:
    """Make the password unusable and end every session; return whether there was one. Nothing is audited if not."""
    locked = User.objects.select_for_update().get(pk=user.pk)
    subject = subjects.of_user(locked)
    if actor.kind is ActorKind.SCIM:
        raise privilege.NotAllowed(
            "Passwords are not the directory's.", actor=actor, action="user.drop_password", subject=subject
        )
    privilege.require_over(actor, locked, action="user.drop_password", subject=subject)
    if not locked.has_usable_password():
        return False
    password_admins.refuse_if_last(locked, actor, "user.drop_password")
    locked.set_unusable_password()
    locked.save(update_fields=["password"])
    record(
        actor=actor,
        action="user.password_dropped",
        subject=subject,
        message=f"{locked.user_name}: password made unusable: {why}",
    )
    sessions.end_all_sessions(user=locked, actor=actor, reason=EndReason.ACCESS, quietly=True)
    user.refresh_from_db()
    return True
