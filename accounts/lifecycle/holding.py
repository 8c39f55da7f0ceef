"""What a directory asks to change on an admin is written down, and those who decide are told (V-8).

Deciding is in ``accounts.lifecycle.held``. Directories repeat what was refused every half hour, one attribute at a time
or all at once; so that one wish is one row and one mail, what waits already is added to, the same wish again writes
nothing, and one that was declined stays so for a week.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.utils import timezone

from accounts.alerts import sso_admin_addresses
from accounts.models import Account, HeldChange, User
from audit.actors import Actor
from audit.recorder import Subject
from audit.refusals import Refused
from foundation import mail, public_urls, track_ids
from foundation.transactions import in_transaction

# Fields of an admin that the directory may only ask to change (V-8).
HELD_FIELDS = frozenset({"user_name", "email", "external_id"})

DECLINE_COUNTS = timedelta(days=7)  # for how long the same wish isn't brought up again


class ChangeHeld(Refused):
    """The change was written down and waits for an admin's approval (V-8).

    ``held`` names whose change it is and to what. Whoever rolls an outer transaction back because of this calls
    ``keep_held_change`` afterwards, since the note was rolled back too.
    """

    code = "user.change_held"
    held: tuple[User, Mapping[str, str]] | None = None


def held_refusal(
    user: User, actor: Actor, changes: Mapping[str, list[Any]], *, action: str, subject: Subject
) -> ChangeHeld:
    """Return the refusal of a directory's change to an admin; ``changes`` is ``{field: [old, new]}``."""
    fields = ", ".join(sorted(HELD_FIELDS & set(changes)))
    if _all_declined(user, changes):
        message = f"{user.user_name} is an admin here; an SSO account admin declined changing {fields}."
    else:
        message = f"{user.user_name} is an admin here; changing {fields} waits for approval by an SSO account admin."
    return ChangeHeld(message, actor=actor, action=action, subject=subject)


def keep_held_change(refusal: ChangeHeld) -> None:
    """Write down what waits for approval; the same request again changes nothing, a further one is added to it."""
    if refusal.held is not None:
        hold(refusal.held[0], refusal.actor, refusal.held[1])


@in_transaction
def hold(user: User, actor: Actor, values: Mapping[str, str]) -> None:
    """Keep new values (``{field: new}``, "" empties) of an admin until somebody decides; tell who may, the first time.

    Of what waits already, fields that ``values`` doesn't name stay in the wish and the others take the new value.
    """
    now = User.objects.select_for_update().get(pk=user.pk)
    if now.account is None:
        return
    asked = _differences(now, values)
    if not asked or _all_declined(now, asked):
        return
    waiting = HeldChange.objects.for_account(now.account).filter(user=now, decided_at=None)
    before = waiting.first()
    wishes = {name: str(new) for name, (_, new) in before.changes.items()} if before is not None else {}
    changes = _differences(now, wishes | {name: new for name, (_, new) in asked.items()})
    if before is not None and before.changes == changes:
        return
    waiting.update(decided_at=timezone.now(), decided_by="replaced by a later request", approved=None)
    row = HeldChange.objects.create(
        account=now.account, user=now, changes=changes, asked_by=actor.label, track_id=track_ids.current()
    )
    if before is None:
        _tell(now.account, now, row)


def _differences(user: User, values: Mapping[str, str]) -> dict[str, list[str]]:
    old = {name: getattr(user, name) or "" for name in values}
    return {name: [old[name], value] for name, value in values.items() if old[name] != value}


def _all_declined(user: User, changes: Mapping[str, list[Any]]) -> bool:
    """Tell whether somebody said no, lately, to every field of this wish that needs a decision."""
    if user.account_id is None:
        return False
    since = timezone.now() - DECLINE_COUNTS
    rows = HeldChange.objects.for_account(user.account_id).filter(
        user=user, approved=False, decided_at__gt=since
    )
    declined = [(name, change) for row in rows for name, change in row.changes.items()]
    return all((name, list(changes[name])) in declined for name in HELD_FIELDS & set(changes))


def _tell(account: Account, user: User, row: HeldChange) -> None:
    """Mail the account's SSO account admins; the operators when nobody of them could come."""
    mail.queue_mail(
        to=sso_admin_addresses(account),
        subject=f"{account.name}: a change to {user.user_name} waits for approval",
        body=(
            f"{row.asked_by} asked to change {', '.join(sorted(row.changes))} of {user.user_name}, who is an admin "
            f"of {account.name}.\nNothing is changed until an SSO account admin approves it:\n"
            f"{public_urls.absolute('/admin/')} → Held changes\n"
        ),
    )
