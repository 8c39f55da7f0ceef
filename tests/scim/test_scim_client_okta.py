"""Okta's two kinds of app, request for request (P-8).

Source: https://developer.okta.com/docs/api/openapi/okta-scim/guides/scim-20/ and Okta's own test suite for SCIM servers
(https://github.com/joelfranusic-okta/okta-scim-beta). Apps of the App Integration Wizard (AIW) write people by PUT
only; apps of the Okta Integration Network (OIN) deactivate by a PATCH without a path. Both import in pages of 100.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from accounts.models import User
from scim.models import RequestLogEntry
from scim.request_log import flush
from tests.scim.directory import CORE, ENTERPRISE, Directory, error_of

HEADERS = {"user-agent": "Okta SCIM Client 1.0.0", "accept": "application/scim+json"}
NOBODY = "01890000-0000-7000-8000-000000000000"


@pytest.fixture
def okta(directory: Directory) -> Directory:
    directory.headers |= HEADERS | {"content-type": "application/scim+json; charset=utf-8"}
    return directory


def _new(user_name: str = "ada@corp.example") -> dict[str, Any]:
    return {
        "schemas": [CORE],
        "userName": user_name,
        "name": {"givenName": "Ada", "familyName": "Lovelace"},
        "emails": [{"primary": True, "value": user_name, "type": "work"}],
        "displayName": "Ada Lovelace",
        "locale": "en-US",
        "externalId": "00u1a2b3c4d5",
        "groups": [],
        "password": "1mz050nq",
        "active": True,
    }


def _by_name(okta: Directory, user_name: str) -> Any:
    return okta.listed("/Users", filter=f'userName eq "{user_name}"', startIndex=1, count=100)


def test_test_of_the_credentials_succeeds_also_with_nobody_there(okta: Directory) -> None:
    """P-8"""
    for path in ("/Users?count=2&startIndex=1", "/Groups?count=100&startIndex=1"):
        found = okta.read(path)
        assert (found["totalResults"], found["startIndex"], found["Resources"]) == (0, 1, [])
    assert error_of(okta.get(f"/Users/{NOBODY}"))["status"] == "404"
    assert okta.get("/Users", authorization="non-token").status_code == 401


def test_aiw_app_matches_creates_updates_and_deactivates_by_put(okta: Directory) -> None:
    """P-4, P-5, P-8: read, change, put back what was read, with everything read-only in it"""
    assert _by_name(okta, "ada@corp.example")["totalResults"] == 0
    made = json.loads(okta.post("/Users", _new()).content)
    assert "password" not in made
    assert not User.objects.get(pk=made["id"]).has_usable_password()
    assert _by_name(okta, "ADA@corp.example")["Resources"] == [made]

    read = okta.read(f"/Users/{made['id']}")
    changed = read | {"name": read["name"] | {"familyName": "King"}, "displayName": "Ada King"}
    shown = json.loads(okta.put(f"/Users/{made['id']}", changed).content)
    assert shown["name"] == {"givenName": "Ada", "familyName": "King"}
    assert shown["emails"] == made["emails"]

    off = okta.put(f"/Users/{made['id']}", okta.read(f"/Users/{made['id']}") | {"active": False})
    assert json.loads(off.content)["active"] is False
    on = okta.put(f"/Users/{made['id']}", okta.read(f"/Users/{made['id']}") | {"active": True})
    assert json.loads(on.content) | {"meta": None} == shown | {"meta": None}


def test_aiw_app_that_leaves_attributes_out_takes_nothing_away(okta: Directory) -> None:
    """P-8: its profile has no title and no enterprise attributes, which another app gave"""
    made = okta.push("ada@corp.example", title="Analyst", **{ENTERPRISE: {"department": "Engines"}})
    shown = json.loads(okta.put(f"/Users/{made['id']}", _new()).content)
    assert (shown["title"], shown[ENTERPRISE]) == ("Analyst", {"department": "Engines"})


def test_second_creation_is_a_conflict_that_says_so(okta: Directory) -> None:
    """P-8: Okta shows the detail to its administrator"""
    assert okta.post("/Users", _new()).status_code == 201
    again = okta.post("/Users", _new() | {"externalId": "00u-other"})
    assert again.status_code == 409
    assert error_of(again)["scimType"] == "uniqueness"


def test_oin_app_deactivates_and_comes_back_without_a_path(okta: Directory) -> None:
    """P-5, P-8"""
    made = json.loads(okta.post("/Users", _new()).content)
    for active in (False, True):
        answer = okta.patch(f"/Users/{made['id']}", {"op": "replace", "value": {"active": active}})
        assert (answer.status_code, json.loads(answer.content)["active"]) == (200, active)
    password = okta.patch(f"/Users/{made['id']}", {"op": "replace", "value": {"password": "new-Pass-1"}})
    assert password.status_code == 200
    assert not User.objects.get(pk=made["id"]).has_usable_password()


def test_import_walks_pages_of_100_until_the_total_is_read(okta: Directory) -> None:
    """P-8, P-10"""
    for number in range(103):
        okta.push(f"u{number}@corp.example")
    seen, start = [], 1
    while True:
        page = okta.read(f"/Users?startIndex={start}&count=100")
        seen += [each["id"] for each in page["Resources"]]
        start += page["itemsPerPage"]
        if start > page["totalResults"]:
            break
    assert (len(seen), len(set(seen))) == (103, 103)


def test_group_push_creates_renames_fills_and_deletes(okta: Directory) -> None:
    """P-8, P-12: the members carry their names, replace writes the whole list, "push now" of nobody an empty one"""
    ada, bob = okta.push("ada@corp.example"), okta.push("bob@corp.example")
    urn = "urn:ietf:params:scim:schemas:core:2.0:Group"
    made = json.loads(
        okta.post("/Groups", {"schemas": [urn], "displayName": "Engineers", "members": []}).content
    )
    assert made["members"] == []
    path = f"/Groups/{made['id']}"
    found = okta.listed("/Groups", filter='displayName eq "Engineers"', startIndex=1, count=100)
    assert found["totalResults"] == 1

    refs = [{"value": each["id"], "display": each["userName"]} for each in (ada, bob)]
    rename = {"op": "replace", "value": {"id": made["id"], "displayName": "Makers"}}
    for operations, members in (
        ([{"op": "add", "path": "members", "value": refs[:1]}], {ada["id"]}),
        ([{"op": "replace", "path": "members", "value": refs}], {ada["id"], bob["id"]}),
        ([rename], {ada["id"], bob["id"]}),
        ([{"op": "remove", "path": f'members[value eq "{ada["id"]}"]'}], {bob["id"]}),
        ([{"op": "replace", "path": "members", "value": []}], set()),
    ):
        assert okta.patch(path, *operations).status_code == 204
        assert {each["value"] for each in okta.read(path)["members"]} == members
    assert okta.read(path)["displayName"] == "Makers"

    body = {"schemas": [urn], "id": made["id"], "displayName": "Makers", "members": refs[1:]}
    shown = json.loads(okta.put(path, body).content)
    assert [each["value"] for each in shown["members"]] == [bob["id"]]
    assert okta.delete(path).status_code == 204
    assert okta.get(path).status_code == 404


def test_custom_attributes_of_an_okta_app_are_kept_under_their_own_schema(okta: Directory) -> None:
    """P-9: the app's profile names a schema that this server never heard of"""
    urn = "urn:okta:custom_app_1:1.0:user:custom"
    made = json.loads(okta.post("/Users", _new() | {urn: {"departmentCode": "E1"}}).content)
    assert made[urn] == {"departmentCode": "E1"}
    assert urn in made["schemas"]
    again = json.loads(okta.put(f"/Users/{made['id']}", made | {urn: {"departmentCode": ""}}).content)
    assert again.get(urn, {}).get("departmentCode") in (None, "")


def test_inspector_names_okta(okta: Directory) -> None:
    """A-6"""
    okta.read("/Users?count=2&startIndex=1")
    flush()
    assert RequestLogEntry.objects.get().dialect == "okta"
