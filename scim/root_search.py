"""``.search`` at the server's root: one query over people and groups (RFC 7644 §3.4.2.1, §3.4.3).

An attribute that only one type has is without a value in the other: ``userName eq "ada"`` finds no group, and
``userName ne "ada"`` finds all of them, as it finds a person without that attribute. What neither has is refused.
People come first, then groups; ``sortBy`` mixes them, by what both have.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import MappingProxyType
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Case, IntegerField, Model, Q, QuerySet, Value, When

from accounts.models import Group, User
from scim.call import Call
from scim.comparisons import nothing
from scim.errors import InvalidCursor, InvalidPath
from scim.filter_fields import Collection, Constant, Field, FieldTable, InCollection, Place
from scim.filter_text import parse_filter
from scim.filters import Rows
from scim.groups import GROUPS, represent_groups
from scim.list_query import ListQuery
from scim.listing import Listed, list_response
from scim.schema import JsonObject
from scim.sorting import order_of
from scim.users import USERS, represent_users

_ABSENT = "absent"  # a collection of which nobody has rows
_PERSON, _GROUP = (
    0,
    1,
)  # the rank of a key: which of the two it is of, and their order where the rest is equal

_Row = TypeVar("_Row", bound=Model)


def search_all(call: Call, query: ListQuery) -> JsonObject:
    """Return a page of everything; raises ``InvalidFilter``, ``InvalidPath`` or ``InvalidCursor``."""
    if query.cursor is not None:
        raise InvalidCursor("Without a type of resource there are only pages by startIndex.")
    node = parse_filter(query.filter) if query.filter else None
    people = _PEOPLE.matching(call.account.pk, node)
    groups = _GROUPS.matching(call.account.pk, node)
    keys = _sorted_keys(call, people, groups, query) if query.sort_by else None
    number = people.count()
    total = number + groups.count()
    begin = query.start - 1
    end = min(begin + query.count, total)
    if begin >= end:
        shown: list[JsonObject] = []
    elif keys is not None:
        shown = _in_order_of(call, list(keys[begin:end]), query)
    else:
        first = list(people.order_by("pk")[min(begin, number) : min(end, number)])
        then = list(groups.order_by("pk")[max(begin - number, 0) : max(end - number, 0)])
        shown = represent_users(call, query.projection, first)
        shown += represent_groups(call, query.projection, then)
    return list_response(shown, total=total, start=query.start)


def _sorted_keys(call: Call, people: QuerySet[User], groups: QuerySet[Group], query: ListQuery) -> Any:
    """Return the ``(…, _PERSON or _GROUP, id)`` of everything in the order asked for."""
    unordered = [each.order_by() for each in (people, groups)]
    tables = (USERS.table, GROUPS.table)
    if not all(isinstance(table.find(query.sort_by), Field) for table in tables):
        raise InvalidPath(
            f"People and groups together can't be sorted by {query.sort_by[:100]}: both have only id, externalId, "
            "displayName, meta.created and meta.lastModified."
        )
    columns = ("no_value", "sort_key", "rank", "pk")
    parts = [
        rows.annotate(
            sort_key=order_of(call, table, query.sort_by, query.descending).expression,
            rank=Value(rank, output_field=IntegerField()),
        )
        # Where values that are not there come differs from database to database.
        .annotate(no_value=Case(When(sort_key__isnull=True, then=1), default=0, output_field=IntegerField()))
        .values_list(*columns)
        for rows, table, rank in zip(unordered, tables, (_PERSON, _GROUP), strict=True)
    ]
    sign = "-" if query.descending else ""
    return parts[0].union(parts[1], all=True).order_by(f"{sign}no_value", f"{sign}sort_key", "rank", "pk")


def _in_order_of(call: Call, keys: list[Any], query: ListQuery) -> list[JsonObject]:
    ids: tuple[list[UUID], list[UUID]] = ([], [])
    for _, _, rank, key in keys:
        ids[rank].append(key)
    people = list(USERS.scope(call.account.pk).filter(pk__in=ids[_PERSON]))
    groups = list(GROUPS.scope(call.account.pk).filter(pk__in=ids[_GROUP]))
    shown = represent_users(call, query.projection, people) + represent_groups(call, query.projection, groups)
    by_id = {each["id"]: each for each in shown}
    return [by_id[str(key)] for *_, key in keys if str(key) in by_id]


def _absent(place: Place) -> Place | None:
    """Return what stands for another type's attribute: compared like it, and never there."""
    if isinstance(place, Field):
        return InCollection(Collection(_ABSENT, MappingProxyType({})), place)
    if isinstance(place, Collection):
        return Collection(_ABSENT, place.columns)
    if isinstance(place, InCollection):
        return InCollection(Collection(_ABSENT, place.collection.columns), place.field)
    return None if isinstance(place, Constant) else place


def _with_absent(own: FieldTable, other: FieldTable) -> FieldTable:
    places = dict(own.places)
    for path, place in other.places.items():
        absent = _absent(place)
        if absent is not None:
            places.setdefault(path, absent)
            places.update({f"{urn}{path}": absent for urn in other.urns})
    return replace(own, places=MappingProxyType(places))


def _without_absent(rows: Callable[[UUID], Rows]) -> Callable[[UUID], Rows]:
    def of_account(account: UUID) -> Rows:
        present = rows(account)

        def found(collection: Collection, condition: Q) -> Q:
            return nothing() if collection.name == _ABSENT else present(collection, condition)

        return found

    return of_account


def _beside(listed: Listed[_Row], other: FieldTable) -> Listed[_Row]:
    return replace(listed, table=_with_absent(listed.table, other), rows=_without_absent(listed.rows))


_PEOPLE = _beside(USERS, GROUPS.table)
_GROUPS = _beside(GROUPS, USERS.table)
