"""Groups and their members (G-1, G-3, P-12, V-9)."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from uuid import UUID

from django.db import IntegrityError
from django.db.models import QuerySet

from accounts import privilege, subjects
from accounts.lifecycle import departures
from accounts.lifecycle.roles import WrongAccount
from accounts.models import Account, Group, GroupMembership, User
from accounts.sources import Source
from audit.actors import Actor, ActorKind
from audit.recorder import Subject, record
from audit.refusals import Refused, refusals_audited
from foundation.compiled_queries import CompiledQuery, key
from foundation.compiled_writes import insert, update
from foundation.folding import fold
from foundation.transactions import in_transaction, recoverable

# Values of one IN (…): SQLite bears 32,766 parameters in a statement, PostgreSQL 65,535.
_CHUNK = 5_000
_DIRECTORY = frozenset({ActorKind.SCIM, ActorKind.CONFIGURATION, ActorKind.SYSTEM})
_FEW = 5  # rows that are written in one statement that is compiled already


_LIMITS = {"name": 254, "idp_identifier": 254, "external_id": 254}  # characters, as the columns


class GroupConflict(Refused):
    """Another group of the account has this name or IdP identifier."""

    code = "group.conflict"


class InvalidGroup(Refused):
    """A value can't be stored."""

    code = "group.invalid"


class ReadOnlyMembership(Refused):
    """Membership of a mapped group follows the provider for synced people (G-3)."""

    code = "group.managed_by_provider"


@refusals_audited
@in_transaction
def create_group(
    *,
    account: Account,
    actor: Actor,
    name: str,
    idp_identifier: str = "",
    external_id: str | None = None,
    directory_owned: bool = False,
) -> Group:
    """Create a group; ``GroupConflict`` when the name or the identifier is taken in the account."""
    subject = Subject("group", "", name, account_id=account.pk)
    _require(actor, account.pk, "group.create", subject)
    group = Group(
        account=account,
        name=name,
        idp_identifier=idp_identifier,
        external_id=external_id,
        directory_owned=directory_owned,
    )
    _save(group, actor, "group.create", subject)
    record(
        actor=actor,
        action="group.created",
        subject=subjects.of_group(group),
        message=f"Group {group.name} was created.",
        changes={"name": [None, group.name], "idp_identifier": [None, group.idp_identifier]},
    )
    return group


@refusals_audited
@in_transaction
def update_group(
    *,
    group: Group,
    actor: Actor,
    name: str | None = None,
    idp_identifier: str | None = None,
    external_id: str | None = None,
    directory_owned: bool | None = None,
) -> frozenset[str]:
    """Change what is given (``None`` leaves it, "" empties it) and return the names of the fields that changed."""
    locked = Group.objects.for_account(group.account_id).select_for_update().get(pk=group.pk)
    subject = subjects.of_group(locked)
    _require(actor, locked.account_id, "group.update", subject)
    wanted: dict[str, str | bool | None] = {
        "name": name,
        "idp_identifier": None if idp_identifier is None else idp_identifier.strip(),
        "external_id": external_id,
        "directory_owned": directory_owned,
    }
    old = {field: getattr(locked, field) or (False if field == "directory_owned" else "") for field in wanted}
    changes = {
        field: [old[field], value]
        for field, value in wanted.items()
        if value is not None and old[field] != value
    }
    if not changes:
        return frozenset()
    for field, (_, value) in changes.items():
        setattr(locked, field, (value or None) if field == "external_id" else value)
    _save(locked, actor, "group.update", subject)
    record(
        actor=actor,
        action="group.updated",
        subject=subjects.of_group(locked),
        message=f"Group {locked.name}: {', '.join(sorted(changes))} changed.",
        changes=changes,
    )
    group.refresh_from_db()
    return frozenset(changes)


@refusals_audited
@in_transaction
def delete_group(*, group: Group, actor: Actor) -> None:
    """Delete a group with its memberships and grants."""
    subject = subjects.of_group(group)
    _require(actor, group.account_id, "group.delete", subject)
    members = GroupMembership.objects.filter(group=group).count()
    record(
        actor=actor,
        action="group.deleted",
        subject=subject,
        message=f"Group {group.name} was deleted; it had {members} memberships.",
    )
    group.delete()


@refusals_audited
@in_transaction
def set_group_membership(*, group: Group, user: User, actor: Actor, member: bool) -> bool:
    """Put a person into a group or take them out by hand; return whether anything changed.

    Mapped groups are read-only for synced people (G-3); only rows of source manual are touched. A group may grant
    spaces, so the actor stands over the person, too (V-8).
    """
    subject = subjects.of_group(group)
    least = privilege.Authority.ACCOUNT_ADMIN
    privilege.require(actor, group.account_id, least, action="group.member", subject=subject)
    if user.account_id != group.account_id:
        raise WrongAccount(
            "The person is of another account.", actor=actor, action="group.member", subject=subject
        )
    privilege.require_over(actor, user, action="group.member", subject=subject)
    if group.idp_identifier_key and user.group_synced:
        raise ReadOnlyMembership(
            f"{group.name} is mapped to the identity provider; {user.user_name}'s membership follows the sign-in.",
            actor=actor,
            action="group.member",
            subject=subject,
        )
    rows = GroupMembership.objects.for_account(group.account_id).filter(
        group=group, user=user, source=Source.MANUAL
    )
    if member == rows.exists():
        return False
    if member:
        GroupMembership.objects.create(group=group, user=user, source=Source.MANUAL, granted_by=actor.label)
    else:
        rows.delete()
    record(
        actor=actor,
        action="group.member_added" if member else "group.member_removed",
        subject=subject,
        message=f"{user.user_name} {'joined' if member else 'left'} {group.name} (manual).",
        changes={"member": [None, user.user_name] if member else [user.user_name, None]},
    )
    return True


