"""The lists that directories ask for all day, compiled once: who has this value, and page after page of everybody.

Each is the same queryset that ``scim.listing`` would run, built by the same filters on the same scope; only its SQL is
kept (``foundation.compiled_queries``). ``None`` means that a query is of another kind.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db.models import Model
from scim2_models.path import AttrPath, CompareOperator, Comparison, FilterNode

from foundation.compiled_queries import CompiledQuery, key, text
from foundation.folding import fold
from scim.filter_fields import Collection, Field, FieldKind, InCollection
from scim.values import is_storable

if TYPE_CHECKING:
    from scim.listing import Listed

_KEPT = 128  # shapes of each kind: attributes times sizes of a page


def rows_with_value(
    account: UUID, listed: Listed[Any], node: FilterNode | None, limit: int
) -> list[Any] | None:
    """Return the first ``limit`` rows for a filter that is one ``attribute eq "text"``."""
    if not isinstance(node, Comparison) or node.op != CompareOperator.eq or not isinstance(node.value, str):
        return None
    place = listed.table.find(str(node.attr_path))
    if isinstance(place, Collection) and "value" in place.columns:
        place = InCollection(place, place.columns["value"])
    field = place.field if isinstance(place, InCollection) else place
    if not isinstance(field, Field) or field.kind not in (FieldKind.FOLDED, FieldKind.EXACT):
        return None
    value = node.value if field.kind is FieldKind.EXACT else fold(node.value)
    if not value or not is_storable(value):
        return None
    return _with_value(listed, node.attr_path, limit).all(account, value)


def rows_after(account: UUID, listed: Listed[Any], after: UUID | None, limit: int) -> list[Any]:
    """Return ``limit`` rows in stable order, from the first one or after the id ``after``."""
    if after is None:
        return _from_the_first(listed, limit).all(account)
    return _from_the_next(listed, limit).all(account, after)


@lru_cache(maxsize=_KEPT)
def _with_value(listed: Listed[Model], path: AttrPath, limit: int) -> CompiledQuery[Any]:
    def build(account: UUID, value: str) -> Any:
        matching = listed.matching(account, Comparison(path, CompareOperator.eq, value), whole=True)
        return matching.order_by("pk")[:limit]

    return CompiledQuery(build, key, text)


@lru_cache(maxsize=_KEPT)
def _from_the_first(listed: Listed[Model], limit: int) -> CompiledQuery[Any]:
    return CompiledQuery(lambda account: listed.scope(account).order_by("pk")[:limit], key)


@lru_cache(maxsize=_KEPT)
def _from_the_next(listed: Listed[Model], limit: int) -> CompiledQuery[Any]:
    return CompiledQuery(
        lambda account, after: listed.scope(account).filter(pk__gt=after).order_by("pk")[:limit], key, key
    )
