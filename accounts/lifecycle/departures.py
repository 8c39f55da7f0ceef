"""When a directory removes many people at once, their deletion waits for an admin (P-13).

Per account, off by default. Everybody who leaves by the directory's word is counted; once more than the account's share
and number left within an hour, further deletions are *held*: the person can't sign in, their sessions and tokens end
and their identities close at once as ever (V-13), and the directory gets its usual answers (204, then 404). What they
had in the account stays until an admin of the account carries the deletion out or restores them with it. People who
are only deactivated keep what they have in any case (P-5); groups that the directory takes from them in the same wave
are written down here too, so that an admin can give them back. From people who can sign in, what a directory takes is
gone at once: waiting would leave them in.

A held person is deleted in every respect that the directory can see: the same user name can be created again and is a
new person with nothing (V-13). One exception makes a mistake at the directory mend itself: a POST with the *same
externalId* is that person coming back, and restores them under their id as it would a deactivated one.

Two requests at the same moment may both count the same number, so that a few more than the threshold go through.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from django.db import IntegrityError
from django.db.models import Q
from django.utils import timezone

from accounts import privilege, subjects
from accounts.alerts import admin_addresses
from accounts.lifecycle.leaving import drop_what_they_held
from accounts.models import Account, Departure, Group, GroupMembership, Kind, User
from accounts.scoping import AccountScopedQuerySet
from accounts.signals import person_deleted, person_deletion_held, person_restored
from accounts.sources import Source
from audit.actors import Actor, ActorKind
from audit.recorder import Subject, record
from audit.refusals import Refused, refusals_audited
from foundation import mail, public_urls, track_ids
from foundation.compiled_queries import key, moment
from foundation.compiled_writes import CompiledUpdate
from foundation.transactions import in_transaction, recoverable

WINDOW = timedelta(hours=1)
KEPT_DECIDED = timedelta(days=90)


class DepartureDecided(Refused):
    """Somebody decided before, or the person came back."""

    code = "departure.decided"


class NameTakenMeanwhile(Refused):
    """Somebody else has the user name by now."""

    code = "user.name_taken"


def note(locked: User, actor: Actor) -> bool:
    """Count somebody who leaves by the directory's word; return whether too many do (False where nobody watches).

    ``locked`` is the person's locked row.
    """
    account = locked.account
    watched = actor.kind is ActorKind.SCIM and locked.kind == Kind.MEMBER
    if account is None or not watched or not account.holds_mass_leaving:
        return False
    if not _lately(account).filter(user=locked).exists():
        Departure.objects.create(
            account=account, user=locked, asked_by=actor.label[:254], track_id=track_ids.current()
        )
    return _too_many(account)


def _lately(account: Account) -> AccountScopedQuerySet[Departure]:
    """Return the counted rows, one a person, of the last hour."""
    counted = Departure.objects.for_account(account).filter(held=False)
    return counted.filter(created_at__gt=timezone.now() - WINDOW)


def _waiting(account: Account) -> AccountScopedQuerySet[Departure]:
    return Departure.objects.for_account(account).filter(held=True, decided_at=None)


def _too_many(account: Account) -> bool:
    """Compare who left within the hour with the account's number, and with its share of those who were there before."""
    left = _lately(account).count()
    if left <= account.hold_above_number:
        return False
    if not account.hold_above_percent:
        return True
    gone = _lately(account).values("user")
    people = User.objects.for_account(account)
    before = people.filter(Q(deleted_at=None) | Q(pk__in=gone)).count()
    return left * 100 > account.hold_above_percent * before


