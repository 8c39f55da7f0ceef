"""JumpCloud's identity management connector: one operation for each attribute (P-8).

Source: recordings in https://github.com/Paul-E/scim-v2-rust, ``src/test_data/jumpcloud_*.json`` ("JumpCloud sends one
op per attribute with path", "minimal member objects: just value", ``remove`` of ``members`` with a value list). Its
connection test, with the address of a test user, makes, changes and removes that person.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.scim.directory import CORE, Directory, error_of

GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"


@pytest.fixture
def jumpcloud(directory: Directory) -> Directory:
    directory.headers |= {"user-agent": "JumpCloud-SCIM", "content-type": "application/scim+json"}
    return directory


def _new(name: str) -> dict[str, Any]:
    return {
        "schemas": [CORE],
        "userName": f"{name}@corp.example",
        "externalId": f"jc-{name}",
        "name": {"givenName": name.title(), "familyName": "Example"},
        "displayName": name.title(),
        "emails": [{"value": f"{name}@corp.example", "type": "work", "primary": True}],
        "phoneNumbers": [],
        "active": True,
    }


def test_connection_test_makes_changes_and_removes_a_person(jumpcloud: Directory) -> None:
    """P-8: by the address of a test user, whom nobody needs to know afterwards"""
    text = 'userName eq "test@corp.example"'
    assert jumpcloud.listed("/Users", filter=text)["Resources"] == []
    made = json.loads(jumpcloud.post("/Users", _new("test")).content)
    assert jumpcloud.listed("/Users", filter=text)["Resources"] == [made]
    path = f"/Users/{made['id']}"
    assert jumpcloud.put(path, _new("test") | {"id": made["id"], "displayName": "T"}).status_code == 200
    assert jumpcloud.patch(path, {"op": "replace", "path": "active", "value": False}).status_code == 200
    assert jumpcloud.delete(path).status_code == 204
    assert jumpcloud.listed("/Users", filter=text)["Resources"] == []


def test_each_attribute_has_its_operation_and_all_take_effect_together(jumpcloud: Directory) -> None:
    """P-8"""
    made = json.loads(jumpcloud.post("/Users", _new("ada")).content)
    operations = [
        {"op": "replace", "path": "name.givenName", "value": "Augusta"},
        {"op": "replace", "path": "name.familyName", "value": "King"},
        {"op": "replace", "path": "displayName", "value": "Augusta King"},
        {
            "op": "replace",
            "path": "emails",
            "value": [{"value": "a@corp.example", "type": "work", "primary": True}],
        },
        {"op": "add", "path": "phoneNumbers", "value": [{"value": "+49 1", "type": "mobile"}]},
        {"op": "replace", "path": "userName", "value": "a@corp.example"},
        {"op": "replace", "path": "active", "value": False},
    ]
    shown = json.loads(jumpcloud.patch(f"/Users/{made['id']}", *operations).content)
    assert (shown["userName"], shown["displayName"], shown["active"]) == (
        "a@corp.example",
        "Augusta King",
        False,
    )
    assert shown["name"] == {"givenName": "Augusta", "familyName": "King"}
    assert shown["phoneNumbers"] == [{"value": "+49 1", "type": "mobile"}]
    assert jumpcloud.person(made).email == "a@corp.example"


def test_seventh_operation_that_fails_undoes_six(jumpcloud: Directory) -> None:
    """P-8, P-9"""
    made = json.loads(jumpcloud.post("/Users", _new("ada")).content)
    jumpcloud.post("/Users", _new("bob"))
    operations = [{"op": "replace", "path": "displayName", "value": f"half {number}"} for number in range(6)]
    taken = {"op": "replace", "path": "userName", "value": "BOB@corp.example"}
    response = jumpcloud.patch(f"/Users/{made['id']}", *operations, taken)
    assert (response.status_code, error_of(response)["scimType"]) == (409, "uniqueness")
    assert jumpcloud.read(f"/Users/{made['id']}") == made


def test_members_are_named_by_nothing_but_their_value(jumpcloud: Directory) -> None:
    """P-8, P-12"""
    ada, bob = (json.loads(jumpcloud.post("/Users", _new(name)).content)["id"] for name in ("ada", "bob"))
    made = json.loads(jumpcloud.post("/Groups", {"schemas": [GROUP], "displayName": "Engineers"}).content)
    path = f"/Groups/{made['id']}"
    for operation, members in (
        ({"op": "add", "path": "members", "value": [{"value": ada}]}, {ada}),
        ({"op": "add", "path": "members", "value": [{"value": bob}]}, {ada, bob}),
        ({"op": "remove", "path": "members", "value": [{"value": ada}]}, {bob}),
        ({"op": "replace", "path": "members", "value": [{"value": ada}, {"value": bob}]}, {ada, bob}),
        ({"op": "replace", "path": "displayName", "value": "Makers"}, {ada, bob}),
    ):
        assert jumpcloud.patch(path, operation).status_code == 204
        assert {each["value"] for each in jumpcloud.read(path)["members"]} == members
    assert jumpcloud.read(path)["displayName"] == "Makers"
