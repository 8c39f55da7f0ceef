"""Keycloak with a SCIM client extension: everything by PUT, with the meta and lists that its library makes (P-8).

Source: https://github.com/mitodl/keycloak-scim, ``src/main/java/sh/libre/scim/core/`` (``ScimClient``, ``UserAdapter``,
``GroupAdapter``): POST, PUT, DELETE and a search; ``meta.location`` is relative; ``roles`` and ``emails`` are lists,
also empty; a member has ``value`` and a relative ``$ref``. A group without members is sent without the attribute.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.scim.directory import CORE, Directory

GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"


@pytest.fixture
def keycloak(directory: Directory) -> Directory:
    directory.headers |= {"user-agent": "Keycloak", "accept": "application/scim+json,application/json"}
    return directory


def _body(name: str, *, scim_id: str | None = None, **changes: Any) -> dict[str, Any]:
    body: dict[str, Any] = {
        "schemas": [CORE],
        "externalId": f"kc-{name}",
        "userName": name,
        "displayName": name.title(),
        "emails": [{"value": f"{name}@corp.example", "primary": True}],
        "active": True,
        "roles": [{"value": "offline_access"}, {"value": "viewer"}],
    }
    if scim_id is not None:
        body |= {"id": scim_id, "meta": {"location": f"Users/{scim_id}"}}
    return body | changes


@pytest.mark.parametrize("content_type", ["application/scim+json", "application/json"])
def test_person_is_made_replaced_and_deleted(keycloak: Directory, content_type: str) -> None:
    """P-8, P-9: the extension lets its administrator choose the media type"""
    keycloak.headers["content-type"] = content_type
    made = json.loads(keycloak.post("/Users", _body("ada")).content)
    assert made["roles"] == [{"value": "offline_access"}, {"value": "viewer"}]
    body = _body("ada", scim_id=made["id"], active=False, roles=[], displayName="Ada L.")
    shown = json.loads(keycloak.put(f"/Users/{made['id']}", body).content)
    assert (shown["id"], shown["active"], shown["displayName"]) == (made["id"], False, "Ada L.")
    assert "roles" not in shown
    assert shown["meta"]["location"] == made["meta"]["location"]
    assert keycloak.delete(f"/Users/{made['id']}").status_code == 204


def test_person_without_an_address_sends_an_empty_list(keycloak: Directory) -> None:
    """P-8"""
    made = json.loads(keycloak.post("/Users", _body("ada", emails=[])).content)
    assert "emails" not in made
    assert keycloak.person(made).email == ""


def test_import_reads_everybody(keycloak: Directory) -> None:
    """P-10: a search with neither filter nor page, by GET and by POST"""
    keycloak.post("/Users", _body("ada"))
    found = keycloak.read("/Users")
    searched = keycloak.post(
        "/Users/.search", {"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"]}
    )
    assert json.loads(searched.content) == found
    assert [each["userName"] for each in found["Resources"]] == ["ada"]


def test_group_is_made_filled_and_renamed_by_put(keycloak: Directory) -> None:
    """P-8, P-12; design rule 5: a list that is left out is not an empty one, so its last member stays until removed"""
    ada, bob = (json.loads(keycloak.post("/Users", _body(name)).content)["id"] for name in ("ada", "bob"))

    def group(members: list[str], name: str = "engineers") -> dict[str, Any]:
        refs = [{"value": key, "$ref": f"Users/{key}"} for key in members]
        return {"schemas": [GROUP], "externalId": "kc-g", "displayName": name} | (
            {"members": refs} if refs else {}
        )

    made = json.loads(keycloak.post("/Groups", group([ada])).content)
    path = f"/Groups/{made['id']}"
    own = {"id": made["id"], "meta": {"location": f"Groups/{made['id']}"}}
    for body, members in (
        (group([ada, bob]), {ada, bob}),
        (group([bob], "makers"), {bob}),
        (group([], "makers"), {bob}),
    ):
        shown = json.loads(keycloak.put(path, body | own).content)
        assert {each["value"] for each in shown["members"]} == members
        assert shown["displayName"] == body["displayName"]
