"""What a directory may do to administrators (V-8, V-14)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from accounts import lifecycle
from accounts.lifecycle.roles import account_role_named
from accounts.models import BuiltInAccountRole, HeldChange, Status
from accounts.sources import Source
from audit.actors import configuration
from audit.models import AuditEvent
from tests.scim.directory import Directory, error_of


@pytest.fixture
def admin(directory: Directory) -> Any:
    shown = directory.push("boss", externalId="b-1", title="Boss", emails=[{"value": "boss@corp.example"}])
    role = account_role_named(directory.account, BuiltInAccountRole.SSO_ACCOUNT_ADMIN)
    lifecycle.grant_account_role(
        user=directory.person(shown), role=role, actor=configuration(), source=Source.MANUAL
    )
    return shown


@pytest.mark.parametrize(
    "change",
    [
        {"userName": "thief"},
        {"externalId": "thief"},
        {"emails": [{"value": "thief@corp.example"}]},
        {"title": "Thief", "externalId": ""},
    ],
)
def test_change_of_who_an_admin_is_waits_for_approval(
    directory: Directory, admin: Any, change: dict[str, Any]
) -> None:
    """V-8"""
    response = directory.patch(f"/Users/{admin['id']}", {"op": "replace", "value": change})
    assert response.status_code == 403
    assert "approval" in error_of(response)["detail"]
    assert directory.read(f"/Users/{admin['id']}") == admin
    assert HeldChange.objects.get(user=admin["id"]).decided_at is None
    assert AuditEvent.objects.filter(object_id=admin["id"], reason="user.change_held").exists()


def test_repeating_the_same_change_asks_once(directory: Directory, admin: Any) -> None:
    """V-8: directories retry every half hour"""
    for _ in range(3):
        directory.patch(f"/Users/{admin['id']}", {"op": "replace", "path": "userName", "value": "thief"})
    assert HeldChange.objects.filter(user=admin["id"]).count() == 1


def test_other_details_of_an_admin_are_written(directory: Directory, admin: Any) -> None:
    """V-8"""
    response = directory.patch(f"/Users/{admin['id']}", {"op": "replace", "value": {"title": "Chief"}})
    assert json.loads(response.content)["title"] == "Chief"


def test_admin_can_be_deactivated_and_deleted_even_as_the_last_one(directory: Directory, admin: Any) -> None:
    """V-8, V-14"""
    off = {"op": "replace", "path": "active", "value": False}
    assert directory.patch(f"/Users/{admin['id']}", off).status_code == 200
    assert not directory.person(admin).can_sign_in
    assert directory.delete(f"/Users/{admin['id']}").status_code == 204
    assert AuditEvent.objects.filter(action="account.last_sso_admin_blocked").exists()


def test_leaving_is_applied_even_when_the_rest_of_the_request_has_to_wait(
    directory: Directory, admin: Any
) -> None:
    """V-8: whoever left must not stay in because their address changed in the same request"""
    body = admin | {"active": False, "emails": [{"value": "left@corp.example"}]}
    response = directory.put(f"/Users/{admin['id']}", body)
    assert response.status_code == 403
    assert "deactivation" in error_of(response)["detail"]
    person = directory.person(admin)
    assert (person.status, person.email) == (Status.DEACTIVATED, "boss@corp.example")


def test_address_of_an_admin_who_comes_back_stays_what_it_was_until_approved(
    directory: Directory, admin: Any
) -> None:
    """V-8, V-13: the directory reads what is so, and may ask again"""
    directory.patch(f"/Users/{admin['id']}", {"op": "replace", "path": "active", "value": False})
    wanted = {"emails": [{"value": "thief@corp.example"}], "title": "Chief"}
    again = directory.push("boss", externalId="b-1", **wanted)
    assert (again["id"], again["title"], again["active"]) == (admin["id"], "Chief", True)
    assert again["emails"] == admin["emails"]
    assert directory.find('emails eq "boss@corp.example"') == ["boss"]
    assert directory.find('emails eq "thief@corp.example"') == []
    held = HeldChange.objects.get(user=admin["id"], decided_at=None)
    assert held.changes == {"email": ["boss@corp.example", "thief@corp.example"]}
    assert directory.patch(f"/Users/{admin['id']}", {"op": "replace", "value": wanted}).status_code == 403
