"""A pushed group meets a local one (P-12, V-9)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from accounts import lifecycle
from accounts.models import Group
from audit.actors import configuration
from spaces.models import GroupSpaceRole, Space, SpaceRole
from tests.scim.directory import Directory, error_of

GUID = "5d0e1f2a-0000-4000-8000-000000000001"


def _local(directory: Directory, name: str, identifier: str = "") -> Group:
    return lifecycle.create_group(
        account=directory.account, actor=configuration(), name=name, idp_identifier=identifier
    )


def _grant(group: Group) -> None:
    space = Space.objects.create(account=group.account, name="DevOps")
    role = SpaceRole.objects.create(account=group.account, name="Developer")
    GroupSpaceRole.objects.create(group=group, space=space, role=role)


def test_group_mapped_by_an_admin_is_taken_over_with_what_it_grants(directory: Directory) -> None:
    """P-12: the admin wrote the identifier for that purpose"""
    local = _local(directory, "Engineers", f"{{{GUID.upper()}}}")
    _grant(local)
    ada = directory.push("ada")
    shown = directory.push_group("eng-all", externalId=GUID, members=[{"value": ada["id"]}])
    assert (shown["id"], shown["displayName"], shown["externalId"]) == (str(local.pk), "eng-all", GUID)
    assert len(shown["members"]) == 1
    local.refresh_from_db()
    assert local.directory_owned
    assert local.space_grants.exists()


def test_harmless_local_group_is_taken_over_by_its_name(directory: Directory) -> None:
    """V-9"""
    local = _local(directory, "Engineers")
    assert directory.push_group("ENGINEERS", externalId="g-1")["id"] == str(local.pk)


@pytest.mark.parametrize("why", ["grants roles", "has members added by hand", "is mapped to another"])
def test_local_group_that_means_something_is_not_taken_over_by_its_name(
    directory: Directory, why: str
) -> None:
    """V-9: a directory must not gain what an admin gave to a group of that name"""
    local = _local(directory, "Engineers", "other-identifier" if "mapped" in why else "")
    if "grants" in why:
        _grant(local)
    elif "members" in why:
        person = directory.person(directory.push("ada"))
        lifecycle.set_group_membership(group=local, user=person, actor=configuration(), member=True)
    response = directory.post("/Groups", {"displayName": "engineers", "externalId": "g-1"})
    assert (response.status_code, error_of(response)["scimType"]) == (409, "uniqueness")
    assert why in error_of(response)["detail"]
    local.refresh_from_db()
    assert not local.directory_owned


def test_local_groups_do_not_exist_for_the_directory(directory: Directory) -> None:
    """V-9: found by name and patched, a granting group would be adopted past every check"""
    local = _local(directory, "Engineers")
    ada = directory.push("ada")
    path = f"/Groups/{local.pk}"
    assert directory.find('displayName eq "Engineers"', "/Groups") == []
    assert directory.get(path).status_code == 404
    add = {"op": "add", "path": "members", "value": [{"value": ada["id"]}]}
    assert directory.patch(path, add).status_code == 404
    assert directory.put(path, {"displayName": "x"}).status_code == 404
    assert directory.delete(path).status_code == 404
    # A pushed one beside it is seen.
    directory.push_group("Analysts")
    assert directory.find("displayName pr", "/Groups") == ["Analysts"]


def test_rename_onto_a_local_group_is_a_conflict(directory: Directory) -> None:
    """V-9"""
    _local(directory, "Engineers")
    group = directory.push_group("Analysts")
    response = directory.patch(
        f"/Groups/{group['id']}", {"op": "replace", "path": "displayName", "value": "engineers"}
    )
    assert response.status_code == 409


def test_mapped_group_is_let_go_rather_than_deleted_and_can_be_pushed_again(directory: Directory) -> None:
    """P-12: what an admin set up outlives the directory's assignment; nobody keeps access by it"""
    local = _local(directory, "Engineers", GUID)
    _grant(local)
    ada: Any = directory.push("ada")
    shown = directory.push_group("Engineers", externalId=GUID, members=[{"value": ada["id"]}])
    assert directory.delete(f"/Groups/{shown['id']}").status_code == 204
    assert directory.get(f"/Groups/{shown['id']}").status_code == 404
    local.refresh_from_db()
    assert (local.directory_owned, local.memberships.count(), local.space_grants.count()) == (False, 0, 1)
    again = directory.push_group("Engineers", externalId=GUID)
    assert again["id"] == shown["id"]
    assert again["members"] == []


def test_group_pushed_again_while_it_is_there_is_a_conflict(directory: Directory) -> None:
    """P-8"""
    _local(directory, "Engineers", GUID)
    directory.push_group("Engineers", externalId=GUID)
    response = directory.post("/Groups", {"displayName": "Engineers", "externalId": GUID.upper()})
    assert response.status_code == 409
    assert json.loads(response.content)["scimType"] == "uniqueness"
