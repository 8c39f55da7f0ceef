"""Somebody leaves, and somebody comes back (P-5, V-12, V-13)."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts import lifecycle
from accounts.models import EndReason, Status, UserSession
from accounts.sources import Source
from audit.actors import configuration
from audit.models import AuditEvent
from scim.models import UserResource, UserValue
from tests.scim.directory import Directory, error_of

OFF = {"op": "replace", "path": "active", "value": False}
ON = {"op": "replace", "path": "active", "value": True}


@pytest.fixture
def ada(directory: Directory) -> Any:
    return directory.push("ada", externalId="a-1", title="Analyst", emails=[{"value": "ada@corp.example"}])


def _open_session(directory: Directory, resource: Any) -> UserSession:
    return UserSession.objects.create(
        user=directory.person(resource), key_digest="d" * 64, expires_at=timezone.now() + timedelta(hours=1)
    )


@pytest.mark.parametrize("way", ["patch", "put", "delete"])
def test_person_who_leaves_loses_every_session_at_once(directory: Directory, ada: Any, way: str) -> None:
    """P-5, L-13"""
    session, epoch = _open_session(directory, ada), directory.person(ada).session_epoch
    path = f"/Users/{ada['id']}"
    if way == "patch":
        directory.patch(path, OFF)
    elif way == "put":
        directory.put(path, ada | {"active": False})
    else:
        directory.delete(path)
    session.refresh_from_db()
    person = directory.person(ada)
    assert session.end_reason == EndReason.STATUS
    assert person.session_epoch > epoch
    assert not person.can_sign_in


def test_deactivated_person_keeps_groups_for_when_they_return(directory: Directory, ada: Any) -> None:
    """P-5"""
    directory.push_group("Engineers", members=[{"value": ada["id"]}])
    directory.patch(f"/Users/{ada['id']}", OFF)
    shown = directory.read(f"/Users/{ada['id']}")
    assert shown["active"] is False
    assert [group["display"] for group in shown["groups"]] == ["Engineers"]
    directory.patch(f"/Users/{ada['id']}", ON)
    assert directory.person(ada).status is Status.PENDING


def test_directory_does_not_undo_an_admins_disable(directory: Directory, ada: Any) -> None:
    """P-5, V-12"""
    lifecycle.disable_user(user=directory.person(ada), actor=configuration())
    shown = json.loads(directory.patch(f"/Users/{ada['id']}", ON).content)
    assert shown["active"] is True  # the directory's own word, all it reads and writes
    assert directory.person(ada).status is Status.DISABLED


def test_deleted_person_is_gone_for_the_directory_and_stays_in_the_audit_trail(
    directory: Directory, ada: Any
) -> None:
    """P-5"""
    path = f"/Users/{ada['id']}"
    assert directory.delete(path).status_code == 204
    for response in (
        directory.get(path),
        directory.delete(path),
        directory.patch(path, ON),
        directory.put(path, ada),
    ):
        assert error_of(response)["status"] == "404"
    assert directory.find('userName eq "ada"') == []
    assert directory.person(ada).status is Status.DELETED
    assert AuditEvent.objects.filter(object_id=ada["id"], action="user.deleted").exists()
    assert not UserValue.objects.filter(user=ada["id"]).exists()
    assert not UserResource.objects.filter(user=ada["id"]).exists()


def test_same_user_name_after_delete_is_a_new_person_with_nothing(directory: Directory, ada: Any) -> None:
    """V-13"""
    directory.push_group("Engineers", members=[{"value": ada["id"]}])
    directory.delete(f"/Users/{ada['id']}")
    again = directory.push("ada", externalId="a-1")
    assert again["id"] != ada["id"]
    assert not {"title", "emails", "groups"} & set(again)


def test_create_onto_a_deactivated_person_with_the_same_external_id_restores_them(
    directory: Directory, ada: Any
) -> None:
    """V-13: same SCIM id, 201"""
    group = directory.push_group("Engineers", members=[{"value": ada["id"]}])
    directory.patch(f"/Users/{ada['id']}", OFF)
    response = directory.post("/Users", {"userName": "Ada", "externalId": "a-1", "nickName": "Countess"})
    shown = json.loads(response.content)
    assert (response.status_code, shown["id"], shown["active"]) == (201, ada["id"], True)
    assert (shown["userName"], shown["nickName"]) == ("Ada", "Countess")
    assert [each["value"] for each in shown["groups"]] == [group["id"]]
    assert "title" not in shown
    assert directory.find('title eq "analyst"') == []
    assert directory.read("/Users")["totalResults"] == 1


def test_create_onto_a_deactivated_person_with_another_external_id_makes_a_new_one(
    directory: Directory, ada: Any
) -> None:
    """V-13: the name was given to somebody else"""
    directory.patch(f"/Users/{ada['id']}", OFF)
    new = directory.push("ada", externalId="a-2")
    assert new["id"] != ada["id"]
    assert directory.get(f"/Users/{ada['id']}").status_code == 404
    assert directory.person(ada).status is Status.DELETED
    assert AuditEvent.objects.filter(object_id=ada["id"], action="user.archived").exists()


def test_create_onto_a_deactivated_person_without_an_external_id_is_a_conflict(
    directory: Directory, ada: Any
) -> None:
    """V-13"""
    directory.patch(f"/Users/{ada['id']}", OFF)
    assert error_of(directory.post("/Users", {"userName": "ada"}))["scimType"] == "uniqueness"
    assert directory.read(f"/Users/{ada['id']}")["active"] is False


def test_create_onto_an_active_person_is_a_conflict_even_with_their_external_id(
    directory: Directory, ada: Any
) -> None:
    """P-8"""
    response = directory.post("/Users", {"userName": "ada", "externalId": "a-1"})
    assert (response.status_code, error_of(response)["scimType"]) == (409, "uniqueness")


def test_deactivated_person_can_be_pushed_as_such(directory: Directory) -> None:
    """P-5"""
    shown = directory.push("ada", active="False")
    assert shown["active"] is False
    assert directory.person(shown).status is Status.DEACTIVATED


def test_members_by_other_sources_are_left_to_their_owners(directory: Directory, ada: Any) -> None:
    """Design rule 3"""
    group = directory.push_group("Engineers")
    person = directory.person(ada)
    person.group_memberships.create(group_id=group["id"], source=Source.CLAIMS)
    assert directory.read(f"/Groups/{group['id']}")["members"] == []
    directory.patch(f"/Groups/{group['id']}", {"op": "replace", "path": "members", "value": []})
    assert person.group_memberships.get().source == Source.CLAIMS
