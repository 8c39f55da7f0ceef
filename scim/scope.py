"""Where every query begins: people and groups of the call's account that the directory may know of (P-6, V-2, V-9)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from uuid import UUID

from django.db.models import OuterRef, Q, QuerySet

from accounts.lifecycle.locking import note_locked
from accounts.models import Group, GroupMembership, User
from accounts.sources import Source
from foundation.compiled_queries import CompiledQuery, key
from foundation.ids import parse_id
from foundation.json_rows import JsonRows
from scim.call import Call
from scim.errors import NotFound
from scim.filter_fields import Collection
from scim.filters import Rows
from scim.models import UserValue
from scim.representation import Reference

# What a representation is made of; a row that will be changed is read whole.
_SHOWN = (
    *("account", "kind", "user_name", "external_id", "given_name", "family_name", "display_name"),
    *("email", "phone", "directory_active", "created_at", "updated_at"),
    *("scim_resource__attributes", "scim_resource__version"),
)


def people_of(account: UUID) -> QuerySet[User]:
    """Return the people of an account whom the directory may see, with their documents."""
    found: QuerySet[User] = User.objects.for_account(account).present().select_related("scim_resource")
    return found.only(*_SHOWN)


def people_with_groups(account: UUID) -> QuerySet[User]:
    """Return the same people, each with the directory's groups that they are in (``groups_held``)."""
    held = directory_memberships(account).filter(user=OuterRef("pk")).order_by("group__name_folded")
    return people_of(account).annotate(directory_groups=JsonRows(held, "group_id", "group__name"))


_PERSON = CompiledQuery(lambda account, user: people_with_groups(account).filter(pk=user), key, key)
# The document is locked along with its person: of a row that is only joined, PostgreSQL shows who waited for the lock
# what there was before the wait, and the change of whoever was first would be lost.
_PERSON_LOCKED = CompiledQuery(
    lambda account, user: (
        people_with_groups(account)
        .defer(None)
        .filter(pk=user, scim_resource__isnull=False)
        .select_for_update(of=("self", "scim_resource"))
    ),
    key,
    key,
)
# Whom no directory has described yet; a document that was written meanwhile is read when it is asked for.
_PERSON_ALONE_LOCKED = CompiledQuery(
    lambda account, user: User.objects.for_account(account).present().filter(pk=user).select_for_update(),
    key,
    key,
)


def find_user(call: Call, resource_id: str, *, for_update: bool = False) -> User:
    """Return one person; raises ``NotFound`` for anybody else's id and for any other text."""
    wanted = parse_id(resource_id)
    user = None if wanted is None else (_locked if for_update else _PERSON.first)(call.account.pk, wanted)
    if user is None:
        raise NotFound(f"There is no user {resource_id[:100]}.")
    return user


def _locked(account: UUID, wanted: UUID) -> User | None:
    user = _PERSON_LOCKED.first(account, wanted) or _PERSON_ALONE_LOCKED.first(account, wanted)
    if user is not None:
        note_locked(user)
    return user


def rows_of_people(account: UUID) -> Rows:
    """Return the ``scim.filters.Rows`` of people: conditions on rows become scoped subqueries."""

    def rows(collection: Collection, condition: Q) -> Q:
        if collection.name == "groups":
            return Q(pk__in=directory_memberships(account).filter(condition).values("user"))
        values = UserValue.objects.for_account(account).filter(condition, attribute=collection.name)
        return Q(pk__in=values.values("user"))

    return rows


def groups_held(call: Call, people: Iterable[User]) -> dict[UUID, list[Reference]]:
    """Return the directory's groups of some people, in one query for all with whom they didn't come along."""
    found: dict[UUID, list[Reference]] = {}
    unknown: list[UUID] = []
    for user in people:
        rows: list[tuple[str, str]] | None = vars(user).get("directory_groups")
        if rows is None:
            unknown.append(user.pk)
        else:
            found[user.pk] = [(UUID(group), name) for group, name in rows]  # SQLite's have no hyphens
    return found | _groups_asked(call, unknown) if unknown else found


def _groups_asked(call: Call, wanted: Sequence[UUID]) -> dict[UUID, list[Reference]]:
    found: dict[UUID, list[Reference]] = {}
    for user_id, group_id, name in _groups_of(len(wanted)).all(call.account.pk, *wanted):
        found.setdefault(user_id, []).append((group_id, name))
    return found


@lru_cache(maxsize=64)
def _groups_of(people: int) -> CompiledQuery[tuple[UUID, UUID, str]]:
    """Return the query for so many people: directories ask for one, or for pages of one size."""

    def build(account: UUID, *users: UUID) -> QuerySet[GroupMembership, tuple[UUID, UUID, str]]:
        held = directory_memberships(account).filter(user__in=users).order_by("group__name_folded")
        return held.values_list("user_id", "group_id", "group__name")

    return CompiledQuery(build, *[key] * (people + 1))


def directory_groups(account: UUID) -> QuerySet[Group]:
    """Return the groups that the directory owns; local ones don't exist for it until it adopts them (V-9)."""
    found: QuerySet[Group] = Group.objects.for_account(account).filter(directory_owned=True)
    return found


def directory_memberships(account: UUID) -> QuerySet[GroupMembership]:
    """Return the memberships that the directory made, in groups that it owns."""
    found: QuerySet[GroupMembership] = GroupMembership.objects.for_account(account).filter(
        source=Source.DIRECTORY, group__directory_owned=True
    )
    return found
