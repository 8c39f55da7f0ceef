"""PUT, as Okta's older apps send it: the person read before, with changes (P-8, P-9)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.scim.directory import ENTERPRISE, Directory, error_of


@pytest.fixture
def ada(directory: Directory) -> Any:
    return directory.push(
        "ada",
        externalId="a-1",
        displayName="Ada",
        name={"givenName": "Ada", "familyName": "Lovelace"},
        title="Analyst",
        emails=[{"value": "ada@corp.example", "type": "work", "primary": True}],
        **{ENTERPRISE: {"department": "Engines"}},
    )


def test_what_was_read_can_be_sent_back_unchanged(directory: Directory, ada: Any) -> None:
    """P-9: echoed read-only attributes are no-ops"""
    response = directory.put(f"/Users/{ada['id']}", ada | {"password": "x", "groups": []})
    assert response.status_code == 200
    assert json.loads(response.content) == ada


def test_given_values_replace_the_old_ones_as_a_whole(directory: Directory, ada: Any) -> None:
    """P-8, RFC 7644 §3.5.1"""
    body = {
        "userName": "ada",
        "name": {"givenName": "Augusta"},
        "emails": [{"value": "n@corp.example"}],
        "title": None,
    }
    response = directory.put(f"/Users/{ada['id']}", body)
    shown = json.loads(response.content)
    assert shown["name"] == {"givenName": "Augusta"}
    assert shown["emails"] == [{"value": "n@corp.example"}]
    assert "title" not in shown
    assert directory.person(ada).family_name == ""


def test_absent_is_not_empty(directory: Directory, ada: Any) -> None:
    """Design rule 5; RFC 7644 §3.5.1 lets a server take what is left out for not asserted"""
    response = directory.put(f"/Users/{ada['id']}", {"userName": "ada2", "active": False})
    shown = json.loads(response.content)
    assert (shown["userName"], shown["active"]) == ("ada2", False)
    for key in ("externalId", "displayName", "title", "emails", "name", ENTERPRISE):
        assert shown[key] == ada[key]
    response = directory.put(f"/Users/{ada['id']}", {"userName": "ada2"})
    assert json.loads(response.content)["active"] is False


def test_person_without_a_user_name_is_refused(directory: Directory, ada: Any) -> None:
    """P-8"""
    assert error_of(directory.put(f"/Users/{ada['id']}", {"userName": " "}))["scimType"] == "invalidValue"
    assert directory.read(f"/Users/{ada['id']}") == ada


def test_put_never_creates(directory: Directory) -> None:
    """P-8"""
    response = directory.put("/Users/01890000-0000-7000-8000-000000000000", {"userName": "ada"})
    assert error_of(response)["status"] == "404"
    assert directory.read("/Users")["totalResults"] == 0
