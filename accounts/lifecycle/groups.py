"""Groups and their members (G-1, G-3, P-12, V-9)."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import privilege, subjects
from accounts.lifecycle.roles import WrongAccount
from accounts.models import Account, Group, GroupMembership, User
from accounts.sources import Source
from audit.actors import Actor, ActorKind
from audit.recorder import Subject, record
from audit.refusals import Refused, refusals_audited
from foundation.folding import fold

# Values of one IN (…): SQLite bears 32,766 parameters in a statement, PostgreSQL 65,535.
_CHUNK = 5_000


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
@transaction.atomic
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
@transaction.atomic
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
@transaction.atomic
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
@transaction.atomic
def set_group_membership(*, group: Group, user: User, actor: Actor, member: bool) -> bool:
    """Put a person into a group or take them out by hand; return whether anything changed.

    Mapped groups are read-only for synced people (G-3); only rows of source manual are touched.
    """
    subject = subjects.of_group(group)
    _require(actor, group.account_id, "group.member", subject)
    if user.account_id != group.account_id:
        raise WrongAccount(
            "The person is of another account.", actor=actor, action="group.member", subject=subject
        )
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
@transaction.atomic
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
    _require(actor, group.account_id, "group.member", subject)
    wanted = set(add)
    known: set[UUID] = set()
    for some in _chunks(wanted):
        present = User.objects.for_account(group.account_id).present().filter(pk__in=some)
        known.update(present.values_list("pk", flat=True))
    if unknown := wanted - known:
        raise WrongAccount(
            f"No such user: {', '.join(sorted(map(str, unknown))[:5])}.",
            actor=actor,
            action="group.member",
            subject=subject,
        )
    rows = GroupMembership.objects.for_account(group.account_id).filter(group=group, source=Source.DIRECTORY)
    held: set[UUID] = set()
    if remove is None:
        held.update(rows.values_list("user_id", flat=True))
        doomed = held - wanted
    else:
        for some in _chunks(wanted):
            held.update(rows.filter(user__in=some).values_list("user_id", flat=True))
        doomed = set(remove) - wanted
    removed = sum(rows.filter(user__in=some).delete()[0] for some in _chunks(doomed))
    fresh = [
        GroupMembership(group=group, user_id=user_id, source=Source.DIRECTORY, granted_by=actor.label)
        for user_id in wanted - held
    ]
    if fresh:
        GroupMembership.objects.bulk_create(fresh, ignore_conflicts=True, batch_size=500)
    if fresh or removed:
        group.updated_at = timezone.now()
        Group.objects.for_account(group.account_id).filter(pk=group.pk).update(updated_at=group.updated_at)
        record(
            actor=actor,
            action="group.members_changed",
            subject=subject,
            message=f"{group.name}: the directory added {len(fresh)} and removed {removed} members.",
            changes={"added": [str(row.user_id) for row in fresh[:100]], "removed_count": removed},
        )
    return len(fresh), removed


def _chunks(ids: set[UUID]) -> Iterator[list[UUID]]:
    ordered = sorted(ids)
    return (ordered[start : start + _CHUNK] for start in range(0, len(ordered), _CHUNK))


def _require(actor: Actor, account_id: UUID, action: str, subject: Subject) -> None:
    if actor.kind in (ActorKind.SCIM, ActorKind.PROVIDER):
        return  # scoped by the token's or provider's account before
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
        with transaction.atomic():
            group.save()
    except IntegrityError as error:
        raise GroupConflict(
            f"Another group of this account is already called {group.name} or has this IdP identifier.",
            actor=actor,
            action=action,
            subject=subject,
        ) from error
