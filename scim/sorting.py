"""The order of a list, ended by the id so that pages never overlap (RFC 7644 §3.4.2.3).

Resources without a value come last, first when descending. ``Order.rest`` says the same order as a condition, "all that
come after this row", which is how a cursor finds its page (``scim.cursors``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import F, Model, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import NullIf

from scim.call import Call
from scim.cursors import Position
from scim.errors import InvalidCursor, InvalidPath
from scim.filter_fields import Collection, Field, FieldKind, FieldTable, InCollection
from scim.models import UserValue

_STABLE = "pk"  # UUIDv7: the order in which they were made, and an index that every page can walk
_KEY = "sort_key"  # the annotation of a sorted queryset
_NEVER_EMPTY = frozenset({"user_name_folded", "name_folded"})

_Row = TypeVar("_Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Order:
    """``expression`` is None for the stable order alone."""

    expression: Any
    kind: FieldKind
    descending: bool
    nullable: bool = True

    def sort(self, rows: QuerySet[_Row]) -> QuerySet[_Row]:
        """Return ``rows`` in this order."""
        if self.expression is None:
            return rows.order_by(_STABLE)
        key = F(_KEY)
        if not self.nullable:
            first = key.desc() if self.descending else key.asc()
        else:
            first = key.desc(nulls_first=True) if self.descending else key.asc(nulls_last=True)
        found: QuerySet[_Row] = rows.annotate(**{_KEY: self.expression}).order_by(first, _STABLE)
        return found

    def rest(self, rows: QuerySet[_Row], position: Position) -> QuerySet[_Row]:
        """Return what of the sorted ``rows`` comes after ``position``."""
        after = Q(pk__gt=position.after)
        if self.expression is None:
            return rows.filter(after)
        if position.value is None:
            absent = Q(**{f"{_KEY}__isnull": True}) & after
            return rows.filter(absent | Q(**{f"{_KEY}__isnull": False}) if self.descending else absent)
        value = self._read(position.value)
        beyond, from_here = ("lt", "lte") if self.descending else ("gt", "gte")
        later = Q(**{f"{_KEY}__{beyond}": value}) | (Q(**{_KEY: value}) & after)
        # Says nothing new, but an index range can begin there.
        bounded = Q(**{f"{_KEY}__{from_here}": value}) & later
        if self.nullable and not self.descending:
            return rows.filter(bounded | Q(**{f"{_KEY}__isnull": True}))
        return rows.filter(bounded)

    def value_of(self, row: Model) -> str | None:
        """Return what a row of the sorted queryset was sorted by, as a cursor keeps it."""
        if self.expression is None:
            return None
        value = getattr(row, _KEY)
        if isinstance(value, datetime):
            return value.isoformat()
        return None if value is None else str(value)

    def _read(self, text: str) -> Any:
        try:
            if self.kind is FieldKind.MOMENT:
                return datetime.fromisoformat(text)
        except ValueError as error:
            raise InvalidCursor("The cursor is none of ours.") from error
        return text == "True" if self.kind is FieldKind.BOOLEAN else text


def order_of(call: Call, table: FieldTable, sort_by: str, descending: bool) -> Order:
    """Return the order that a client asks for; raises ``InvalidPath`` for an attribute that nothing is sorted by."""
    if not sort_by:
        return Order(None, FieldKind.ID, descending=False)
    place = table.find(sort_by)
    if isinstance(place, Field):
        column: Any = F(place.column)
        if place.column in _NEVER_EMPTY:
            return Order(column, place.kind, descending, nullable=False)
        texts = (FieldKind.FOLDED, FieldKind.EXACT)
        return Order(NullIf(column, Value("")) if place.kind in texts else column, place.kind, descending)
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
    first = Subquery(rows.order_by("-is_primary", "pk").values(place.field.column)[:1])
    return Order(first, place.field.kind, descending)
