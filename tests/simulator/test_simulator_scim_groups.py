"""The SCIM client with groups, and what it does when the server refuses or is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from simulator.config import DirectoryGroup, Person
from simulator.scim_client import NotProvisioned, ScimFailure, ScimPusher

if TYPE_CHECKING:
    from tests.simulator.conftest import Recorder

PERSON = Person(id="a1c3e5f7-0001-4a00-8000-00000000a001", user_name="mia@acme.example")
GROUP = DirectoryGroup("5d0e1f2a-0000-4000-8000-000000000001", 'Engin"eers')


def test_groups_in_entras_dialect(server: Recorder) -> None:  # P-12
    pusher = ScimPusher(server.base_url, "tok", "entra")
    pusher.create_group(GROUP)
    lookup, create = server.seen
    assert lookup.query == {"excludedAttributes": "members", "filter": 'displayName eq "Engin\\"eers"'}
    assert create.body == {
        "schemas": [
            "urn:ietf:params:scim:schemas:core:2.0:Group",
            "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group",
        ],
        "externalId": GROUP.id,
        "displayName": GROUP.name,
        "meta": {"resourceType": "Group"},
    }
    server.users, server.groups = [server.person()], [{"id": "g-1"}]
    pusher.add_members(GROUP, [PERSON])
    member = [{"$ref": None, "value": "u-1"}]
    assert server.operations() == [{"op": "Add", "path": "members", "value": member}]
    pusher.remove_members(GROUP, [PERSON])
    assert server.operations() == [{"op": "Remove", "path": "members", "value": member}]
    ScimPusher(server.base_url, "tok", "entra", compliant=True).remove_members(GROUP, [PERSON])
    assert server.operations() == [{"op": "remove", "path": 'members[value eq "u-1"]'}]
    pusher.delete_group(GROUP)
    assert server.writes()[-1] == ("DELETE", "/scim/Groups/g-1")


def test_groups_in_oktas_dialect(server: Recorder) -> None:  # P-12
    pusher = ScimPusher(server.base_url, "tok", "okta")
    pusher.create_group(GROUP)
    assert server.seen[-1].body == {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
        "displayName": GROUP.name,
        "members": [],
    }
    server.users, server.groups = [server.person()], [{"id": "g-1"}]
    pusher.add_members(GROUP, [PERSON])
    member = {"value": "u-1", "display": "mia@acme.example"}
    assert server.operations() == [{"op": "add", "path": "members", "value": [member]}]
    pusher.remove_members(GROUP, [PERSON])
    assert server.operations() == [{"op": "remove", "path": 'members[value eq "u-1"]'}]


def test_refusal_of_the_server_is_told_with_type_and_detail(server: Recorder) -> None:
    server.answer = (409, {"scimType": "uniqueness", "detail": "userName is taken", "status": "409"}, {})
    pusher = ScimPusher(server.base_url, "secret-token", "entra")
    with pytest.raises(ScimFailure) as caught:
        pusher.create(PERSON)
    assert (caught.value.status, caught.value.scim_type, caught.value.detail) == (
        409,
        "uniqueness",
        "userName is taken",
    )
    assert pusher.exchanges[-1].status == 409
    assert "userName is taken" in pusher.exchanges[-1].answer
    assert "secret-token" not in pusher.exchanges[-1].request_text


def test_redirect_is_not_followed_with_the_token(server: Recorder) -> None:
    server.answer = (307, {}, {"Location": f"{server.base_url}/elsewhere"})
    with pytest.raises(ScimFailure):
        ScimPusher(server.base_url, "tok", "entra").create(PERSON)
    assert len(server.seen) == 1


def test_server_that_is_not_there_is_told(server: Recorder) -> None:
    pusher = ScimPusher("http://127.0.0.1:9", "tok", "entra", timeout=2)
    with pytest.raises(ScimFailure, match="no answer"):
        pusher.create(PERSON)
    assert pusher.exchanges[-1].status == 0


def test_unknown_person_and_group_cannot_be_changed(server: Recorder) -> None:
    pusher = ScimPusher(server.base_url, "tok", "okta")
    for change in (pusher.update, pusher.deactivate, pusher.reactivate, pusher.delete):
        with pytest.raises(NotProvisioned):
            change(PERSON)
    server.users = [server.person()]
    with pytest.raises(NotProvisioned):
        pusher.add_members(GROUP, [PERSON])
    assert server.writes() == []


def test_token_that_no_header_can_carry_is_refused() -> None:
    for token in ("two\nlines", "umlaut-ä"):
        with pytest.raises(ValueError, match="token"):
            ScimPusher("http://app.example", token, "entra")


def test_okta_takes_404_on_a_lookup_as_nobody(server: Recorder) -> None:
    server.answer = (404, {"detail": "none"}, {})
    assert ScimPusher(server.base_url, "tok", "okta").match(PERSON) is None
    with pytest.raises(ScimFailure):
        ScimPusher(server.base_url, "tok", "entra").match(PERSON)
