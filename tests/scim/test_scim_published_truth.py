"""What /Schemas says of each attribute is what happens to it (P-10, RFC 7643 §7)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.scim.directory import CORE, ENTERPRISE, Directory, error_of

GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"


def _attributes(directory: Directory, urn: str) -> list[Any]:
    found: list[Any] = directory.read(f"/Schemas/{urn}")["attributes"]
    return found


def _sample(attribute: Any) -> Any:
    if attribute["type"] == "complex":
        one: Any = {each["name"]: _sample(each) for each in attribute["subAttributes"]}
        return [one] if attribute["multiValued"] else one
    plain: Any = {"boolean": True, "binary": "MIIB", "reference": "https://x.example/1"}.get(
        attribute["type"], "x"
    )
    return plain


@pytest.fixture
def full(directory: Directory) -> Any:
    """Somebody with every attribute that can be written."""
    body = {
        each["name"]: _sample(each)
        for each in _attributes(directory, CORE)
        if each["mutability"] != "readOnly"
    }
    body[ENTERPRISE] = {each["name"]: _sample(each) for each in _attributes(directory, ENTERPRISE)}
    return directory.push("full", **{key: value for key, value in body.items() if key != "userName"})


def test_required_and_read_only_attributes_can_not_be_removed_and_all_others_can(
    directory: Directory, full: Any
) -> None:
    """P-9, P-10, RFC 7644 §3.5.2.2"""
    for urn, prefix in ((ENTERPRISE, f"{ENTERPRISE}:"), (CORE, "")):
        for attribute in _attributes(directory, urn):
            name = attribute["name"]
            removal = {"op": "remove", "path": f"{prefix}{name}"}
            response = directory.patch(f"/Users/{full['id']}", removal)
            if attribute["required"] or attribute["mutability"] == "readOnly":
                assert error_of(response)["scimType"] == "mutability", removal
                continue
            assert response.status_code == 200, removal
            shown = json.loads(response.content)
            assert name not in (shown.get(urn, {}) if prefix else shown), removal
    left = directory.read(f"/Users/{full['id']}")
    assert set(left) == {"schemas", "id", "userName", "active", "meta"}


def test_every_attribute_of_a_group_behaves_as_published(directory: Directory) -> None:
    """P-10"""
    ada = directory.push("ada")["id"]
    group = directory.push_group("Engineers", members=[{"value": ada}])
    for attribute in _attributes(directory, GROUP):
        response = directory.patch(f"/Groups/{group['id']}", {"op": "remove", "path": attribute["name"]})
        if attribute["required"]:
            assert error_of(response)["scimType"] in ("mutability", "invalidValue")
        else:
            assert response.status_code == 204
    assert directory.read(f"/Groups/{group['id']}")["members"] == []


def test_what_is_returned_on_request_is_shown_to_those_who_ask(directory: Directory) -> None:
    """P-10, RFC 7643 §2.2: the names of a group's members"""
    ada = directory.push("ada", displayName="Ada")["id"]
    made = directory.push_group("Engineers", members=[{"value": ada, "display": "whatever"}])
    path = f"/Groups/{made['id']}"
    members = next(each for each in _attributes(directory, GROUP) if each["name"] == "members")
    on_request = {each["name"] for each in members["subAttributes"] if each["returned"] == "request"}
    assert on_request == {"display"}
    for shown in (made, directory.read(path), directory.read("/Groups")["Resources"][0]):
        assert set(shown["members"][0]) == {"value", "$ref", "type"}
    for asked in ("members", "MEMBERS", "displayName,members", f"{GROUP}:members"):
        assert directory.listed(path, attributes=asked)["members"][0]["display"] == "Ada"
    assert directory.listed(path, attributes="members.display")["members"] == [{"display": "Ada"}]
    assert directory.listed(path, attributes="members.value")["members"] == [{"value": ada}]
    assert "display" not in directory.listed(path, excludedAttributes="externalId")["members"][0]


def test_empty_group_has_an_empty_list_unless_nobody_asks_for_it(directory: Directory) -> None:
    """P-8, P-10"""
    made = directory.push_group("Engineers", externalId="g")
    path = f"/Groups/{made['id']}"
    for shown in (made, directory.read(path), directory.listed(path, attributes="members")):
        assert shown["members"] == []
    assert "members" not in directory.listed(path, excludedAttributes="members")
    assert "members" not in directory.listed(path, attributes="displayName")
