"""A page of a list, with the true total (RFC 7644 §3.4.2)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from django.db.models import Model, QuerySet

from scim.call import Call
from scim.filter_fields import FieldTable
from scim.filter_text import parse_filter
from scim.filters import Rows, to_q
from scim.list_query import ListQuery
from scim.schema import JsonObject
from scim.sorting import order_of

LIST_URN = "urn:ietf:params:scim:api:messages:2.0:ListResponse"

_Row = TypeVar("_Row", bound=Model)


def page_of(
    call: Call,
    scoped: QuerySet[_Row],
    query: ListQuery,
    table: FieldTable,
    rows: Rows,
    represent: Callable[[Sequence[_Row]], list[JsonObject]],
) -> JsonObject:
    """Return a ListResponse. ``scoped`` is bounded by the account already; the filter can only narrow it."""
    if query.filter:
        scoped = scoped.filter(to_q(parse_filter(query.filter), table, rows))
    total = scoped.count()
    found: list[_Row] = []
    if query.count and query.start <= total:
        ordered = scoped.order_by(*order_of(call, table, query.sort_by, query.descending))
        found = list(ordered[query.start - 1 : query.start - 1 + query.count])
    elif query.sort_by:
        order_of(call, table, query.sort_by, query.descending)  # an unknown attribute is an error on any page
    return list_response(represent(found), total=total, start=query.start)


def list_response(resources: list[JsonObject], *, total: int, start: int = 1) -> JsonObject:
    """Return the envelope of a list."""
    return {
        "schemas": [LIST_URN],
        "totalResults": total,
        "startIndex": start,
        "itemsPerPage": len(resources),
        "Resources": resources,
    }
