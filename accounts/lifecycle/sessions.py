"""End a person's sessions: one, or all in O(1) (L-13, design rule 10)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import F
from django.utils import timezone

from accounts import privilege, subjects
from accounts.models import EndReason, User, UserSession
from audit.actors import Actor
from audit.recorder import record
from audit.refusals import refusals_audited
from foundation.compiled_queries import CompiledQuery, key, moment, text
from foundation.compiled_writes import CompiledUpdate
from foundation.transactions import in_transaction

_RAISE_EPOCH = CompiledUpdate(
    lambda user: (User.objects.filter(pk=user), {"session_epoch": F("session_epoch") + 1}), key
)
_EPOCH = CompiledQuery(lambda user: User.objects.filter(pk=user).order_by().values_list("session_epoch"), key)
_END_OPEN = CompiledUpdate(
    lambda user, now, reason: (
        UserSession.objects.filter(user=user, ended_at=None),
        {"ended_at": now, "end_reason": reason},
    ),
    key,
    moment,
    text,
)


@refusals_audited
@in_transaction
def end_all_sessions(*, user: User, actor: Actor, reason: EndReason, quietly: bool = False) -> None:
    """End every session of ``user`` at their next request. ``quietly`` leaves the audit event to the caller's own."""
    if not quietly:
        privilege.require_over(
            actor, user, action="session.end_all", subject=subjects.of_user(user), itself=True
        )
    _RAISE_EPOCH.run(user.pk)
    ((user.session_epoch,),) = _EPOCH.all(user.pk)
    ended = close_open_rows(user.pk, timezone.now(), reason)
    if not quietly:
        record(
            actor=actor,
            action="session.ended_all",
            subject=subjects.of_user(user),
            message=f"All sessions of {user.user_name} ended ({EndReason(reason).label}); {ended} were open.",
        )


def close_open_rows(user_id: UUID, now: datetime, reason: EndReason) -> int:
    """Note on the rows of a person's sessions that they are over, and return how many were open."""
    return _END_OPEN.run(user_id, now, EndReason(reason).value)


def note_ended(user_id: UUID, now: datetime, reason: EndReason) -> None:
    """Do the same when nobody asks how many."""
    _END_OPEN.run_later(user_id, now, EndReason(reason).value)


@refusals_audited
@in_transaction
def end_session(*, session: UserSession, actor: Actor, reason: EndReason) -> bool:
    """End one session; return whether it was still open."""
    subject = subjects.of_user(session.user)
    privilege.require_over(actor, session.user, action="session.end", subject=subject, itself=True)
    open_row = UserSession.objects.filter(pk=session.pk, ended_at=None)
    if not open_row.update(ended_at=timezone.now(), end_reason=reason):
        return False
    record(
        actor=actor,
        action="session.ended",
        subject=subject,
        message=f"A session of {session.user.user_name} ended ({EndReason(reason).label}).",
    )
    return True


@refusals_audited
@in_transaction
def end_other_sessions(*, session: UserSession, actor: Actor, reason: EndReason) -> int:
    """End every session of the person but ``session``, each at its next request; return how many were open."""
    subject = subjects.of_user(session.user)
    privilege.require_over(actor, session.user, action="session.end_others", subject=subject, itself=True)
    others = UserSession.objects.filter(user=session.user_id, ended_at=None, expires_at__gt=timezone.now())
    ended = others.exclude(pk=session.pk).update(ended_at=timezone.now(), end_reason=reason)
    if ended:
        record(
            actor=actor,
            action="session.ended_others",
            subject=subject,
            message=f"{ended} other sessions of {session.user.user_name} ended ({EndReason(reason).label}).",
        )
    return ended