def hold(locked: User, actor: Actor) -> None:
    """Keep what somebody had who was just marked as deleted; tell the admins when it is the first who waits."""
    account = locked.account
    if account is None:
        return
    pushed = GroupMembership.objects.for_account(account).filter(user=locked, source=Source.DIRECTORY)
    groups = [str(group) for group in pushed.values_list("group_id", flat=True)]
    pushed.delete()  # the directory sees them no longer; they come back with the person
    person_deletion_held.send(sender=User, user=locked, actor=actor)
    is_first = not _waiting(account).exists()
    row = _waiting(account).filter(user=locked).first() or Departure(account=account, user=locked, held=True)
    _keep(row, groups, actor)
    record(
        actor=actor,
        action="departure.held",
        subject=subjects.of_user(locked),
        message=(
            f"{locked.user_name} was deleted by the directory while many leave at once; what they had waits for an "
            "admin."
        ),
    )
    if is_first:
        _tell(account, actor)


def keep_memberships(group: Group, leaving: Collection[UUID], actor: Actor) -> None:
    """Write down whom of the deactivated the directory is about to take out of a group, while too many leave."""
    account = group.account
    watched = actor.kind is ActorKind.SCIM and bool(leaving)
    if not watched or not account.holds_mass_leaving or not _too_many(account):
        return
    members = GroupMembership.objects.for_account(account).filter(group=group, source=Source.DIRECTORY)
    gone = User.objects.for_account(account).present().filter(directory_active=False)
    theirs = gone.filter(pk__in=members.values("user")).order_by("pk")
    # Locked, since directories change several groups of one person at the same moment.
    people = [
        person for person in theirs.select_for_update(of=("self",), no_key=True) if person.pk in leaving
    ]
    is_first = not _waiting(account).exists()
    rows = {row.user_id: row for row in _waiting(account).filter(user__in=people)}
    for person in people:
        row = rows.get(person.pk) or Departure(account=account, user=person, held=True)
        _keep(row, [str(group.pk)], actor)
        record(
            actor=actor,
            action="departure.groups_kept",
            subject=subjects.of_user(person),
            message=f"{person.user_name} leaves {group.name} while many leave at once; an admin may undo it.",
        )
    if people and is_first:
        _tell(account, actor)


_FORGET = CompiledUpdate(
    lambda user, now: (
        Departure.objects.filter(user=user, held=True, decided_at=None),
        {"decided_at": now, "decided_by": "the person was deleted"},
    ),
    key,
    moment,
)


def forget(locked: User) -> None:
    """Decide what waits of somebody who is deleted without waiting: nothing is left to give back."""
    _FORGET.run_later(locked.pk, timezone.now())


def _keep(row: Departure, groups: Collection[str], actor: Actor) -> None:
    row.directory_groups = sorted({*row.directory_groups, *groups})
    row.asked_by, row.track_id = actor.label[:254], track_ids.current()
    row.save()


@refusals_audited
@in_transaction
def carry_out_departure(*, departure: Departure, actor: Actor) -> bool:
    """Let a held deletion happen: everything the person had is dropped; by an admin who stands over them (V-8).

    Of somebody who was only taken out of groups, the groups are forgotten.
    """
    person, row, subject = _lock(departure, actor, "departure.carry_out")
    if person.deleted_at is not None:
        person_deleted.send(sender=User, user=person, actor=actor)
        drop_what_they_held(person)
    _decide(row, actor.label, restored=False)
    lost = "what they had" if person.deleted_at is not None else "the groups that were kept for them"
    record(
        actor=actor,
        action="departure.carried_out",
        subject=subject,
        message=f"{actor.label} confirmed what {row.asked_by} asked: {person.user_name} loses {lost}.",
    )
    return True


@refusals_audited
@in_transaction
def restore_departed(*, departure: Departure, actor: Actor) -> bool:
    """Undo a held deletion: the person is back with what they had; by an admin who stands over them (V-8).

    What the directory had said before of whether they are active still counts (V-12). Raises ``NameTakenMeanwhile``.
    """
    person, row, subject = _lock(departure, actor, "departure.restore")
    _bring_back(person, row, actor, subject)
    record(
        actor=actor,
        action="departure.restored",
        subject=subject,
        message=f"{actor.label} restored {person.user_name} against what {row.asked_by} had asked for.",
    )
    return True


