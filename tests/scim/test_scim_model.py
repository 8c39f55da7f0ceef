"""Random people and groups, random sequences of changes: the server and a small model agree (P-8, P-9, P-11, P-12).

The model (``person_model.py``) shares no code with the server. Everything goes through HTTP.
"""

from __future__ import annotations

import json
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.scim.directory import Directory, error_of
from tests.scim.examples import tries
from tests.scim.person_model import ENTERPRISE, LISTS, TEXTS, PersonModel, Refused

_NUMBERS = count()
_TYPES = st.sampled_from(["work", "home", "Work", "other"])
_VALUES = st.sampled_from(["a@x.example", "b@x.example", "A@x.example", "c@x.example"])
_TEXTS = st.sampled_from(["x", "Ünï", "", None, "100%", "two words"])
_ENTRIES = st.fixed_dictionaries(
    {"value": _VALUES}, optional={"type": _TYPES, "primary": st.booleans(), "display": st.just("D")}
)
_VALUE_LISTS = st.one_of(_ENTRIES, st.lists(_ENTRIES, max_size=3))
_ADD_OR_REPLACE = st.sampled_from(["add", "replace", "Add", "Replace"])
_LISTS = st.sampled_from(LISTS)
_SELECTED = st.builds('{}[type eq "{}"]'.format, _LISTS, _TYPES)
_TWO_ADDRESSES = [
    {"value": "a@x.example", "type": "work", "primary": True},
    {"value": "b@x.example", "type": "home"},
]
_MARKS = st.sampled_from([f'emails[type eq "{kind}"].primary' for kind in ("work", "HOME", "other")])
_MANAGERS = st.sampled_from(["m-1", "", {"value": "m-2"}])
_BODIES = st.fixed_dictionaries(
    {},
    optional={
        **{path: _TEXTS for path in TEXTS if "." not in path},
        **{name: _VALUE_LISTS for name in LISTS},
        "active": st.sampled_from([True, False, "False", "True"]),
    },
)


def _operation(op: Any, path: Any, value: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"op": op, "path": path, "value": value})


OPERATIONS = st.one_of(
    _operation(_ADD_OR_REPLACE, st.sampled_from(TEXTS), _TEXTS),
    _operation(_ADD_OR_REPLACE, st.just(f"{ENTERPRISE}:manager"), _MANAGERS),
    _operation(_ADD_OR_REPLACE, st.just("active"), st.sampled_from([True, False, "False", "true"])),
    _operation(_ADD_OR_REPLACE, _LISTS, _VALUE_LISTS),
    _operation(_ADD_OR_REPLACE, _SELECTED.map("{}.value".format), _VALUES),
    _operation(_ADD_OR_REPLACE, _SELECTED.map("{}.primary".format), st.booleans()),
    _operation(_ADD_OR_REPLACE, _MARKS, st.just(True)),
    _operation(st.sampled_from(["add", "Add"]), st.just("emails"), _VALUE_LISTS),
    _operation(_ADD_OR_REPLACE, _SELECTED, st.fixed_dictionaries({"value": _VALUES})),
    st.fixed_dictionaries(
        {
            "op": st.sampled_from(["remove", "Remove"]),
            "path": st.one_of(st.sampled_from(TEXTS), _LISTS, _SELECTED),
        }
    ),
    _operation(st.just("Remove"), _LISTS, st.lists(_ENTRIES, max_size=2)),
    st.fixed_dictionaries({"op": _ADD_OR_REPLACE, "value": _BODIES}),
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("PATCH"), st.lists(OPERATIONS, min_size=1, max_size=4)),
        st.tuples(st.just("PUT"), _BODIES),
    ),
    min_size=1,
    max_size=5,
)


def _without_frame(shown: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in shown.items() if key not in ("id", "schemas", "meta")}


