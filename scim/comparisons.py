"""One comparison of a column with a value from a filter, as a ``Q``; pure (RFC 7644 §3.4.2.2).

Values reach the database only as parameters. Those that no row can equal give an empty ``Q``, not an error.
"""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db.models import F, Q, Value
from django.db.models.functions import Left, Right, StrIndex
from django.db.models.lookups import Exact, GreaterThan
from scim2_models.path import CompareOperator

from foundation.folding import fold
from foundation.ids import parse_id
from scim.errors import InvalidFilter, InvalidValue
from scim.filter_fields import Field, FieldKind
from scim.values import boolean, is_storable

_ORDERS = {
    CompareOperator.gt: "gt",
    CompareOperator.ge: "gte",
    CompareOperator.lt: "lt",
    CompareOperator.le: "lte",
}
_FRAGMENTS = {
    CompareOperator.co: "contains",
    CompareOperator.sw: "startswith",
    CompareOperator.ew: "endswith",
}


def nothing() -> Q:
    """Return the condition that no row fulfils."""
    return Q(pk__in=())


def present(field: Field) -> Q:
    """Return "the column holds a value"."""
    if field.kind is FieldKind.MARK:
        return Q(**{field.column: True})
    found = Q(**{f"{field.column}__isnull": False})
    if field.kind in (FieldKind.FOLDED, FieldKind.EXACT):
        found &= ~Q(**{field.column: ""})
    return found


def is_no_value(field: Field, value: Any) -> bool:
    """Tell whether a comparison with ``value`` asks for what has no value: null, and "" where texts are."""
    return value is None or (value == "" and field.kind in (FieldKind.FOLDED, FieldKind.EXACT))


def compare(field: Field, op: CompareOperator, value: Any, name: str) -> Q:
    """Return ``field op value``; ``ne`` is the negation of ``eq`` and so holds where there is no value.

    Null and "" are the same, no value, as everywhere (RFC 7643 §2.5). Raises ``InvalidFilter`` when the attribute,
    called ``name`` to the client, doesn't compare like that.
    """
    if is_no_value(field, value) and op == CompareOperator.eq:
        return ~present(field)
    if is_no_value(field, value) and op == CompareOperator.ne:
        return present(field)
    if value is None:
        raise InvalidFilter(f"{name} can't be compared with null by {op.value}.")
    if op == CompareOperator.ne:
        return ~compare(field, CompareOperator.eq, value, name)
    if field.kind in (FieldKind.BOOLEAN, FieldKind.MARK):
        return _boolean(field, op, value, name)
    if field.kind is FieldKind.MOMENT:
        return _ordered(field, op, _moment(value, name), name)
    if field.kind is FieldKind.ID:
        return _id(field, op, value, name)
    return _text(field, op, value, name)


def compare_constant(actual: str, op: CompareOperator, value: Any, name: str) -> Q:
    """Return "all" or "none": the answer is the same for every row. Raises ``InvalidFilter``."""
    if not isinstance(value, str | None):
        raise InvalidFilter(f"{name} is a text.")
    same = value == actual
    holds = {
        CompareOperator.eq: same,
        CompareOperator.ne: not same,
        CompareOperator.co: bool(value) and str(value) in actual,
        CompareOperator.sw: bool(value) and actual.startswith(str(value)),
        CompareOperator.ew: bool(value) and actual.endswith(str(value)),
    }
    if op not in holds:
        raise InvalidFilter(f"{name} has no {op.value}.")
    return ~nothing() if holds[op] else nothing()


def _boolean(field: Field, op: CompareOperator, value: Any, name: str) -> Q:
    if op != CompareOperator.eq:
        raise InvalidFilter(f"{name} is true or false and has no {op.value}.")
    try:
        return Q(**{field.column: boolean(value, name)})
    except InvalidValue as error:
        raise InvalidFilter(error.detail) from error


def _ordered(field: Field, op: CompareOperator, value: datetime | UUID | str, name: str) -> Q:
    if op == CompareOperator.eq:
        return Q(**{field.column: value})
    if op not in _ORDERS:
        raise InvalidFilter(f"{name} has no {op.value}.")
    return Q(**{f"{field.column}__{_ORDERS[op]}": value})


def _moment(value: Any, name: str) -> datetime:
    try:
        found = datetime.fromisoformat(value)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidFilter(f"{name} must be compared with a date like 2011-05-13T04:42:34Z.") from error


def _id(field: Field, op: CompareOperator, value: Any, name: str) -> Q:
    key = parse_id(value) if isinstance(value, str) else None
    if key is None and op == CompareOperator.eq:
        return nothing()
    if key is None:
        raise InvalidFilter(f"{name} must be compared with an id.")
    return _ordered(field, op, key, name)


def _text(field: Field, op: CompareOperator, value: Any, name: str) -> Q:
    if isinstance(value, bool):
        raise InvalidFilter(f"{name} is a text.")
    text = str(value)
    if not is_storable(text):
        raise InvalidFilter(f"The value for {name} holds a character that no text has.")
    if op in _FRAGMENTS:
        if text == "":
            return present(field)
        return (
            _exact_fragment(field, op, text)
            if field.kind is FieldKind.EXACT
            else _folded_fragment(field, op, text)
        )
    key = text if field.kind is FieldKind.EXACT else fold(text)
    found = _ordered(field, op, key, name)
    return found if op == CompareOperator.eq else found & present(field)


def _folded_fragment(field: Field, op: CompareOperator, text: str) -> Q:
    # Like foundation.folding.fold, but outer blanks are part of a fragment.
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return Q(**{f"{field.column}__{_FRAGMENTS[op]}": folded})


def _exact_fragment(field: Field, op: CompareOperator, text: str) -> Q:
    # LIKE folds ASCII on SQLite; these functions compare exactly on every database. `present` comes along because a
    # negation of a comparison with NULL would be NULL, not true.
    column = F(field.column)
    if op == CompareOperator.co:
        return present(field) & Q(GreaterThan(StrIndex(column, Value(text)), 0))
    part = Left(column, len(text)) if op == CompareOperator.sw else Right(column, len(text))
    return present(field) & Q(Exact(part, Value(text)))
