"""Random filters: the database finds whom plain Python finds (P-10)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.scim.directory import Directory

PEOPLE: list[dict[str, Any]] = [
    {"userName": "ada", "externalId": "A", "title": "x", "emails": [{"value": "p@x", "type": "work"}]},
    {"userName": "Bob", "active": False, "emails": [{"value": "q@x", "type": "home"}, {"value": "p@x"}]},
    {"userName": "carl", "externalId": "a", "title": "X y", "displayName": "Ab"},
    {"userName": "dé_%", "displayName": "b"},
]
VALUES = st.sampled_from(["a", "A", "x", "X y", "p@x", "Bob", "b", "_", "%", "É", "work", ""])
OPERATORS = ("eq", "ne", "co", "sw", "ew")
ORDERS = ("gt", "ge", "lt", "le")
SINGLE = {"userName": False, "externalId": True, "title": False, "displayName": False}  # name: case counts


def _values(person: dict[str, Any], path: str) -> list[str]:
    if path.startswith("emails"):
        key = path.partition(".")[2] or "value"
        return [entry[key] for entry in person.get("emails", []) if key in entry]
    return [person[path]] if path in person else []


def _holds(actual: str, operator: str, expected: str, exact: bool) -> bool:
    left, right = (actual, expected) if exact else (actual.casefold(), expected.casefold())
    return {
        "eq": left == right,
        "co": right in left,
        "sw": left.startswith(right),
        "ew": left.endswith(right),
        "gt": left > right,
        "ge": left >= right,
        "lt": left < right,
        "le": left <= right,
    }[operator]


Node = tuple[Any, ...]
_PATHS = st.sampled_from([*SINGLE, "emails", "emails.value", "emails.type"])
# Databases agree on the order of lower-case letters only.
_ORDERED = st.sampled_from(["userName", "title", "displayName", "emails.value"])
_LEAVES: st.SearchStrategy[Node] = st.one_of(
    st.tuples(st.just("cmp"), _PATHS, st.sampled_from(OPERATORS), VALUES),
    st.tuples(st.just("cmp"), _ORDERED, st.sampled_from(ORDERS), st.sampled_from(["a", "b", "carl", "x"])),
    st.tuples(st.just("pr"), _PATHS),
    st.tuples(st.just("active"), st.booleans()),
    st.tuples(
        st.just("pick"),
        st.sampled_from(["work", "HOME", "none"]),
        st.sampled_from(["eq", "co", "ne"]),
        VALUES,
    ),
)
TREES: st.SearchStrategy[Node] = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.tuples(st.just("not"), inner),
        st.tuples(st.sampled_from(["and", "or"]), inner, inner),
    ),
    max_leaves=6,
)


def _text(node: Node) -> str:
    kind = node[0]
    if kind == "cmp":
        return f'{node[1]} {node[2]} "{node[3]}"'
    if kind == "pr":
        return f"{node[1]} pr"
    if kind == "active":
        return f"active eq {str(node[1]).lower()}"
    if kind == "pick":
        return f'emails[type eq "{node[1]}" and value {node[2]} "{node[3]}"]'
    if kind == "not":
        return f"not ({_text(node[1])})"
    return f"({_text(node[1])} {kind} {_text(node[2])})"


def _evaluate(node: Node, person: dict[str, Any]) -> bool:
    kind = node[0]
    if kind == "cmp":
        _, path, operator, expected = node
        values, exact = _values(person, path), SINGLE.get(path, False)
        if operator == "ne":
            return not any(_holds(value, "eq", expected, exact) for value in values)
        return any(_holds(value, operator, expected, exact) for value in values)
    if kind == "pr":
        return bool(_values(person, node[1]))
    if kind == "active":
        return bool(person.get("active", True) == node[1])
    if kind == "pick":
        return any(
            entry.get("type", "").casefold() == node[1].casefold()
            and (
                not _holds(entry["value"], "eq", node[3], False)
                if node[2] == "ne"
                else _holds(entry["value"], node[2], node[3], False)
            )
            for entry in person.get("emails", [])
        )
    if kind == "not":
        return not _evaluate(node[1], person)
    left, right = _evaluate(node[1], person), _evaluate(node[2], person)
    return left and right if kind == "and" else left or right


@pytest.fixture
def filled(directory: Directory, other: Directory) -> Directory:
    for person in PEOPLE:
        directory.push(**{"user_name" if key == "userName" else key: value for key, value in person.items()})
        # The same people elsewhere: no filter may find them twice.
        other.push(**{"user_name" if key == "userName" else key: value for key, value in person.items()})
    return directory


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(node=TREES)
def test_any_filter_finds_the_people_that_it_describes(filled: Directory, node: Node) -> None:
    """P-10, P-6"""
    expected = [person["userName"] for person in PEOPLE if _evaluate(node, person)]
    assert filled.find(_text(node)) == expected
