"""A page of a list: by index with the true total (RFC 7644 §3.4.2), or by cursor at constant cost (RFC 9865)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import Model, QuerySet

from scim.call import Call
from scim.cursors import Position, seal, unseal
from scim.filter_fields import FieldTable
from scim.filter_text import parse_filter
from scim.filters import Rows, to_q
from scim.list_query import ListQuery
from scim.schema import JsonObject
from scim.sorting import order_of

LIST_URN = "urn:ietf:params:scim:api:messages:2.0:ListResponse"

_Row = TypeVar("_Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Listed(Generic[_Row]):
    """What can be listed: ``scoped`` is bounded by the account already; a filter can only narrow it."""

    endpoint: str
    scoped: QuerySet[_Row]
    table: FieldTable
    rows: Rows
    represent: Callable[[Sequence[_Row]], list[JsonObject]]


def page_of(call: Call, listed: Listed[_Row], query: ListQuery) -> JsonObject:
    """Return the ListResponse that ``query`` asks for."""
    if query.cursor is None:
        return _page_by_index(call, listed, query)
    return _page_by_cursor(call, listed, query)


def list_response(resources: list[JsonObject], *, total: int, start: int = 1) -> JsonObject:
    """Return the envelope of a list."""
    return {
        "schemas": [LIST_URN],
        "totalResults": total,
        "startIndex": start,
        "itemsPerPage": len(resources),
        "Resources": resources,
    }


def _page_by_index(call: Call, listed: Listed[_Row], query: ListQuery) -> JsonObject:
    matching = _matching(listed, query)
    order = order_of(call, listed.table, query.sort_by, query.descending)
    skipped = query.start - 1
    total = matching.count() if skipped or not query.count else None
    found: list[_Row] = []
    if query.count and (total is None or skipped < total):
        page = order.sort(matching)
        if skipped and order.expression is None:
            # Skip over ids alone, which an index holds, rather than over whole rows with their documents.
            ids = page.values("pk")[skipped : skipped + query.count]
            page = order.sort(listed.scoped.filter(pk__in=ids))
            found = list(page)
        else:
            found = list(page[skipped : skipped + query.count])
    if total is None:
        total = _counted(matching, found, len(found) == query.count)
    return list_response(listed.represent(found), total=total, start=query.start)


def _page_by_cursor(call: Call, listed: Listed[_Row], query: ListQuery) -> JsonObject:
    matching = _matching(listed, query)
    order = order_of(call, listed.table, query.sort_by, query.descending)
    page = order.sort(matching)
    position = unseal(call, listed.endpoint, query) if query.cursor else None
    if position is not None:
        page = order.rest(page, position)
    found = list(page[: query.count + 1])  # one more tells whether there is a next page
    more = len(found) > query.count
    found = found[: query.count]
    total = position.total if position is not None else _counted(matching, found, more)
    response = list_response(listed.represent(found), total=total)
    del response["startIndex"]
    if more and found:
        last = Position(found[-1].pk, order.value_of(found[-1]), total)
        response["nextCursor"] = seal(call, listed.endpoint, query, last)
    return response


def _counted(matching: QuerySet[_Row], first: Sequence[_Row], more: bool) -> int:
    # A first page that isn't full says itself how many there are.
    return matching.count() if more else len(first)


def _matching(listed: Listed[_Row], query: ListQuery) -> QuerySet[_Row]:
    if not query.filter:
        return listed.scoped
    return listed.scoped.filter(to_q(parse_filter(query.filter), listed.table, listed.rows))