@tries(30)
@given(start=_BODIES, steps=STEPS)
def test_person_is_what_the_model_says_after_every_request(
    directory: Directory, start: dict[str, Any], steps: list[tuple[str, Any]]
) -> None:
    """P-8, P-9, P-11: what is refused changes nothing, not even by halves"""
    start = {"emails": _TWO_ADDRESSES} | start
    name = f"p{next(_NUMBERS)}@x.example"
    model = PersonModel(name)
    made = directory.post("/Users", start | {"userName": name})
    try:
        model.put(start)
    except Refused:
        assert error_of(made)["status"] == "400"
        return
    path = f"/Users/{json.loads(made.content)['id']}"
    assert _without_frame(json.loads(made.content)) == model.shown()
    for method, change in steps:
        try:
            if method == "PATCH":
                response = directory.patch(path, *change)
                model.patch(change)
            else:
                response = directory.put(path, change | {"userName": name})
                model.put(change)
        except Refused:
            assert error_of(response)["scimType"] in ("noTarget", "invalidValue")
        else:
            assert response.status_code == 200, response.content
        assert _without_frame(directory.read(path)) == model.shown()
        assert (directory.find(f'userName eq "{name}" and active eq true') == [name]) is model.active
        for entry in model.lists["emails"]:
            assert directory.find(f'userName eq "{name}" and emails.value eq "{entry["value"]}"') == [name]


_MEMBER_LISTS = st.lists(st.integers(0, 4), max_size=4)
GROUP_OPERATIONS = st.one_of(
    st.tuples(st.sampled_from(["add", "replace", "Add", "remove", "Remove"]), _MEMBER_LISTS),
    st.tuples(st.just("selected"), st.lists(st.integers(0, 4), min_size=1, max_size=3)),
    st.tuples(st.just("empty"), st.just([])),
    st.tuples(st.just("pathless"), _MEMBER_LISTS),
    st.tuples(st.just("rename"), _MEMBER_LISTS),
)


@pytest.fixture
def five(directory: Directory) -> list[str]:
    return [directory.push(f"member{number}")["id"] for number in range(5)]


def _group_operation(kind: str, ids: list[str]) -> dict[str, Any]:
    refs = [{"value": key, "display": "whoever"} for key in ids]
    if kind == "selected":
        named = " or ".join(f'value eq "{key}"' for key in ids)
        return {"op": "remove", "path": f"members[{named}]"}
    if kind == "empty":
        return {"op": "remove", "path": "members"}
    if kind == "pathless":
        return {"op": "add", "value": {"members": refs, "shoeSize": 44}}
    if kind == "rename":
        return {"op": "replace", "path": "displayName", "value": f"name {len(ids)} {next(_NUMBERS)}"}
    return {"op": kind, "path": "members", "value": refs}


def _expected(kind: str, before: set[str], ids: set[str]) -> set[str]:
    if kind in ("add", "Add", "pathless"):
        return before | ids
    if kind in ("remove", "Remove", "selected"):
        return before - ids
    return {"replace": ids, "empty": set[str]()}.get(kind, before)


@tries(20)
@given(
    requests=st.lists(st.lists(GROUP_OPERATIONS, min_size=1, max_size=4), min_size=1, max_size=5),
    spoilt=st.booleans(),
)
def test_members_are_what_sets_say_after_every_request(
    directory: Directory, five: list[str], requests: list[list[tuple[str, list[int]]]], spoilt: bool
) -> None:
    """P-8, P-12: a request with one unknown member changes nothing at all"""
    group = directory.push_group(f"group {next(_NUMBERS)}")
    path = f"/Groups/{group['id']}"
    members: set[str] = set()
    for operations in requests:
        sent = [_group_operation(kind, [five[number] for number in numbers]) for kind, numbers in operations]
        if spoilt:
            unknown = {"op": "add", "path": "members", "value": [{"value": group["id"]}]}
            assert error_of(directory.patch(path, *sent, unknown))["scimType"] == "invalidValue"
            assert {each["value"] for each in directory.read(path)["members"]} == members
        assert directory.patch(path, *sent).status_code == 204
        for kind, numbers in operations:
            members = _expected(kind, members, {five[number] for number in numbers})
        assert {each["value"] for each in directory.read(path)["members"]} == members
        for key in five:
            held = {each["value"] for each in directory.read(f"/Users/{key}").get("groups", [])}
            assert (group["id"] in held) == (key in members)
