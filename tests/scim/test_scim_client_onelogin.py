"""OneLogin's "SCIM Provisioner with SAML", whose body is a template that an administrator edits (P-8).

Source: https://scim.dev/guide/applications/onelogin and
https://www.livingsecurity.com/migration/support/configuring-scim-for-onelogin (templates in use; the first names
schemas of SCIM 1.1), and django-scim2's ``adapters.py``: "OneLogin sends a dict despite the spec" for emails. A
parameter without a value is an empty text.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.scim.directory import CORE, ENTERPRISE, Directory


@pytest.fixture
def onelogin(directory: Directory) -> Directory:
    directory.headers |= {
        "user-agent": "OneLogin SCIM Client",
        "content-type": "application/json; charset=utf-8",
    }
    return directory


def _from_template(**values: Any) -> dict[str, Any]:
    return {
        "schemas": [CORE, ENTERPRISE],
        "userName": "ada@corp.example",
        "name": {"familyName": "Lovelace", "givenName": "Ada", "formatted": ""},
        "title": "",
        "userType": "",
        "timezone": "",
        "emails": [{"value": "ada@corp.example", "type": "work", "primary": True}],
        "phoneNumbers": [{"value": "", "type": "work"}],
        "addresses": [{"locality": "", "region": "", "country": ""}],
        ENTERPRISE: {
            "organization": "",
            "division": "",
            "department": "Engines",
            "manager": {"value": "", "displayName": " "},
        },
    } | values


def test_empty_parameters_of_the_template_are_no_values(onelogin: Directory) -> None:
    """P-8, RFC 7643 §2.5"""
    made = json.loads(onelogin.post("/Users", _from_template()).content)
    assert not {"title", "userType", "timezone", "phoneNumbers", "addresses"} & set(made)
    assert made["name"] == {"familyName": "Lovelace", "givenName": "Ada"}
    assert {key: made[ENTERPRISE].get(key) for key in ("organization", "division", "department")} == {
        "organization": None,
        "division": None,
        "department": "Engines",
    }


@pytest.mark.parametrize(
    "emails",
    [
        {"value": "ada@corp.example", "type": "work", "primary": True},
        [{"value": "ada@corp.example", "type": "work", "primary": "true"}],
    ],
)
def test_emails_as_an_object_are_one_address(onelogin: Directory, emails: Any) -> None:
    """P-8: in POST, PUT and a PATCH with and without a path"""
    entry = {"value": "ada@corp.example", "type": "work", "primary": True}
    made = json.loads(onelogin.post("/Users", _from_template(emails=emails)).content)
    assert made["emails"] == [entry]
    path = f"/Users/{made['id']}"
    assert onelogin.person(made).email == "ada@corp.example"
    for answer in (
        onelogin.put(path, _from_template(emails=emails)),
        onelogin.patch(path, {"op": "replace", "path": "emails", "value": emails}),
        onelogin.patch(path, {"op": "replace", "value": {"emails": emails}}),
        onelogin.patch(path, {"op": "add", "path": "emails", "value": emails}),
    ):
        assert json.loads(answer.content)["emails"] == [entry]


def test_template_of_the_older_protocol_is_understood(onelogin: Directory) -> None:
    """P-8: what the schemas are called changes nothing about attributes that both versions have"""
    body = {
        "schemas": ["urn:scim:schemas:core:1.0"],
        "userName": "ada@corp.example",
        "name": {"givenName": "Ada", "familyName": "Lovelace", "formatted": "Ada Lovelace"},
    }
    made = json.loads(onelogin.post("/Users", body).content)
    assert made["schemas"] == [CORE]
    assert made["name"]["formatted"] == "Ada Lovelace"


def test_person_is_matched_updated_suspended_and_deleted(onelogin: Directory) -> None:
    """P-5, P-8: suspended and reactivated by PUT or PATCH, as the connector is set"""
    assert onelogin.listed("/Users", filter='userName eq "ada@corp.example"')["totalResults"] == 0
    made = json.loads(onelogin.post("/Users", _from_template()).content)
    path = f"/Users/{made['id']}"
    assert onelogin.listed("/Users", filter='userName eq "ada@corp.example"')["totalResults"] == 1
    assert json.loads(onelogin.put(path, _from_template(title="Analyst")).content)["title"] == "Analyst"
    assert "title" not in json.loads(onelogin.put(path, _from_template()).content)
    assert json.loads(onelogin.put(path, _from_template(active=False)).content)["active"] is False
    on = onelogin.patch(path, {"op": "replace", "path": "active", "value": True})
    assert json.loads(on.content)["active"] is True
    assert onelogin.delete(path).status_code == 204


def test_groups_are_read_and_members_changed_by_patch(onelogin: Directory) -> None:
    """P-8, P-12: rules in OneLogin list the groups that are there, then add and remove by member"""
    ada = onelogin.push("ada@corp.example")["id"]
    group = onelogin.push_group("Engineers")
    assert onelogin.listed("/Groups", startIndex=1, count=100)["Resources"] == [group]
    path = f"/Groups/{group['id']}"
    assert onelogin.patch(path, {"op": "add", "path": "members", "value": {"value": ada}}).status_code == 204
    assert [each["value"] for each in onelogin.read(path)["members"]] == [ada]
    gone = {"op": "remove", "path": f'members[value eq "{ada}"]'}
    assert onelogin.patch(path, gone).status_code == 204
    assert onelogin.read(path)["members"] == []
