"""A directory pushes groups (P-8, P-12)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from accounts.models import Group, GroupMembership
from accounts.sources import Source
from audit.models import AuditEvent
from tests.scim.directory import ENTERPRISE, Directory, error_of


@pytest.fixture
def people(directory: Directory) -> list[str]:
    return [directory.push(name)["id"] for name in ("ada", "bob", "carl")]


def _members(directory: Directory, group: Any) -> list[str]:
    return [
        each["display"]
        for each in directory.read(f"/Groups/{group['id']}?attributes=members").get("members", [])
    ]


def _refs(*ids: str) -> list[dict[str, Any]]:
    return [{"value": each, "$ref": None, "display": "whatever"} for each in ids]


def test_pushed_group_belongs_to_the_directory(directory: Directory, people: list[str]) -> None:
    """P-12"""
    shown = directory.push_group("Engineers", externalId="g-1", members=_refs(*people[:2]))
    assert shown["meta"]["resourceType"] == "Group"
    assert [each["value"] for each in shown["members"]] == people[:2]
    assert directory.read(f"/Groups/{shown['id']}") == shown
    group = Group.objects.get(pk=shown["id"])
    assert (group.directory_owned, group.external_id, group.idp_identifier) == (True, "g-1", "")
    assert set(group.memberships.values_list("source", flat=True)) == {Source.DIRECTORY}
    assert directory.read(f"/Users/{people[0]}")["groups"][0]["display"] == "Engineers"


@pytest.mark.parametrize(
    ("operations", "left"),
    [
        ([{"op": "Add", "path": "members", "value": "REFS c"}], "abc"),
        ([{"op": "add", "path": "members", "value": "REFS a"}], "ab"),
        ([{"op": "add", "path": "members", "value": "REF c"}], "abc"),
        ([{"op": "add", "value": {"members": "REFS c"}}], "abc"),
        ([{"op": "replace", "value": {"members": "REFS c"}}], "c"),
        ([{"op": "replace", "path": "members", "value": "REFS bc"}], "bc"),
        ([{"op": "replace", "path": "members", "value": []}], ""),
        ([{"op": "replace", "path": "members", "value": None}], ""),
        ([{"op": "Remove", "path": "members", "value": "REFS a"}], "b"),
        ([{"op": "Remove", "path": "members", "value": "REFS c"}], "ab"),
        ([{"op": "Remove", "path": "members", "value": []}], "ab"),
        ([{"op": "Remove", "path": "members", "value": [{"value": "nobody"}]}], "ab"),
        ([{"op": "Remove", "path": "members"}], ""),
        ([{"op": "remove", "path": 'members[value eq "ID a"]'}], "b"),
        ([{"op": "remove", "path": 'members[value eq "ID a" or value eq "ID b"]'}], ""),
        ([{"op": "remove", "path": 'members[value eq "ID c"]'}], "ab"),
        ([{"op": "remove", "path": 'members.value eq "ID a"'}], "b"),
        (
            [
                {"op": "remove", "path": 'members[value eq "ID a"]'},
                {"op": "add", "path": "members", "value": "REFS ac"},
                {"op": "remove", "path": "members", "value": "REFS b"},
            ],
            "ac",
        ),
        ([{"op": "remove", "path": "members"}, {"op": "add", "path": "members", "value": "REFS c"}], "c"),
        (
            [
                {"op": "add", "path": "members", "value": "REFS c"},
                {"op": "replace", "path": "members", "value": []},
            ],
            "",
        ),
        ([{"op": "replace", "path": "displayName", "value": "Renamed"}], "ab"),
    ],
)
def test_members_change_as_told(
    directory: Directory, people: list[str], operations: list[dict[str, Any]], left: str
) -> None:
    """P-8: with a value those members, never everyone; re-adding and removing twice are no errors"""
    ids = dict(zip("abc", people, strict=True))

    def filled(value: Any) -> Any:
        if isinstance(value, str) and value.startswith("REFS "):
            return _refs(*(ids[letter] for letter in value[5:]))
        if isinstance(value, str) and value.startswith("REF "):
            return _refs(ids[value[4:]])[0]
        if isinstance(value, str):
            for letter, key in ids.items():
                value = value.replace(f"ID {letter}", key)
            return value
        if isinstance(value, dict):
            return {key: filled(item) for key, item in value.items()}
        return value

    group = directory.push_group("Engineers", members=_refs(*people[:2]))
    response = directory.patch(f"/Groups/{group['id']}", *(filled(each) for each in operations))
    assert (response.status_code, response.content) == (204, b"")
    names = {"a": "ada", "b": "bob", "c": "carl"}
    assert _members(directory, group) == [names[letter] for letter in left]


@pytest.mark.parametrize(
    ("operation", "scim_type"),
    [
        ({"op": "add", "path": "members", "value": [{"value": "nobody"}]}, "invalidValue"),
        (
            {"op": "add", "path": "members", "value": [{"value": "01890000-0000-7000-8000-000000000000"}]},
            "invalidValue",
        ),
        ({"op": "add", "path": "members", "value": [{}]}, "invalidValue"),
        ({"op": "add", "path": "members", "value": [None]}, "invalidValue"),
        ({"op": "add", "path": "members"}, "invalidValue"),
        ({"op": "remove", "path": 'members[display eq "ada"]'}, "invalidFilter"),
        ({"op": "remove", "path": 'members[value sw "0"]'}, "invalidFilter"),
        ({"op": "replace", "path": 'members[value eq "x"]', "value": {"value": "y"}}, "invalidPath"),
        ({"op": "replace", "path": "shoeSize", "value": 1}, "invalidPath"),
        ({"op": "replace", "path": "displayName", "value": " "}, "invalidValue"),
        ({"op": "remove", "path": "displayName"}, "invalidValue"),
        ({"op": "replace", "path": "displayName", "value": "x" * 300}, "invalidValue"),
        ({"op": "replace", "path": "id", "value": "x"}, "mutability"),
        ({"op": "remove"}, "noTarget"),
    ],
)
def test_what_can_not_be_applied_to_a_group_is_refused_and_nothing_before_it_stays(
    directory: Directory, people: list[str], operation: dict[str, Any], scim_type: str
) -> None:
    """P-8"""
    group = directory.push_group("Engineers", members=_refs(people[0]))
    response = directory.patch(
        f"/Groups/{group['id']}",
        {"op": "add", "path": "members", "value": _refs(people[1])},
        {"op": "replace", "path": "displayName", "value": "Half"},
        operation,
    )
    assert response.status_code == 400
    assert error_of(response)["scimType"] == scim_type
    assert directory.read(f"/Groups/{group['id']}") == group


def test_okta_renames_with_the_id_in_the_value(directory: Directory) -> None:
    """P-8"""
    group = directory.push_group("old")
    response = directory.patch(
        f"/Groups/{group['id']}", {"op": "replace", "value": {"id": group["id"], "displayName": "new"}}
    )
    assert response.status_code == 204
    assert directory.find('displayName eq "NEW"', "/Groups") == ["new"]


def test_put_renames_and_replaces_members_but_absent_members_stay(
    directory: Directory, people: list[str]
) -> None:
    """P-8, design rule 5"""
    group = directory.push_group("old", externalId="g", members=_refs(*people))
    shown = json.loads(directory.put(f"/Groups/{group['id']}", {"displayName": "new"}).content)
    assert (shown["displayName"], shown["externalId"], len(shown["members"])) == ("new", "g", 3)
    body = {"displayName": "new", "members": _refs(people[2])}
    shown = json.loads(directory.put(f"/Groups/{group['id']}", body).content)
    assert [each["value"] for each in shown["members"]] == [people[2]]
    shown = json.loads(directory.put(f"/Groups/{group['id']}", {"displayName": "new", "members": []}).content)
    assert shown["members"] == []


def test_members_are_left_out_when_excluded(directory: Directory, people: list[str]) -> None:
    """P-8: Entra"""
    group = directory.push_group("Engineers", members=_refs(*people))
    assert "members" not in directory.read(f"/Groups/{group['id']}?excludedAttributes=members")
    found = directory.read('/Groups?excludedAttributes=members&filter=displayName eq "engineers"')
    assert (found["totalResults"], "members" in found["Resources"][0]) == (1, False)
    assert set(directory.read("/Groups?attributes=members")["Resources"][0]) == {"schemas", "id", "members"}


def test_patch_that_asks_for_attributes_is_answered_with_them(
    directory: Directory, people: list[str]
) -> None:
    """RFC 7644 §3.5.2"""
    group = directory.push_group("Engineers")
    response = directory.patch(
        f"/Groups/{group['id']}?attributes=members",
        {"op": "add", "path": "members", "value": _refs(people[0])},
    )
    assert response.status_code == 200
    assert len(json.loads(response.content)["members"]) == 1


def test_version_of_a_group_follows_its_members(directory: Directory, people: list[str]) -> None:
    """P-10"""
    group = directory.push_group("Engineers")
    path, tag = f"/Groups/{group['id']}", group["meta"]["version"]
    add = {"op": "add", "path": "members", "value": _refs(people[0])}
    changed = directory.patch(path, add, if_match=tag)
    assert changed.status_code == 204
    assert changed.headers["ETag"] == directory.read(path)["meta"]["version"] != tag
    assert directory.patch(path, add, if_match=tag).status_code == 412
    assert directory.delete(path, if_match=tag).status_code == 412


def test_taken_names_and_external_ids_are_conflicts(directory: Directory) -> None:
    """P-8"""
    directory.push_group("Engineers", externalId="g-1")
    second = directory.push_group("Analysts")
    for response in (
        directory.post("/Groups", {"displayName": "ENGINEERS"}),
        directory.post("/Groups", {"displayName": "Others", "externalId": "g-1"}),
        directory.patch(
            f"/Groups/{second['id']}", {"op": "replace", "path": "displayName", "value": "engineers"}
        ),
        directory.patch(f"/Groups/{second['id']}", {"op": "replace", "path": "externalId", "value": "g-1"}),
    ):
        assert (response.status_code, error_of(response)["scimType"]) == (409, "uniqueness")


@pytest.mark.parametrize(
    "body", [{}, {"displayName": ""}, {"displayName": None}, {"displayName": ["x"]}, {"members": []}]
)
def test_group_without_a_name_is_refused(directory: Directory, body: dict[str, Any]) -> None:
    """P-8"""
    assert error_of(directory.post("/Groups", body))["scimType"] == "invalidValue"


def test_deleted_group_takes_its_memberships_along(directory: Directory, people: list[str]) -> None:
    """P-8"""
    group = directory.push_group("Engineers", members=_refs(*people))
    assert directory.delete(f"/Groups/{group['id']}").status_code == 204
    assert error_of(directory.get(f"/Groups/{group['id']}"))["status"] == "404"
    assert not GroupMembership.objects.exists()
    assert AuditEvent.objects.filter(object_id=group["id"], action="group.deleted").exists()


def test_vendor_schema_on_a_group_is_kept(directory: Directory) -> None:
    """P-9"""
    urn = "http://schemas.vendor.example/2.0/Group"
    group = directory.push_group("Engineers", schemas=[urn], **{urn: {"colour": "red", "inner": {"a": 1}}})
    assert group[urn] == {"colour": "red", "inner": {"a": 1}}
    directory.patch(f"/Groups/{group['id']}", {"op": "replace", "value": {urn: {"colour": None, "floor": 3}}})
    shown = directory.read(f"/Groups/{group['id']}")
    assert shown[urn] == {"inner": {"a": 1}, "floor": 3}
    assert shown["meta"]["version"] != group["meta"]["version"]


def test_more_members_than_one_request_may_name_are_refused(directory: Directory) -> None:
    """V-21"""
    group = directory.push_group("Engineers")
    many = [{"value": "x"}] * 10_001
    response = directory.patch(f"/Groups/{group['id']}", {"op": "remove", "path": "members", "value": many})
    assert response.status_code == 413


@pytest.mark.parametrize("name", ["manager", "department", "manager.value"])
def test_attributes_of_people_do_nothing_to_a_group(directory: Directory, name: str) -> None:
    """P-9: what isn't a group's is ignored, and never takes the place of its name"""
    value = {"value": "x"} if name == "manager" else "x"
    group = directory.push_group("Engineers", **{f"{ENTERPRISE}:{name}": value})
    assert group["displayName"] == "Engineers"
    directory.put(f"/Groups/{group['id']}", {"displayName": "Engineers", f"{ENTERPRISE}:{name}": value})
    assert directory.read(f"/Groups/{group['id']}")["displayName"] == "Engineers"
    operation = {"op": "replace", "path": f"{ENTERPRISE}:{name}", "value": value}
    assert error_of(directory.patch(f"/Groups/{group['id']}", operation))["scimType"] == "invalidPath"
