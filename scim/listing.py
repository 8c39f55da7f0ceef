"""A page of a list: by index with the true total (RFC 7644 §3.4.2), or by cursor at constant cost (RFC 9865)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet
from scim2_models.path import FilterNode

from scim.call import Call
from scim.cursors import Position, seal, unseal
from scim.filter_fields import FieldTable
from scim.filter_text import parse_filter
from scim.filters import Rows, to_q
from scim.frequent_lists import rows_after, rows_with_value
from scim.list_query import ListQuery
from scim.schema import JsonObject
from scim.sorting import Order, order_of

LIST_URN = "urn:ietf:params:scim:api:messages:2.0:ListResponse"

_Row = TypeVar("_Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Listed(Generic[_Row]):
    """What can be listed: ``scope`` is bounded by the account that it is given; a filter can only narrow it.

    ``whole`` is the same scope with what else a representation shows, read along for the few rows of a look-up.
    """

    endpoint: str
    scope: Callable[[UUID], QuerySet[_Row]]
    table: FieldTable
    rows: Callable[[UUID], Rows]
    whole: Callable[[UUID], QuerySet[_Row]] | None = None

    def matching(self, account: UUID, node: FilterNode | None, *, whole: bool = False) -> QuerySet[_Row]:
        """Return what a filter leaves of the account's rows."""
        scoped = self.whole(account) if whole and self.whole is not None else self.scope(account)
        return scoped if node is None else scoped.filter(to_q(node, self.table, self.rows(account)))


def page_of(
    call: Call,
    listed: Listed[_Row],
    query: ListQuery,
    represent: Callable[[Sequence[_Row]], list[JsonObject]],
) -> JsonObject:
    """Return the ListResponse that ``query`` asks for."""
    node = parse_filter(query.filter) if query.filter else None
    order = order_of(call, listed.table, query.sort_by, query.descending)
    if query.cursor is None:
        return _page_by_index(call, listed, query, node, order, represent)
    return _page_by_cursor(call, listed, query, node, order, represent)


def list_response(resources: list[JsonObject], *, total: int, start: int = 1) -> JsonObject:
    """Return the envelope of a list."""
    return {
        "schemas": [LIST_URN],
        "totalResults": total,
        "startIndex": start,
        "itemsPerPage": len(resources),
        "Resources": resources,
    }


def _page_by_index(
    call: Call,
    listed: Listed[_Row],
    query: ListQuery,
    node: FilterNode | None,
    order: Order,
    represent: Callable[[Sequence[_Row]], list[JsonObject]],
) -> JsonObject:
    found: Sequence[_Row]
    if query.start > 1 or not query.count:
        total, found = _later_page(call, listed, query, node, order)
    else:
        found = _first_page(call, listed, node, order, query.count)
        total = _counted(call, listed, node, found, len(found) == query.count)
    return list_response(represent(found), total=total, start=query.start)


def _later_page(
    call: Call, listed: Listed[_Row], query: ListQuery, node: FilterNode | None, order: Order
) -> tuple[int, Sequence[_Row]]:
    skipped, wanted = query.start - 1, query.count
    matching = listed.matching(call.account.pk, node)
    if order.expression is not None or not wanted:
        total = matching.count()
        return total, list(order.sort(matching)[skipped : skipped + wanted]) if skipped < total else []
    # Rows are skipped over by their ids alone, which an index holds, and from the nearer end. Whoever is added
    # meanwhile comes after the last row, and so doesn't shift what is counted from there.
    last = matching.order_by("-pk").values_list("pk", flat=True).first()
    known = matching.filter(pk__lte=last) if last is not None else matching.none()
    total = known.count()
    if skipped >= total:
        return total, []
    if 2 * skipped < total:
        ids = known.order_by("pk")[skipped : skipped + wanted]
    else:
        ids = known.order_by("-pk")[max(0, total - skipped - wanted) : total - skipped]
    return total, list(listed.scope(call.account.pk).filter(pk__in=ids.values("pk")).order_by("pk"))


def _page_by_cursor(
    call: Call,
    listed: Listed[_Row],
    query: ListQuery,
    node: FilterNode | None,
    order: Order,
    represent: Callable[[Sequence[_Row]], list[JsonObject]],
) -> JsonObject:
    account, limit = call.account.pk, query.count + 1  # one more tells whether there is a next page
    position = unseal(call, listed.endpoint, query) if query.cursor else None
    found: Sequence[_Row]
    if position is None:
        found = _first_page(call, listed, node, order, limit)
    elif node is None and order.expression is None:
        found = rows_after(account, listed, position.after, limit)
    else:
        found = list(order.rest(order.sort(listed.matching(account, node)), position)[:limit])
    more = len(found) == limit
    total = position.total if position is not None else _counted(call, listed, node, found, more)
    found = found[: query.count]
    response = list_response(represent(found), total=total)
    del response["startIndex"]
    if more and found:
        last = Position(found[-1].pk, order.value_of(found[-1]), total)
        response["nextCursor"] = seal(call, listed.endpoint, query, last)
    return response


def _first_page(
    call: Call, listed: Listed[_Row], node: FilterNode | None, order: Order, limit: int
) -> Sequence[_Row]:
    account = call.account.pk
    if order.expression is None:
        known = (
            rows_after(account, listed, None, limit)
            if node is None
            else rows_with_value(account, listed, node, limit)
        )
        if known is not None:
            return known
    return list(order.sort(listed.matching(account, node))[:limit])


def _counted(
    call: Call, listed: Listed[_Row], node: FilterNode | None, first: Sequence[_Row], more: bool
) -> int:
    # A first page that isn't full says itself how many there are.
    return listed.matching(call.account.pk, node).count() if more else len(first)
