"""A directory creates people (P-4, P-9, P-11)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from accounts.models import Status
from audit.models import AuditEvent
from tests.scim.directory import CORE, ENTERPRISE, Directory, error_of


def test_pushed_person_is_pending_without_a_password_and_looks_active_to_the_directory(
    directory: Directory,
) -> None:
    """P-4, V-12"""
    shown = directory.push("Ada@Corp.example", externalId="a-1", active=True)
    person = directory.person(shown)
    assert person.status is Status.PENDING
    assert not person.has_usable_password()
    assert shown["active"] is True
    assert shown["userName"] == "Ada@Corp.example"
    assert directory.read(f"/Users/{shown['id']}") == shown


def test_contact_details_reach_the_columns_that_the_product_reads(directory: Directory) -> None:
    """P-4, J-3"""
    shown = directory.push(
        "ada",
        name={"givenName": "Ada", "familyName": "Lovelace", "middleName": "King"},
        displayName="Ada L.",
        emails=[
            {"value": "home@ada.example", "type": "home"},
            {"value": "Ada@corp.example", "type": "work", "primary": True},
        ],
        phoneNumbers=[{"value": "+49 30 1234", "type": "mobile"}],
        timezone="Europe/Berlin",
        preferredLanguage="de-DE,de;q=0.8",
    )
    person = directory.person(shown)
    assert (person.given_name, person.family_name, person.display_name) == ("Ada", "Lovelace", "Ada L.")
    assert (person.email, person.phone) == ("Ada@corp.example", "+49 30 1234")
    assert (person.timezone, person.language) == ("Europe/Berlin", "de")
    assert shown["name"] == {"givenName": "Ada", "familyName": "Lovelace", "middleName": "King"}


def test_unknown_time_zone_is_kept_for_the_directory_only(directory: Directory) -> None:
    """J-8"""
    shown = directory.push("ada", timezone="Mars/Olympus")
    assert directory.person(shown).timezone == ""
    assert shown["timezone"] == "Mars/Olympus"


FULL: dict[str, Any] = {
    "nickName": "Countess",
    "profileUrl": "https://people.example/ada",
    "title": "Analyst",
    "userType": "Employee",
    "locale": "en-GB",
    "ims": [{"value": "ada@chat", "type": "xmpp"}],
    "photos": [{"value": "https://people.example/ada.jpg", "type": "photo"}],
    "addresses": [{"type": "work", "streetAddress": "12 St James Square", "country": "GB", "primary": True}],
    "entitlements": [{"value": "engine"}],
    "roles": [{"value": "pioneer", "display": "Pioneer"}],
    "x509Certificates": [{"value": "MIIB"}],
}


def test_every_core_attribute_is_kept_and_returned(directory: Directory) -> None:
    """P-11"""
    shown = directory.push("ada", **FULL)
    assert {key: shown[key] for key in FULL} == FULL


def test_enterprise_attributes_are_kept_and_returned(directory: Directory) -> None:
    """P-11"""
    values = {
        "employeeNumber": "77",
        "department": "Engines",
        "manager": {"value": "b-1", "displayName": "Babbage"},
    }
    shown = directory.push("ada", **{ENTERPRISE: values})
    assert shown[ENTERPRISE] == values
    assert shown["schemas"] == [CORE, ENTERPRISE]


def test_attributes_of_an_extension_nobody_declared_are_kept_and_returned(directory: Directory) -> None:
    """P-9"""
    urn = "urn:vendor:params:scim:schemas:extension:badge:2.0:User"
    shown = directory.push(
        "ada", **{urn: {"colour": "red", "floors": [1, 2], "badgePassword": "x", "none": None}}
    )
    assert shown[urn] == {"colour": "red", "floors": [1, 2]}
    assert urn in shown["schemas"]


def test_roles_sent_by_the_directory_give_no_access(directory: Directory) -> None:
    """V-8"""
    shown = directory.push("ada", roles=["Account Admin", {"value": "SSO Account Admin"}])
    assert not directory.person(shown).account_role_memberships.exists()
    assert shown["roles"] == [{"value": "Account Admin"}, {"value": "SSO Account Admin"}]


def test_password_and_read_only_attributes_are_ignored(directory: Directory) -> None:
    """P-9"""
    shown = directory.push(
        "ada",
        password="Tr0ub4dor&3x",
        id="mine",
        meta={"version": "9"},
        groups=[{"value": "x"}],
        schemas=[CORE],
    )
    assert "password" not in shown
    assert shown["id"] != "mine"
    assert "groups" not in shown
    assert not directory.person(shown).has_usable_password()
    assert "Tr0ub4dor" not in json.dumps(list(AuditEvent.objects.values_list("changes", "message")))


def test_names_are_understood_in_any_case_and_spelling(directory: Directory) -> None:
    """P-9, RFC 7643 §2.1"""
    shown = directory.push(
        "ada",
        NAME={"givenname": "Ada"},
        **{"name.familyName": "Lovelace", f"{CORE}:title": "Analyst", f"{ENTERPRISE}:department": "Engines"},
    )
    assert shown["name"] == {"givenName": "Ada", "familyName": "Lovelace"}
    assert shown["title"] == "Analyst"
    assert shown[ENTERPRISE] == {"department": "Engines"}


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (
            {"emails": {"value": "a@b.example", "primary": "True"}},
            [{"value": "a@b.example", "primary": True}],
        ),
        ({"emails": "a@b.example"}, [{"value": "a@b.example"}]),
        ({"emails": ["a@b.example"]}, [{"value": "a@b.example"}]),
        ({"emails": [{"value": "", "type": "work"}]}, None),
        ({"emails": [None, {}]}, None),
        ({"emails": None}, None),
        ({"emails": []}, None),
    ],
)
def test_every_clients_way_of_sending_an_address_is_understood(
    directory: Directory, sent: dict[str, Any], kept: Any
) -> None:
    """P-8: OneLogin sends an object, others a text or empty values; none is invented"""
    assert directory.push("ada", **sent).get("emails") == kept


def test_manager_as_a_bare_text_is_understood(directory: Directory) -> None:
    """P-8: Entra"""
    assert directory.push("ada", **{ENTERPRISE: {"manager": "b-1"}})[ENTERPRISE]["manager"] == {
        "value": "b-1"
    }


def test_empty_texts_and_nulls_mean_no_value(directory: Directory) -> None:
    """P-8"""
    shown = directory.push(
        "ada", title="", nickName=None, name={"givenName": "", "familyName": None}, active=None
    )
    assert not {"title", "nickName", "name"} & set(shown)
    assert shown["active"] is True


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"userName": ""},
        {"userName": "   "},
        {"userName": None},
        {"userName": ["ada"]},
        {"userName": {"value": "ada"}},
        {"userName": True},
        {"userName": "x" * 300},
        {"userName": "ada", "active": "maybe"},
        {"userName": "ada", "active": 1},
        {"userName": "ada", "name": "Ada"},
        {"userName": "ada", "displayName": ["Ada"]},
        {"userName": "ada", "displayName": "x" * 400},
        {"userName": "ada", "emails": [{"value": "x" * 300}]},
        {"userName": "ada", "title": "x" * 300},
        {"userName": "ada", "emails": [{"value": "a", "primary": True}, {"value": "b", "primary": True}]},
        {"userName": "ada", "emails": [{"value": f"{n}@x.example"} for n in range(101)]},
        {"userName": "\ufdfa" * 200},
    ],
)
def test_values_that_do_not_fit_are_refused_by_name_and_nothing_is_created(
    directory: Directory, body: dict[str, Any]
) -> None:
    """P-8"""
    response = directory.post("/Users", body)
    assert response.status_code == 400
    assert error_of(response)["scimType"] == "invalidValue"
    assert directory.read("/Users")["totalResults"] == 0


def test_user_name_is_unique_without_case_and_the_conflict_says_so(directory: Directory) -> None:
    """P-8"""
    directory.push("ada@corp.example")
    response = directory.post("/Users", {"userName": "ADA@corp.EXAMPLE"})
    assert response.status_code == 409
    body = error_of(response)
    assert body["scimType"] == "uniqueness"
    assert "user name" in body["detail"]
    assert AuditEvent.objects.filter(reason="user.name_taken").exists()


def test_creation_is_audited_with_what_was_pushed(directory: Directory) -> None:
    """A-4"""
    shown = directory.push("ada", displayName="Ada", title="Analyst")
    event = AuditEvent.objects.get(object_id=shown["id"], action="user.created")
    assert event.actor_kind == "scim"
    assert event.account_id == directory.account.pk
    assert event.changes["display_name"] == [None, "Ada"]
    assert event.changes["title"] == [None, "Analyst"]
    assert "phone" not in event.changes


def test_location_and_version_come_with_the_answer(directory: Directory) -> None:
    """P-10"""
    response = directory.post("/Users", {"userName": "ada"})
    shown = json.loads(response.content)
    assert response.headers["Location"] == shown["meta"]["location"]
    assert response.headers["ETag"] == shown["meta"]["version"]
    assert shown["meta"]["resourceType"] == "User"
