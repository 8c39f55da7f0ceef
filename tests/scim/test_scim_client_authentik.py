"""authentik's SCIM provider, request for request (P-8).

Source: https://github.com/goauthentik/authentik, ``authentik/providers/scim/clients/`` (``base.py``, ``users.py``,
``groups.py``). It reads /ServiceProviderConfig first and falls back to PUT without filters when that doesn't suit it;
writes people by PUT; groups by PATCH with one operation for each member, in portions of ``bulk.maxOperations``; and
compares the members that it reads with its own, which it does only where the answer has a list of them.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.scim.directory import CORE, Directory, error_of

GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"


@pytest.fixture
def authentik(directory: Directory) -> Directory:
    directory.headers |= {"user-agent": "authentik@2026.8.0", "content-type": "application/json"}
    return directory


def _person(authentik: Directory, name: str) -> Any:
    body = {
        "schemas": [CORE],
        "externalId": f"uid-{name}",
        "userName": name,
        "name": {"formatted": name, "givenName": name, "familyName": " "},
        "displayName": name,
        "photos": [],
        "locale": "en",
        "active": True,
        "emails": [{"value": f"{name}@corp.example", "type": "other", "primary": True}],
    }
    response = authentik.post("/Users", body)
    assert response.status_code == 201, response.content
    return json.loads(response.content)


def _members(authentik: Directory, group: Any) -> set[str]:
    shown = authentik.read(f"/Groups/{group['id']}")
    assert shown["members"] is not None
    return {each["value"] for each in shown["members"]}


def test_configuration_is_of_the_form_that_it_validates(authentik: Directory) -> None:
    """P-8, P-10: else it would treat this server as one without PATCH and filters"""
    config = authentik.read("/ServiceProviderConfig")
    for name in ("patch", "filter", "changePassword", "sort"):
        assert isinstance(config[name]["supported"], bool)
    assert (config["patch"]["supported"], config["filter"]["supported"]) == (True, True)
    assert isinstance(config["bulk"]["maxOperations"], int)
    assert all({"type", "name", "description"} <= set(each) for each in config["authenticationSchemes"])


def test_person_is_made_replaced_and_deleted(authentik: Directory) -> None:
    """P-8: a PUT carries the id and no meta"""
    made = _person(authentik, "ada")
    body = {"schemas": [CORE], "id": made["id"], "userName": "ada", "displayName": "Ada", "active": False}
    shown = json.loads(authentik.put(f"/Users/{made['id']}", body).content)
    assert (shown["id"], shown["displayName"], shown["active"]) == (made["id"], "Ada", False)
    assert (shown["externalId"], shown["emails"]) == (made["externalId"], made["emails"])
    assert authentik.delete(f"/Users/{made['id']}").status_code == 204


def test_conflict_leads_to_the_person_that_is_there(authentik: Directory) -> None:
    """P-8: whoever was refused finds the one who is in the way by the same name"""
    made = _person(authentik, "ada")
    conflict = authentik.post("/Users", {"schemas": [CORE], "userName": "ada", "externalId": "other"})
    assert conflict.status_code == 409
    assert int(error_of(conflict)["status"]) == 409
    assert authentik.listed("/Users", filter='userName eq "ada"')["Resources"] == [made]


def test_empty_group_shows_an_empty_list_to_which_members_are_added(authentik: Directory) -> None:
    """P-8: without the list it would believe that nobody is missing"""
    people = [_person(authentik, name)["id"] for name in ("ada", "bob", "carl")]
    body = {"schemas": [GROUP], "displayName": "Engineers", "externalId": "pk-1"}
    group = json.loads(authentik.post("/Groups", body).content)
    assert group["members"] == []
    assert _members(authentik, group) == set()
    add = [{"op": "add", "path": "members", "value": [{"value": key}]} for key in people]
    assert authentik.patch(f"/Groups/{group['id']}", *add).status_code == 204
    assert _members(authentik, group) == set(people)
    swap = [
        {"op": "remove", "path": "members", "value": [{"value": people[0]}]},
        {"op": "remove", "path": "members", "value": [{"value": people[1]}]},
    ]
    assert authentik.patch(f"/Groups/{group['id']}", *swap).status_code == 204
    assert _members(authentik, group) == {people[2]}


def test_group_is_renamed_by_a_patch_of_the_whole_resource(authentik: Directory) -> None:
    """P-8, P-9: no path, and id, schemas and externalId among the values"""
    ada = _person(authentik, "ada")["id"]
    group = authentik.push_group("Engineers", externalId="pk-1", members=[{"value": ada}])
    value = {"schemas": [GROUP], "id": group["id"], "displayName": "Makers", "externalId": "pk-1"}
    assert authentik.patch(f"/Groups/{group['id']}", {"op": "replace", "value": value}).status_code == 204
    shown = authentik.read(f"/Groups/{group['id']}")
    assert (shown["displayName"], shown["externalId"]) == ("Makers", "pk-1")
    assert _members(authentik, group) == {ada}


def test_taken_group_name_leads_to_the_group_that_is_there(authentik: Directory) -> None:
    """P-8"""
    group = authentik.push_group("Engineers", externalId="pk-1")
    conflict = authentik.post(
        "/Groups", {"schemas": [GROUP], "displayName": "Engineers", "externalId": "pk-2"}
    )
    assert conflict.status_code == 409
    assert authentik.listed("/Groups", filter='displayName eq "Engineers"')["Resources"] == [group]


def test_discovery_reads_on_where_a_page_ended(authentik: Directory) -> None:
    """P-10: only startIndex, no count"""
    made = {authentik.push_group(f"g{number}")["id"] for number in range(102)}
    page = authentik.read("/Groups")
    seen = [each["id"] for each in page["Resources"]]
    while len(seen) < page["totalResults"]:
        page = authentik.listed("/Groups", startIndex=len(seen) + 1)
        assert page["Resources"]
        seen += [each["id"] for each in page["Resources"]]
    assert (len(seen), set(seen)) == (102, made)
