"""Which entries of a multi-valued attribute a filter between brackets selects, in memory (RFC 7644 §3.5.2).

The same comparisons in the database are ``scim.filters``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from operator import ge, gt, le, lt
from typing import Any

from scim2_models.path import (
    CompareOperator,
    Comparison,
    FilterNode,
    LogicalExpr,
    LogicalOperator,
    Not,
    Present,
)

from foundation.folding import fold
from scim.errors import InvalidFilter, InvalidValue
from scim.schema import Attribute, AttributeType, JsonObject
from scim.values import boolean, text

_ORDERS: dict[CompareOperator, Callable[[str, str], bool]] = {
    CompareOperator.gt: gt,
    CompareOperator.ge: ge,
    CompareOperator.lt: lt,
    CompareOperator.le: le,
}


def matches(node: FilterNode, entry: JsonObject, attribute: Attribute) -> bool:
    """Tell whether one entry of ``attribute`` satisfies the filter; raises ``InvalidFilter`` on unknown names."""
    if isinstance(node, LogicalExpr):
        results = (matches(term, entry, attribute) for term in node.terms)
        return all(results) if node.op == LogicalOperator.and_ else any(results)
    if isinstance(node, Not):
        return not matches(node.expr, entry, attribute)
    if isinstance(node, Present):
        # primary: false is as good as none (RFC 7643 §2.4), here as in the database.
        return entry.get(_sub(node, attribute).name) not in (None, "", False)
    if isinstance(node, Comparison):
        sub = _sub(node, attribute)
        return _compare(sub, entry.get(sub.name), node.op, node.value)
    raise InvalidFilter("A selection can't hold another one.")


def described(node: FilterNode, attribute: Attribute) -> JsonObject | None:
    """Return the entry that a filter of nothing but ``eq`` joined by ``and`` describes, else None.

    Entra adds ``emails[type eq "work"].value`` to people who have no such address yet, and means this.
    """
    entry: JsonObject = {}
    for term in _terms(node):
        if not isinstance(term, Comparison) or term.op != CompareOperator.eq or term.value is None:
            return None
        sub = _sub(term, attribute)
        entry[sub.name] = (
            boolean(term.value, sub.name) if sub.type is AttributeType.BOOLEAN else text(term.value, sub.name)
        )
    return entry


def selected_values(node: FilterNode, attribute: Attribute) -> list[str] | None:
    """Return the values named by ``value eq "…"``, several joined by ``or``; None for any other filter."""
    terms = node.terms if isinstance(node, LogicalExpr) and node.op == LogicalOperator.or_ else (node,)
    values: list[str] = []
    for term in terms:
        if (
            not isinstance(term, Comparison)
            or term.op != CompareOperator.eq
            or not isinstance(term.value, str)
        ):
            return None
        if _sub(term, attribute).name != "value":
            return None
        values.append(term.value)
    return values


def _terms(node: FilterNode) -> Iterator[FilterNode]:
    if isinstance(node, LogicalExpr) and node.op == LogicalOperator.and_:
        yield from node.terms
    else:
        yield node


def _sub(node: Comparison | Present, attribute: Attribute) -> Attribute:
    path = node.attr_path
    sub = attribute.subs.get(path.attr.lower()) if path.uri is None and path.sub_attr is None else None
    if sub is None:
        raise InvalidFilter(f"{attribute.name} has no sub-attribute {str(path)!r}.")
    return sub


def _compare(sub: Attribute, actual: Any, op: CompareOperator, expected: Any) -> bool:
    if sub.type is AttributeType.BOOLEAN:
        if op not in (CompareOperator.eq, CompareOperator.ne):
            raise InvalidFilter(f"{sub.name} is true or false and has no {op.value}.")
        try:
            same = bool(actual) == (False if expected is None else boolean(expected, sub.name))
        except InvalidValue as error:
            raise InvalidFilter(error.detail) from error
        return same == (op == CompareOperator.eq)
    if expected == "" and op in (CompareOperator.eq, CompareOperator.ne):
        expected = None  # no value, as everywhere
    if actual is None or expected is None:
        same = actual is None and expected is None
        return same if op == CompareOperator.eq else op == CompareOperator.ne and not same
    return _compare_texts(_key(sub, actual), _key(sub, expected), op)


def _compare_texts(left: str, right: str, op: CompareOperator) -> bool:
    if op == CompareOperator.eq:
        return left == right
    if op == CompareOperator.ne:
        return left != right
    if op == CompareOperator.co:
        return right in left
    if op == CompareOperator.sw:
        return left.startswith(right)
    if op == CompareOperator.ew:
        return left.endswith(right)
    return _ORDERS[op](left, right)


def _key(sub: Attribute, value: Any) -> str:
    plain = str(value)
    return plain if sub.case_exact else fold(plain)
