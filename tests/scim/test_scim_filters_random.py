"""Random filters: the database finds what plain Python finds in the resources that a directory reads (P-10, P-6)."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.scim.directory import CORE, ENTERPRISE, Directory
from tests.scim.examples import tries
from tests.scim.filter_trees import (
    KINDS,
    VALUES,
    Node,
    comparisons,
    holds,
    near_misses,
    orders,
    selections,
    text_of,
    trees,
    values_at,
)

PEOPLE: list[dict[str, Any]] = [
    {
        "user_name": "ada",
        "externalId": "A",
        "title": "x",
        "nickName": "a",
        "name": {"familyName": "Straße", "givenName": "a%b"},
        "emails": [{"value": "p@x", "type": "work", "primary": True}, {"value": "É", "type": "home"}],
        ENTERPRISE: {"department": "A_b", "manager": {"value": "m-1"}},
    },
    {
        "user_name": "Bob",
        "active": False,
        "nickName": "b",
        "emails": [{"value": "q@x", "type": "home"}, {"value": "p@x"}],
        "phoneNumbers": [{"value": "1", "type": "Work", "primary": True}],
        ENTERPRISE: {"manager": {"value": "M-1"}},
    },
    {"user_name": "carl", "externalId": "a", "title": "X y", "displayName": "Ab", "nickName": "x"},
    {"user_name": "dé_%", "displayName": 'b"\\', "title": "AxB", "roles": [{"value": "a%"}, {"value": "A_"}]},
]
EXACT = frozenset({"externalid", f"{ENTERPRISE}:manager.value".lower(), f"{CORE}:externalid".lower()})
_PLAIN = [
    *("userName", "externalId", "title", "nickName", "displayName", "name.familyName", "name.givenName"),
    *("emails", "emails.value", "emails.type", "phoneNumbers", "phoneNumbers.value", "roles.value"),
    "groups.display",
]
_QUALIFIED = [
    *(f"{CORE}:{path}" for path in _PLAIN),
    f"{ENTERPRISE}:department",
    f"{ENTERPRISE}:manager.value",
]
_PATHS = st.sampled_from([*_PLAIN, *_QUALIFIED])
_NEAR_MISSES = near_misses(
    [*_PLAIN, *_QUALIFIED], [each | {"userName": each["user_name"]} for each in PEOPLE]
)
_LISTS = st.sampled_from(["emails", "phoneNumbers", "roles", f"{CORE}:emails"])


def _moments() -> st.SearchStrategy[tuple[int, int, int]]:
    """Which resource's moment, how many microseconds beside it, and in which zone it is written (hours)."""
    return st.tuples(st.integers(0, 3), st.sampled_from([-1, 0, 1]), st.sampled_from([0, 2, -11]))


_LEAVES: st.SearchStrategy[Node] = st.one_of(
    comparisons(_PATHS, st.one_of(VALUES, KINDS)),
    _NEAR_MISSES,
    _NEAR_MISSES,
    # Databases agree on the order of lower-case letters only.
    orders("nickName", st.sampled_from(["a", "b", "m", "x"])),
    orders("meta.created", _moments()),
    orders("meta.lastModified", _moments()),
    st.tuples(st.just("active"), st.booleans()),
    selections(_LISTS),
)


def _with_moments(node: Any, resources: list[Any]) -> Any:
    """Put the moments of real resources into a tree."""
    if not isinstance(node, tuple):
        return node
    if node[0] == "cmp" and node[1].startswith("meta."):
        which, beside, hours = node[3]
        shown = resources[which % len(resources)]["meta"][node[1].removeprefix("meta.")]
        moment = datetime.fromisoformat(shown) + timedelta(microseconds=beside)
        return (*node[:3], moment.astimezone(timezone(timedelta(hours=hours))).isoformat(), *node[4:])
    return tuple(_with_moments(each, resources) for each in node)


@pytest.fixture
def filled(directory: Directory, other: Directory) -> Directory:
    for each in (directory, other):  # the same people elsewhere: no filter may find them twice
        people = [each.push(**person)["id"] for person in PEOPLE]
        each.push_group("A_", externalId="A", members=[{"value": people[0]}])
        each.push_group("b%", externalId="a", members=[{"value": key} for key in people[:2]])
        each.push_group("Straße")
    return directory


@tries(30)
@given(nodes=st.lists(st.one_of(_NEAR_MISSES, trees(_LEAVES)), min_size=4, max_size=6))
def test_any_filter_finds_the_people_that_it_describes(filled: Directory, nodes: list[Node]) -> None:
    """P-10, P-6"""
    resources = filled.read("/Users")["Resources"]
    for tree in nodes:
        node = _with_moments(tree, resources)
        expected = [each["userName"] for each in resources if holds(node, each, EXACT)]
        assert filled.find(text_of(node)) == expected, text_of(node)


def test_operators_differ_on_every_text_attribute(filled: Directory) -> None:
    """P-10: beginning, middle and end of a text that somebody has, by each operator"""
    resources = filled.read("/Users")["Resources"]
    for path in [*_PLAIN, f"{ENTERPRISE}:department", f"{ENTERPRISE}:manager.value"]:
        found = [item for each in resources for item in values_at(each, path)]
        texts = [each["value"] if isinstance(each, dict) else each for each in found]
        longest = max(texts, key=len)
        # Outer blanks mean nothing in an eq: names are kept without.
        for part in {each.strip() for each in (longest[1:], longest[:-1], longest[1:-1])} - {""}:
            for operator in ("eq", "co", "sw", "ew"):
                node = ("cmp", path, operator, part, str)
                expected = [each["userName"] for each in resources if holds(node, each, EXACT)]
                assert filled.find(text_of(node)) == expected, text_of(node)


_GROUP_LEAVES: st.SearchStrategy[Node] = st.one_of(
    comparisons(st.sampled_from(["displayName", "externalId"]), VALUES),
    orders("meta.created", _moments()),
    st.tuples(st.just("pr"), st.just("members"), st.just(str)),
    st.tuples(
        st.just("cmp"),
        st.sampled_from(["members", "members.value", "id"]),
        st.sampled_from(["eq", "ne"]),
        st.integers(0, 6),
        st.just(str),
    ),
    st.tuples(
        st.just("pick"),
        st.just("members"),
        st.tuples(
            st.just("cmp"), st.just("value"), st.sampled_from(["eq", "ne"]), st.integers(0, 6), st.just(str)
        ),
    ),
)


def _with_ids(node: Any, ids: list[str]) -> Any:
    if not isinstance(node, tuple):
        return node
    if node[0] == "cmp" and isinstance(node[3], int):
        return (*node[:3], ids[node[3]], node[4])
    return tuple(_with_ids(each, ids) for each in node)


@tries(30)
@given(node=trees(_GROUP_LEAVES))
def test_any_filter_finds_the_groups_that_it_describes(
    filled: Directory, other: Directory, node: Node
) -> None:
    """P-10, P-6: the ids of the other account's people and groups find nothing here"""
    groups = filled.read("/Groups")["Resources"]
    people = [each["id"] for each in filled.read("/Users")["Resources"]]
    foreign = [
        *(each["id"] for each in other.read("/Users")["Resources"][:1]),
        other.read("/Groups")["Resources"][0]["id"],
    ]
    ids = [*people[:3], groups[0]["id"], groups[1]["id"], *foreign]
    node = _with_ids(_with_moments(node, groups), ids)
    expected = [each["displayName"] for each in groups if holds(node, each, frozenset({"externalid"}))]
    assert filled.find(text_of(node), "/Groups") == expected
