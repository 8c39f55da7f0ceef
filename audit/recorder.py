"""Write the audit trail.

``record`` writes in the caller's transaction, so that no change is without its event and no event without its change.
``record_refusal`` is for what was refused: it is called after the rollback and writes in a transaction of its own
(design rule 2). Values are masked on the way in; ``changes`` holds ``{field: [old, new]}``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction

from audit import recovery_mark
from audit.actors import Actor, ActorKind
from audit.models import AuditEvent
from foundation import track_ids
from foundation.compiled_writes import insert
from foundation.redaction import mask_text, mask_values

_MESSAGE_LIMIT = 4000


@dataclass(frozen=True, slots=True)
class Subject:
    """What an event is about, as plain text that stays readable when the thing is gone."""

    type: str
    id: str
    label: str
    account_id: UUID | None = None
    partner_id: UUID | None = None


def record(
    *,
    actor: Actor,
    action: str,
    subject: Subject,
    message: str,
    changes: Mapping[str, Any] | None = None,
    reason: str = "",
) -> AuditEvent:
    """Write one event in the present transaction and return it."""
    event = AuditEvent(
        account_id=subject.account_id,
        partner_id=subject.partner_id,
        actor_kind=actor.kind.value,
        actor_id=actor.id[:64],
        actor_label=_label(actor),
        action=action,
        object_type=subject.type,
        object_id=subject.id[:64],
        object_label=subject.label[:254],
        message=_with_track_id(mask_text(message)),
        reason=reason,
        track_id=track_ids.current(),
        ip_address=actor.address or None,
        changes=mask_values(dict(changes or {}), in_flight=False),
    )
    insert([event], later=True)
    return event


def record_refusal(
    *,
    actor: Actor,
    action: str,
    subject: Subject,
    message: str,
    reason: str,
    changes: Mapping[str, Any] | None = None,
) -> AuditEvent:
    """Write the event of a refusal, after what was refused has been rolled back."""
    with transaction.atomic():
        return record(
            actor=actor, action=action, subject=subject, message=message, reason=reason, changes=changes
        )


def _label(actor: Actor) -> str:
    return recovery_mark.marked(actor.label, 254) if actor.kind is ActorKind.USER else actor.label[:254]


def _with_track_id(message: str) -> str:
    # MESSAGE itself holds the track ID, so that it survives an export to a system with a single text column.
    message = message[:_MESSAGE_LIMIT]
    track_id = track_ids.current()
    return f"{message} [track ID {track_id}]" if track_id and track_id not in message else message
