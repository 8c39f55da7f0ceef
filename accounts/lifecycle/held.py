"""An admin's word on what a directory asked to change: approve or decline (V-8).

V-8 lets an SSO account admin change the user name, e-mail and externalId of any admin of the account, their own
included, so whoever may type such a change may also approve it. What protects against a stolen click is that the old
address hears of it.
"""

from __future__ import annotations

from django.utils import timezone

from accounts import privilege, subjects
from accounts.lifecycle.people import PersonChanges, update_user
from accounts.models import HeldChange, User
from audit.actors import Actor
from audit.recorder import record
from audit.refusals import Refused, refusals_audited
from foundation import mail
from foundation.transactions import in_transaction


class AlreadyDecided(Refused):
    """Somebody decided before, or a later request of the directory took its place."""

    code = "held_change.decided"


class ChangeStale(Refused):
    """The person is no longer what they were when the directory asked."""

    code = "held_change.stale"


@refusals_audited
@in_transaction
def approve_held_change(*, held: HeldChange, actor: Actor) -> frozenset[str]:
    """Carry out what the directory asked for and return the names of the fields that changed; ``held`` is refreshed.

    Needs an SSO account admin of the account or an operator. Raises ``AlreadyDecided``, ``ChangeStale`` when a field
    no longer has the value that the change was asked from, and whatever ``update_user`` refuses, such as
    ``UserNameTaken``; the change then still waits. Sessions go on: who the person is did not change.
    """
    person, row = _lock(held, actor, "held_change.approve")
    subject = subjects.of_user(person)
    moved = sorted(name for name, (old, _) in row.changes.items() if (getattr(person, name) or "") != old)
    if moved:
        raise ChangeStale(
            f"{', '.join(moved)} of {person.user_name} changed since this was asked for. Decline it; what the "
            "directory still wants it will ask for again.",
            actor=actor,
            action="held_change.approve",
            subject=subject,
        )
    old_address, old_name = person.email, person.user_name
    values = PersonChanges(**{name: new for name, (_, new) in row.changes.items()})
    changed = update_user(user=person, actor=actor, values=values)
    _decide(row, actor, approved=True)
    record(
        actor=actor,
        action="held_change.approved",
        subject=subject,
        message=(
            f"{actor.label} approved what {row.asked_by} asked for: {', '.join(sorted(changed))} of {old_name}"
            f"{_under(row)}."
        ),
        changes=row.changes,
    )
    if old_address:
        mail.queue_mail(
            to=[old_address],
            subject=f"Your {', '.join(sorted(changed)).replace('_', ' ')} was changed",
            body=(
                f"{row.asked_by} asked to change {', '.join(sorted(changed)).replace('_', ' ')} of {old_name}, and "
                f"{actor.label} approved it.\nIf you did not expect this, tell another admin of your account.\n"
            ),
        )
    held.refresh_from_db()
    return changed


@refusals_audited
@in_transaction
def decline_held_change(*, held: HeldChange, actor: Actor) -> None:
    """Leave the person as they are; the directory keeps getting 403 and nobody is asked again for a week."""
    person, row = _lock(held, actor, "held_change.decline")
    _decide(row, actor, approved=False)
    record(
        actor=actor,
        action="held_change.declined",
        subject=subjects.of_user(person),
        message=(
            f"{actor.label} declined what {row.asked_by} asked for: {', '.join(sorted(row.changes))} of "
            f"{person.user_name}{_under(row)}."
        ),
    )
    held.refresh_from_db()


def _lock(held: HeldChange, actor: Actor, action: str) -> tuple[User, HeldChange]:
    """Lock person, then row, in the order of ``holding.hold``, and check right and state."""
    person = User.objects.for_account(held.account_id).select_for_update().get(pk=held.user_id)
    row = HeldChange.objects.for_account(held.account_id).select_for_update().get(pk=held.pk)
    subject = subjects.of_user(person)
    privilege.require(
        actor, row.account_id, privilege.Authority.SSO_ACCOUNT_ADMIN, action=action, subject=subject
    )
    if row.decided_at is not None:
        raise AlreadyDecided(
            f"This no longer waits: {row.decided_by}.", actor=actor, action=action, subject=subject
        )
    return person, row


def _decide(row: HeldChange, actor: Actor, *, approved: bool) -> None:
    row.decided_at, row.decided_by, row.approved = timezone.now(), actor.label[:254], approved
    row.save(update_fields=["decided_at", "decided_by", "approved"])


def _under(row: HeldChange) -> str:
    return f" (asked under track ID {row.track_id})" if row.track_id else ""
