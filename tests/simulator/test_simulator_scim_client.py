"""The SCIM client speaks as the provisioning services of Entra and Okta do, here to a recording server."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from simulator.config import Person
from simulator.scim_client import ScimPusher

if TYPE_CHECKING:
    from tests.simulator.conftest import Recorder

PERSON = Person(
    id="a1c3e5f7-0001-4a00-8000-00000000a001",
    user_name="mia@acme.example",
    email="mia@acme.example",
    given_name="Mia",
    family_name="Keller",
    display_name="Mia Keller",
    enterprise={"department": "Engineering"},
)
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


def test_entra_looks_the_person_up_and_creates_them(server: Recorder) -> None:  # P-8
    resource = ScimPusher(server.base_url, "tok", "entra").create(PERSON)
    lookup, create = server.seen
    assert lookup.query == {"filter": 'userName eq "mia@acme.example"'}
    assert create.headers["Content-Type"] == "application/scim+json; charset=utf-8"
    assert create.headers["Authorization"] == "Bearer tok"
    assert create.body["schemas"] == ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE]
    assert create.body["externalId"] == PERSON.id
    assert create.body["roles"] == []
    assert create.body["meta"] == {"resourceType": "User"}
    assert create.body["active"] is True
    assert create.body["name"] == {"formatted": "Mia Keller", "familyName": "Keller", "givenName": "Mia"}
    assert create.body["emails"] == [{"primary": True, "type": "work", "value": "mia@acme.example"}]
    assert create.body[ENTERPRISE] == {"department": "Engineering"}
    assert "password" not in create.body
    assert resource["id"] == "new-id"


def test_entra_leaves_out_what_the_directory_does_not_hold(server: Recorder) -> None:
    ScimPusher(server.base_url, "tok", "entra").create(Person(id="x", user_name="omar@acme.example"))
    assert not {"emails", "name", "displayName", ENTERPRISE} & set(server.seen[-1].body)


def test_okta_looks_the_person_up_with_paging_and_creates_them(server: Recorder) -> None:  # P-8, P-9
    ScimPusher(server.base_url, "tok", "okta").create(PERSON)
    lookup, create = server.seen
    assert lookup.query == {"filter": 'userName eq "mia@acme.example"', "startIndex": "1", "count": "100"}
    assert {each.headers["User-Agent"] for each in server.seen} == {"Okta SCIM Client 1.0.0"}
    assert create.headers["Content-Type"] == "application/scim+json"
    assert create.body["groups"] == []
    assert create.body["locale"] == "en-US"
    assert len(create.body["password"]) >= 12
    ScimPusher(server.base_url, "tok", "okta", send_password=False).create(PERSON)
    assert "password" not in server.seen[-1].body


def test_create_of_a_known_person_updates_them_instead(server: Recorder) -> None:
    server.users = [server.person(active=False, displayName="Old")]
    ScimPusher(server.base_url, "tok", "entra").create(PERSON)
    assert server.writes() == [("PATCH", "/scim/Users/u-1")] * 2
    bodies = [each.body["Operations"] for each in server.seen if each.method == "PATCH"]
    assert bodies[0] == [{"op": "Replace", "path": "active", "value": "True"}]
    assert bodies[1] == [{"op": "Replace", "path": "displayName", "value": "Mia Keller"}]


def test_entra_patches_only_what_changed(server: Recorder) -> None:  # P-8
    server.users = [server.person(emails=[], name={"givenName": "Maja", "familyName": "Keller"})]
    server.users[0][ENTERPRISE] = {"department": "Sales"}
    ScimPusher(server.base_url, "tok", "entra").update(replace(PERSON, display_name=None))
    assert server.operations() == [
        {"op": "Remove", "path": "displayName"},
        {"op": "Add", "path": 'emails[type eq "work"].value', "value": "mia@acme.example"},
        {"op": "Replace", "path": "name.givenName", "value": "Mia"},
        {"op": "Replace", "path": f"{ENTERPRISE}:department", "value": "Engineering"},
    ]


def test_entra_sends_nothing_when_nothing_changed(server: Recorder) -> None:
    server.users = [server.person()]
    assert ScimPusher(server.base_url, "tok", "entra").update(PERSON)["id"] == "u-1"
    assert server.writes() == []


def test_entra_with_the_flag_joins_plain_attributes_and_uses_lower_case(server: Recorder) -> None:
    server.users = [server.person(displayName="x", name={"givenName": "y", "familyName": "Keller"})]
    server.users[0]["emails"] = [{"type": "work", "value": "old@acme.example"}]
    ScimPusher(server.base_url, "tok", "entra", compliant=True).update(PERSON)
    assert server.operations() == [
        {"op": "replace", "path": 'emails[type eq "work"].value', "value": "mia@acme.example"},
        {"op": "replace", "value": {"displayName": "Mia Keller", "name.givenName": "Mia"}},
    ]


@pytest.mark.parametrize(
    ("options", "off", "on"),
    [
        (
            {"dialect": "entra"},
            [{"op": "Replace", "path": "active", "value": "False"}],
            [{"op": "Replace", "path": "active", "value": "True"}],
        ),
        (
            {"dialect": "entra", "compliant": True},
            [{"op": "replace", "path": "active", "value": False}],
            [{"op": "replace", "path": "active", "value": True}],
        ),
        (
            {"dialect": "okta"},
            [{"op": "replace", "value": {"active": False}}],
            [{"op": "replace", "value": {"active": True}}],
        ),
    ],
)
def test_deactivation_and_reactivation_in_each_dialect(
    server: Recorder, options: dict[str, Any], off: list[object], on: list[object]
) -> None:  # P-5
    server.users = [server.person()]
    pusher = ScimPusher(server.base_url, "tok", **options)
    pusher.deactivate(PERSON)
    assert server.operations() == off
    pusher.reactivate(PERSON)
    assert server.operations() == on


def test_okta_wizard_app_deactivates_by_get_and_put(server: Recorder) -> None:  # P-5
    server.users = [server.person()]
    ScimPusher(server.base_url, "tok", "okta", okta_app="aiw").deactivate(PERSON)
    assert [each.method for each in server.seen] == ["GET", "GET", "PUT"]
    assert server.seen[-1].body == server.person(active=False)


def test_okta_updates_by_get_and_put_with_everything_echoed(server: Recorder) -> None:  # P-9
    server.users = [server.person(displayName="Old", emails=[], groups=[])]
    ScimPusher(server.base_url, "tok", "okta").update(PERSON)
    body = server.seen[-1].body
    assert server.seen[-1].method == "PUT"
    assert body["id"] == "u-1"
    assert body["meta"] == {"resourceType": "User"}
    assert body["displayName"] == "Mia Keller"
    assert body["emails"] == [{"primary": True, "value": "mia@acme.example", "type": "work"}]
    assert "password" not in body


@pytest.mark.parametrize("dialect", ["entra", "okta"])
def test_delete_goes_to_the_looked_up_id(server: Recorder, dialect: str) -> None:  # P-5
    server.users = [server.person(id="a/b c")]
    ScimPusher(server.base_url, "tok", dialect).delete(PERSON)
    assert server.writes() == [("DELETE", "/scim/Users/a%2Fb%20c")]


@pytest.mark.parametrize("dialect", ["entra", "okta"])
def test_renamed_person_is_found_by_the_old_name(server: Recorder, dialect: str) -> None:  # J-11
    server.users = [server.person()]
    renamed = replace(PERSON, user_name="mia.new@acme.example")
    ScimPusher(server.base_url, "tok", dialect).update(renamed, known_as="mia@acme.example")
    assert [each.query["filter"] for each in server.seen[:2]] == [
        'userName eq "mia.new@acme.example"',
        'userName eq "mia@acme.example"',
    ]
    if dialect == "okta":
        assert (server.seen[-1].method, server.seen[-1].body["userName"]) == ("PUT", "mia.new@acme.example")
    else:
        expected = {"op": "Replace", "path": "userName", "value": "mia.new@acme.example"}
        assert server.operations() == [expected]


@pytest.mark.parametrize("dialect", ["entra", "okta"])
def test_connection_test_only_reads(server: Recorder, dialect: str) -> None:  # P-8
    ScimPusher(server.base_url, "tok", dialect).test_connection()
    assert [each.path for each in server.seen] == ["/scim/Users", "/scim/Groups"]
    assert server.writes() == []
