"""Random filters as trees, their text in every spelling that the grammar allows, and what they mean in plain Python.

The meaning is evaluated over resources as a directory reads them (RFC 7644 §3.4.2.2); no code is the server's.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from datetime import datetime
from typing import Any

from hypothesis import strategies as st

Node = tuple[Any, ...]
Resource = dict[str, Any]

TEXT_OPERATORS = ("eq", "ne", "co", "sw", "ew")
ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "gt": lambda left, right: left > right,
    "ge": lambda left, right: left >= right,
    "lt": lambda left, right: left < right,
    "le": lambda left, right: left <= right,
}
VALUES = st.sampled_from(
    [
        "a",
        "A",
        "x",
        "X y",
        "p@x",
        "Bob",
        "b",
        "_",
        "%",
        "a%",
        "A_",
        "\\",
        '"',
        "É",
        "é",
        "ß",
        "SS",
        "work",
        "m-1",
        "M-1",
        "",
    ]
)
KINDS = st.sampled_from(["work", "HOME", "none"])
# One in three names and operators is spelt in another case.
_CASES = st.sampled_from([str, str, str.upper])


def comparisons(paths: st.SearchStrategy[str], values: st.SearchStrategy[Any]) -> st.SearchStrategy[Node]:
    """Compare a text, or ask for its presence."""
    return st.one_of(
        st.tuples(st.just("cmp"), paths, st.sampled_from(TEXT_OPERATORS), values, _CASES),
        st.tuples(st.just("pr"), paths, _CASES),
    )


def near_misses(paths: list[str], resources: list[Resource]) -> st.SearchStrategy[Node]:
    """Compare an attribute with a text that somebody has there, or with a part of it: where operators differ."""
    pairs = [
        (path, part.strip())
        for path in paths
        for resource in resources
        for found in values_at(resource, path)
        for text in [found.get("value") if isinstance(found, dict) else found]
        for part in (
            text,
            text.swapcase(),
            text[1:],
            text[:-1],
            text[1:-1],
            f"{text}x",
            text.replace(text[0], "_"),
        )
    ]
    operators = st.sampled_from(TEXT_OPERATORS)
    return st.builds(
        lambda pair, operator, case: ("cmp", pair[0], operator, pair[1], case),
        st.sampled_from(pairs),
        operators,
        _CASES,
    )


def orders(path: str, values: st.SearchStrategy[Any]) -> st.SearchStrategy[Node]:
    """Compare what has an order."""
    return st.tuples(st.just("cmp"), st.just(path), st.sampled_from(["eq", "ne", *ORDERS]), values, _CASES)


def trees(leaves: st.SearchStrategy[Node], size: int = 6) -> st.SearchStrategy[Node]:
    """Join leaves by and, or, not; ``and`` without brackets too, as it binds closer than ``or``."""
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.tuples(st.just("not"), inner),
            st.tuples(st.sampled_from(["and", "or", "AND", "Or"]), inner, inner),
        ),
        max_leaves=size,
    )


def selections(attribute: st.SearchStrategy[str]) -> st.SearchStrategy[Node]:
    """A filter over the values of a list, between brackets."""
    inside = st.one_of(
        comparisons(st.sampled_from(["type", "value"]), st.one_of(VALUES, KINDS)),
        st.tuples(st.just("primary"), st.booleans()),
    )
    return st.tuples(st.just("pick"), attribute, trees(inside, 3))


def text_of(node: Node) -> str:
    """Return the filter as a client writes it."""
    kind = node[0]
    if kind == "cmp":
        return f"{node[4](node[1])} {node[4](node[2])} {json.dumps(node[3])}"
    if kind == "pr":
        return f"{node[2](node[1])} {node[2]('pr')}"
    if kind in ("active", "primary"):
        return f"{kind} eq {str(node[1]).lower()}"
    if kind == "pick":
        return f"{node[1]}[{text_of(node[2])}]"
    if kind == "not":
        return f"not ({text_of(node[1])})"
    left, right = (_bracketed(each) for each in node[1:])
    return f"{left} {kind} {right}"


def holds(node: Node, resource: Resource, exact: frozenset[str]) -> bool:
    """Tell whether a resource satisfies the filter; ``exact`` are the lower-case paths that compare with case."""
    kind = node[0].lower()
    if kind == "cmp":
        return _compares(node, values_at(resource, node[1]), node[1].lower() in exact)
    if kind == "pr":
        return bool(values_at(resource, node[1]))
    if kind in ("active", "primary"):
        return bool(resource.get(kind, False) == node[1])
    if kind == "pick":
        return any(holds(node[2], entry, exact) for entry in values_at(resource, node[1]))
    if kind == "not":
        return not holds(node[1], resource, exact)
    left, right = (holds(each, resource, exact) for each in node[1:])
    return left and right if kind == "and" else left or right


def values_at(resource: Resource, path: str) -> list[Any]:
    """Return the values at a path: of the core schema, qualified by a URN or not, or of an extension."""
    urn, _, names = path.rpartition(":")
    start = resource.get(urn, {}) if "extension" in urn else resource
    found: list[Any] = [start]
    for name in names.split("."):
        found = [item for each in found if isinstance(each, dict) for item in _listed(each.get(name))]
    return found


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _compares(node: Node, found: list[Any], exact: bool) -> bool:
    _, path, operator, expected, _ = node
    # A list, asked for without a sub-attribute, compares by the values of its entries.
    values = [each.get("value") if isinstance(each, dict) else each for each in found]
    if expected == "" and operator in ("eq", "ne"):
        return bool(values) == (operator == "ne")
    key = _moment if path.startswith("meta.") else str if exact else _folded
    right = key(expected)
    if operator == "ne":
        return all(key(value) != right for value in values)
    return any(_matches(operator, key(value), right) for value in values)


def _matches(operator: str, left: Any, right: Any) -> bool:
    if operator in ORDERS:
        return ORDERS[operator](left, right)
    return bool(
        {"eq": left == right}.get(operator)
        or (operator == "co" and right in left)
        or (operator == "sw" and left.startswith(right))
        or (operator == "ew" and left.endswith(right))
    )


def _folded(value: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", value).casefold())


def _moment(value: str) -> datetime:
    return datetime.fromisoformat(value)


def _bracketed(node: Node) -> str:
    return f"({text_of(node)})" if node[0].lower() == "or" else text_of(node)