def coming_back(account: Account, external_id: str) -> User | None:
    """Return the one person whose deletion is held and whom the directory knows by this externalId, locked."""
    if not external_id or not account.holds_mass_leaving:
        return None
    found = User.objects.for_account(account).filter(
        pk__in=_waiting(account).values("user"), external_id=external_id, deleted_at__isnull=False
    )
    people = list(found.order_by().select_for_update()[:2])
    # An admin may have decided while this waited for the lock, which the look-up before it could not see.
    waits = len(people) == 1 and _waiting(account).filter(user=people[0]).exists()
    return people[0] if waits else None


def bring_back_by_directory(person: User, actor: Actor) -> None:
    """Restore somebody whom the directory sent again by their externalId; ``person`` is locked."""
    row = Departure.objects.select_for_update().get(user=person, held=True, decided_at=None)
    subject = subjects.of_user(person)
    _bring_back(person, row, actor, subject)
    record(
        actor=actor,
        action="departure.restored",
        subject=subject,
        message=f"{person.user_name} was sent by the directory again before the deletion was carried out.",
    )


def purge() -> int:
    """Delete what is counted no longer, and what was decided long ago; return how many rows."""
    now = timezone.now()
    counted, _ = Departure.objects.filter(held=False, created_at__lt=now - 2 * WINDOW).delete()
    decided, _ = Departure.objects.filter(decided_at__lt=now - KEPT_DECIDED).delete()
    return counted + decided


def _lock(departure: Departure, actor: Actor, action: str) -> tuple[User, Departure, Subject]:
    """Lock person, then row, and check right and state."""
    person = User.objects.for_account(departure.account_id).select_for_update().get(pk=departure.user_id)
    row = Departure.objects.for_account(departure.account_id).select_for_update().get(pk=departure.pk)
    subject = subjects.of_user(person)
    privilege.require(
        actor, row.account_id, privilege.Authority.ACCOUNT_ADMIN, action=action, subject=subject
    )
    privilege.require_over(actor, person, action=action, subject=subject)
    if not row.held or row.decided_at is not None:
        raise DepartureDecided(
            f"{person.user_name} no longer waits here.", actor=actor, action=action, subject=subject
        )
    return person, row, subject


def _bring_back(person: User, row: Departure, actor: Actor, subject: Subject) -> None:
    if person.deleted_at is not None:
        _undelete(person, actor, subject)
    groups = Group.objects.for_account(row.account_id).filter(
        pk__in=row.directory_groups, directory_owned=True
    )
    GroupMembership.objects.bulk_create(
        [
            GroupMembership(group=group, user=person, source=Source.DIRECTORY, granted_by=row.asked_by)
            for group in groups
        ],
        ignore_conflicts=True,
    )
    _decide(row, actor.label, restored=True)


def _undelete(person: User, actor: Actor, subject: Subject) -> None:
    since = person.deleted_at
    person.deleted_at = None
    person.session_epoch += 1  # no session of before comes alive again
    try:
        with recoverable():
            person.save(update_fields=["deleted_at", "session_epoch"])
    except IntegrityError as error:
        raise NameTakenMeanwhile(
            f"Another person has the user name {person.user_name} by now.",
            actor=actor,
            action="departure.restore",
            subject=subject,
        ) from error
    person_restored.send(sender=User, user=person, actor=actor, since=since)


def _decide(row: Departure, by: str, *, restored: bool) -> None:
    row.decided_at, row.decided_by, row.restored = timezone.now(), by[:254], restored
    row.save(update_fields=["decided_at", "decided_by", "restored"])


def _tell(account: Account, actor: Actor) -> None:
    mail.queue_mail(
        to=admin_addresses(account),
        subject=f"{account.name}: many people are being removed by the directory",
        body=(
            f"{actor.label} removes more people of {account.name} within an hour than your account's settings expect.\n"
            "They can't sign in any more. What they had is kept until an admin decides:\n"
            f"{public_urls.absolute('/admin/')} → Held removals\n"
        ),
    )
