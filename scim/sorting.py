"""``sortBy``: the order of a list, ended by the id so that pages never overlap (RFC 7644 §3.4.2.3)."""

from __future__ import annotations

from typing import Any

from django.db.models import F, OuterRef, Subquery, Value
from django.db.models.functions import NullIf

from scim.call import Call
from scim.errors import InvalidPath
from scim.filter_fields import Collection, Field, FieldKind, FieldTable, InCollection
from scim.models import UserValue

_STABLE = "pk"  # UUIDv7: the order in which they were made, and an index that every page can walk


def order_of(call: Call, table: FieldTable, sort_by: str, descending: bool) -> list[Any]:
    """Return what to give to ``order_by``; resources without a value come last, first when descending."""
    if not sort_by:
        return [_STABLE]
    expression = _expression(call, table, sort_by)
    if descending:
        return [expression.desc(nulls_first=True), _STABLE]
    return [expression.asc(nulls_last=True), _STABLE]


def _expression(call: Call, table: FieldTable, sort_by: str) -> Any:
    place = table.find(sort_by)
    if isinstance(place, Field):
        column: Any = F(place.column)
        texts = (FieldKind.FOLDED, FieldKind.EXACT)
        return NullIf(column, Value("")) if place.kind in texts else column
    if isinstance(place, Collection):
        value = place.columns.get("value")
        place = InCollection(place, value) if value is not None else None
    if not isinstance(place, InCollection) or place.field.column not in (
        "value_key",
        "type_key",
        "is_primary",
    ):
        raise InvalidPath(f"Lists can't be sorted by {sort_by[:100]}.")
    rows = UserValue.objects.for_account(call.account).filter(
        user=OuterRef("pk"), attribute=place.collection.name
    )
    # The primary value, or else the first that was written.
    return Subquery(rows.order_by("-is_primary", "pk").values(place.field.column)[:1])
