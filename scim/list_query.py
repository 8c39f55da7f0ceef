"""What a list is asked for: filter, page, order, attributes; from a query string or a body (RFC 7644 §3.4.2)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from scim import limits
from scim.errors import InvalidSyntax, InvalidValue
from scim.paths import find_key
from scim.projection import Projection, read_projection
from scim.schema import JsonObject

_INTEGER = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)


@dataclass(frozen=True, slots=True)
class ListQuery:
    """``start`` counts from 1 and is at least that; ``count`` is 0 to ``limits.PAGE_MAX``.

    ``cursor`` is None for pages by index, "" for the first page by cursor (RFC 9865 §2).
    """

    filter: str
    start: int
    count: int
    sort_by: str
    descending: bool
    projection: Projection
    cursor: str | None = None


def from_query_string(query: QueryDict) -> ListQuery:
    """Read a GET. Names of parameters compare exactly (RFC 7644 §3.4.2)."""
    return _read(lambda name: query.get(name), query.getlist)


def from_search_body(body: JsonObject) -> ListQuery:
    """Read a POST to .search (RFC 7644 §3.4.3)."""

    def member(name: str) -> Any:
        key = find_key(body, name)
        return None if key is None else body[key]

    def names(name: str) -> list[str]:
        value = member(name)
        found = [value] if isinstance(value, str) else value or []
        if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
            raise InvalidSyntax(f"{name} must be a list of attribute names.")
        return found

    return _read(member, names)


def projection_of(query: QueryDict) -> Projection:
    """Read which attributes the answer to a request for one resource carries."""
    return read_projection(query.getlist("attributes"), query.getlist("excludedAttributes"))


def _read(member: Callable[[str], Any], names: Callable[[str], list[str]]) -> ListQuery:
    order = _text(member("sortOrder"), "sortOrder").lower()
    if order not in ("", "ascending", "descending"):
        raise InvalidValue("sortOrder must be ascending or descending.")
    cursor = member("cursor")
    if cursor is not None:
        cursor = _text(cursor, "cursor")
        if member("startIndex") not in (None, ""):
            raise InvalidValue("startIndex and cursor can't be given together (RFC 9865).")
    return ListQuery(
        filter=_text(member("filter"), "filter"),
        start=max(1, _integer(member("startIndex"), "startIndex", 1)),
        count=min(max(0, _integer(member("count"), "count", limits.PAGE_DEFAULT)), limits.PAGE_MAX),
        sort_by=_text(member("sortBy"), "sortBy"),
        descending=order == "descending",
        projection=read_projection(names("attributes"), names("excludedAttributes")),
        cursor=cursor,
    )


def _text(value: Any, name: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InvalidValue(f"{name} must be a text.")
    return value.strip()


def _integer(value: Any, name: str, default: int) -> int:
    if value is None or value == "":
        return default
    text = str(value).strip()
    if isinstance(value, bool) or not _INTEGER.fullmatch(text):
        raise InvalidValue(f"{name} must be a whole number.")
    return int(text)