@refusals_audited
@in_transaction
def set_directory_members(
    *,
    group: Group,
    actor: Actor,
    add: Collection[UUID] = (),
    remove: Collection[UUID] | None = (),
) -> tuple[int, int]:
    """Change a group's directory-owned members; return how many rows were added and removed.

    ``remove=None`` removes all but those in ``add``. Ids that are no present member of the group's account raise
    ``WrongAccount`` and nothing changes; whether they exist elsewhere is not told (P-6). Adding and removing are set
    operations whose cost depends on the ids given, never on the size of the group.
    """
    subject = subjects.of_group(group)
    if actor.kind not in _DIRECTORY:
        raise privilege.NotAllowed(
            "Members whom the directory put into a group are the directory's.",
            actor=actor,
            action="group.member",
            subject=subject,
        )
    privilege.require_within(actor, group.account_id, action="group.member", subject=subject)
    wanted = set(add)
    known = _present_members(group.account_id, wanted)
    if unknown := wanted - known:
        raise WrongAccount(
            f"No such user: {', '.join(sorted(map(str, unknown))[:5])}.",
            actor=actor,
            action="group.member",
            subject=subject,
        )
    rows = _pushed(group.account_id, group.pk)
    held: set[UUID] = set()
    if remove is None:
        held.update(rows.values_list("user_id", flat=True))
        doomed = held - wanted
    else:
        held = _held(group, wanted)
        doomed = set(remove) - wanted
    departures.keep_memberships(group, doomed, actor)
    removed = sum(rows.filter(user__in=some).delete()[0] for some in _chunks(doomed))
    fresh = [
        GroupMembership(group=group, user_id=user_id, source=Source.DIRECTORY, granted_by=actor.label)
        for user_id in wanted - held
    ]
    if len(fresh) <= _FEW:
        insert(fresh, ignore_conflicts=True, later=True)
    else:
        GroupMembership.objects.bulk_create(fresh, ignore_conflicts=True, batch_size=500)
    if fresh or removed:
        update(group, ["updated_at"], later=True)
        record(
            actor=actor,
            action="group.members_changed",
            subject=subject,
            message=f"{group.name}: the directory added {len(fresh)} and removed {removed} members.",
            changes={"added": [str(row.user_id) for row in fresh[:100]], "removed_count": removed},
        )
    return len(fresh), removed


def _present_members(account_id: UUID, wanted: set[UUID]) -> set[UUID]:
    # Locked, so that nobody who is being deleted comes in behind the deletion's back; in one order, against deadlocks.
    if len(wanted) <= 1:  # as Okta and Entra send them, mostly
        return {found for each in wanted for (found,) in _PRESENT.all(account_id, each)}
    known: set[UUID] = set()
    for some in _chunks(wanted):
        rows = _present(account_id).filter(pk__in=some).order_by("pk").select_for_update(no_key=True)
        known.update(rows.values_list("pk", flat=True))
    return known


def _held(group: Group, wanted: set[UUID]) -> set[UUID]:
    if len(wanted) <= 1:
        return {found for each in wanted for (found,) in _HELD.all(group.account_id, group.pk, each)}
    held: set[UUID] = set()
    for some in _chunks(wanted):
        rows = _pushed(group.account_id, group.pk).filter(user__in=some)
        held.update(rows.values_list("user_id", flat=True))
    return held


def _present(account_id: UUID) -> QuerySet[User]:
    found: QuerySet[User] = User.objects.for_account(account_id).present().order_by()
    return found


def _pushed(account_id: UUID, group_id: UUID) -> QuerySet[GroupMembership]:
    found: QuerySet[GroupMembership] = GroupMembership.objects.for_account(account_id).filter(
        group=group_id, source=Source.DIRECTORY
    )
    return found


_PRESENT = CompiledQuery(
    lambda account, user: _present(account).filter(pk=user).select_for_update(no_key=True).values_list("pk"),
    key,
    key,
)
_HELD = CompiledQuery(
    lambda account, group, user: _pushed(account, group).filter(user=user).values_list("user_id"),
    key,
    key,
    key,
)


def _chunks(ids: set[UUID]) -> Iterator[list[UUID]]:
    ordered = sorted(ids)
    return (ordered[start : start + _CHUNK] for start in range(0, len(ordered), _CHUNK))


def _require(actor: Actor, account_id: UUID, action: str, subject: Subject) -> None:
    if actor.kind is ActorKind.SCIM:
        privilege.require_within(actor, account_id, action=action, subject=subject)
        return
    privilege.require(actor, account_id, privilege.Authority.ACCOUNT_ADMIN, action=action, subject=subject)


def _save(group: Group, actor: Actor, action: str, subject: Subject) -> None:
    for name in ("name", "idp_identifier", "external_id"):
        value = getattr(group, name) or ""
        limit = _LIMITS[name]
        # Folding can lengthen a text, and its column is as wide as the first.
        if (
            "\x00" in value
            or max(len(value), len(fold(value))) > limit
            or (name == "name" and not fold(value))
        ):
            raise InvalidGroup(
                f"{name} is empty, longer than {limit} characters, or has a null character.",
                actor=actor,
                action=action,
                subject=subject,
            )
    try:
        with recoverable():
            group.save()
    except IntegrityError as error:
        raise GroupConflict(
            f"Another group of this account is already called {group.name} or has this IdP identifier.",
            actor=actor,
            action=action,
            subject=subject,
        ) from error
