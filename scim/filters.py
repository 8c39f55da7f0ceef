"""A filter's syntax tree as a ``Q``; pure (RFC 7644 §3.4.2.2).

The result is ANDed onto a queryset that is already scoped to the account, so that no filter, however it is written, can
reach another account's rows (design, first trap). Conditions on rows of a collection become subqueries, each scoped in
turn by ``Rows``, which the caller gives. What can't be filtered on is refused, never dropped.
"""

from __future__ import annotations

from collections.abc import Callable

from django.db.models import Q
from scim2_models.path import (
    AttrPath,
    CompareOperator,
    Comparison,
    FilterNode,
    FilterVisitor,
    LogicalExpr,
    LogicalOperator,
    Not,
    Present,
    ValuePath,
)

from scim.comparisons import compare, compare_constant, is_no_value, nothing, present
from scim.errors import InvalidFilter
from scim.filter_fields import Collection, Constant, Field, FieldTable, InCollection, Place

# (collection, condition on its rows) -> condition on the resource that has such a row
Rows = Callable[[Collection, Q], Q]


def to_q(node: FilterNode, table: FieldTable, rows: Rows) -> Q:
    """Return the condition that ``node`` stands for; raises ``InvalidFilter``."""
    return _Compiler(table, rows).visit(node)


class _Compiler(FilterVisitor[Q]):
    """Walks the tree over a resource."""

    def __init__(self, table: FieldTable, rows: Rows) -> None:
        self._table = table
        self._rows = rows

    def visit_not(self, node: Not) -> Q:
        return ~self.visit(node.expr)

    def visit_logical_expr(self, node: LogicalExpr) -> Q:
        found = self.visit(node.terms[0])
        for term in node.terms[1:]:
            condition = self.visit(term)
            found = found & condition if node.op == LogicalOperator.and_ else found | condition
        return found

    def visit_present(self, node: Present) -> Q:
        return self._present(self._place(node.attr_path))

    def visit_comparison(self, node: Comparison) -> Q:
        name = str(node.attr_path)
        place = self._place(node.attr_path)
        if isinstance(place, Collection):
            # RFC 7644 §3.4.2.2: emails co "x" compares emails.value
            place = InCollection(place, place.columns["value"])
        if isinstance(place, Field):
            return compare(place, node.op, node.value, name)
        if isinstance(place, Constant):
            return compare_constant(place.value, node.op, node.value, name)
        if not isinstance(place, InCollection):
            raise InvalidFilter(f"{name} is complex; compare one of its sub-attributes.")
        if node.op == CompareOperator.ne:
            # No value equals: also where there is none.
            equal = Comparison(node.attr_path, CompareOperator.eq, node.value)
            return ~self.visit_comparison(equal)
        if node.op == CompareOperator.eq and is_no_value(place.field, node.value):
            return ~self._present(place)
        return self._rows(place.collection, compare(place.field, node.op, node.value, name))

    def visit_value_path(self, node: ValuePath) -> Q:
        place = self._place(node.attr_path)
        if not isinstance(place, Collection):
            raise InvalidFilter(f"{node.attr_path} has no values to select from.")
        return self._rows(place, _RowCompiler(place, str(node.attr_path)).visit(node.val_filter))

    def _present(self, place: Place) -> Q:
        if isinstance(place, Constant):
            return ~nothing()
        if isinstance(place, Field):
            return present(place)
        if isinstance(place, Collection):
            return self._rows(place, Q())
        if isinstance(place, InCollection):
            return self._rows(place.collection, present(place.field))
        found = Q()
        for path in place:
            part = self._table.find(path)
            if part is not None:
                found |= self._present(part)
        return found

    def _place(self, path: AttrPath) -> Place:
        place = self._table.find(str(path))
        if place is None:
            raise InvalidFilter(f"{str(path)[:200]} can't be filtered on.")
        return place


class _RowCompiler(FilterVisitor[Q]):
    """Walks the filter between brackets, over the rows of one collection."""

    def __init__(self, collection: Collection, name: str) -> None:
        self._collection = collection
        self._name = name

    def visit_not(self, node: Not) -> Q:
        return ~self.visit(node.expr)

    def visit_logical_expr(self, node: LogicalExpr) -> Q:
        found = self.visit(node.terms[0])
        for term in node.terms[1:]:
            condition = self.visit(term)
            found = found & condition if node.op == LogicalOperator.and_ else found | condition
        return found

    def visit_present(self, node: Present) -> Q:
        return present(self._field(node.attr_path))

    def visit_comparison(self, node: Comparison) -> Q:
        return compare(self._field(node.attr_path), node.op, node.value, f"{self._name}.{node.attr_path}")

    def visit_value_path(self, node: ValuePath) -> Q:
        raise InvalidFilter("A selection can't hold another one.")

    def _field(self, path: AttrPath) -> Field:
        field = (
            self._collection.columns.get(path.attr.lower())
            if path.uri is None and not path.sub_attr
            else None
        )
        if field is None:
            raise InvalidFilter(f"{self._name} can't be filtered on {str(path)[:100]}.")
        return field
