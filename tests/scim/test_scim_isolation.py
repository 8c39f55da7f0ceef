"""One customer's directory learns nothing of another's people, nor of the vendor's (P-6, V-2).

Every table holds rows of both accounts, and own = found stands beside other = not found.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from accounts import lifecycle
from accounts.models import Kind, User
from audit.actors import configuration
from tests.scim.directory import Directory, error_of

PERSON: dict[str, Any] = {
    "externalId": "e-1",
    "displayName": "Ada",
    "title": "Analyst",
    "name": {"givenName": "Ada"},
    "emails": [{"value": "ada@corp.example", "type": "work"}],
}


@pytest.fixture
def pair(directory: Directory, other: Directory) -> tuple[Any, Any]:
    """The same person and group in both accounts."""
    pairs = []
    for each in (directory, other):
        person = each.push("ada@corp.example", **PERSON)
        group = each.push_group("Engineers", externalId="g-1", members=[{"value": person["id"]}])
        pairs.append((person, group))
    return pairs[0], pairs[1]


def test_same_names_in_two_accounts_are_no_conflict(pair: tuple[Any, Any]) -> None:
    """P-6"""
    (person, group), (other_person, other_group) = pair
    assert person["id"] != other_person["id"]
    assert group["id"] != other_group["id"]


@pytest.mark.parametrize(
    "text",
    [
        'userName eq "ada@corp.example"',
        'userName eq "ada@corp.example" or userName pr',
        'userName pr or userName pr and userName eq "ada@corp.example"',
        'not (userName eq "nobody")',
        "not (emails pr) or emails pr",
        'externalId eq "e-1"',
        'externalId sw "e"',
        "active eq true",
        'displayName eq "ada"',
        'name.givenName eq "ada"',
        'title eq "analyst"',
        'title ne "x"',
        'emails eq "ada@corp.example"',
        'emails[type eq "work"].value eq "ada@corp.example"',
        'emails ne "x"',
        "emails pr",
        'groups.display eq "engineers"',
        "groups pr",
        'meta.created gt "2001-01-01T00:00:00Z"',
        'id ne "x"',
        "",
    ],
)
def test_no_filter_reaches_across(
    directory: Directory, other: Directory, pair: tuple[Any, Any], text: str
) -> None:
    """P-6: the first trap of this field"""
    for mine, (person, _) in zip((directory, other), pair, strict=True):
        assert [each["id"] for each in mine.search(text)["Resources"]] == [person["id"]]
        for sort_by in ("userName", "title", "emails"):
            assert mine.read(f"/Users?sortBy={sort_by}")["totalResults"] == 1


@pytest.mark.parametrize(
    "text", ['displayName eq "engineers"', 'externalId eq "g-1"', "members pr", 'id ne "x"', ""]
)
def test_no_group_filter_reaches_across(
    directory: Directory, other: Directory, pair: tuple[Any, Any], text: str
) -> None:
    """P-6"""
    for mine, (_, group) in zip((directory, other), pair, strict=True):
        assert [each["id"] for each in mine.search(text, "/Groups")["Resources"]] == [group["id"]]


def test_filter_on_the_others_ids_finds_nobody(
    directory: Directory, other: Directory, pair: tuple[Any, Any]
) -> None:
    """P-6"""
    (person, group), (other_person, other_group) = pair
    for key, found in ((person["id"], 1), (other_person["id"], 0)):
        assert directory.search(f'id eq "{key}"')["totalResults"] == found
        assert directory.search(f'members.value eq "{key}"', "/Groups")["totalResults"] == found
    for key, found in ((group["id"], 1), (other_group["id"], 0)):
        assert directory.search(f'groups.value eq "{key}"')["totalResults"] == found
        assert directory.search(f'id eq "{key}"', "/Groups")["totalResults"] == found


def test_no_request_touches_the_others_person(
    directory: Directory, other: Directory, pair: tuple[Any, Any]
) -> None:
    """P-6"""
    (person, _), (other_person, _) = pair
    before = other.read(f"/Users/{other_person['id']}")
    off = {"op": "replace", "path": "active", "value": False}
    for key, good in ((other_person["id"], False), (person["id"], True)):
        path = f"/Users/{key}"
        for response in (
            directory.get(path),
            directory.patch(path, off),
            directory.put(path, {"userName": "taken"}),
            directory.delete(path),
        ):
            assert response.status_code in ((200, 204) if good else (404,))
    assert other.read(f"/Users/{other_person['id']}") == before


def test_no_request_touches_the_others_group(
    directory: Directory, other: Directory, pair: tuple[Any, Any]
) -> None:
    """P-6"""
    (_, group), (_, other_group) = pair
    empty = {"op": "remove", "path": "members"}
    for key, good in ((other_group["id"], False), (group["id"], True)):
        path = f"/Groups/{key}"
        for response in (
            directory.get(path),
            directory.patch(path, empty),
            directory.put(path, {"displayName": "taken"}),
            directory.delete(path),
        ):
            assert response.status_code in ((200, 204) if good else (404,))
    assert other.read(f"/Groups/{other_group['id']}") == other_group


def test_the_others_people_can_not_become_members(
    directory: Directory, other: Directory, pair: tuple[Any, Any]
) -> None:
    """P-6: foreign and unknown ids are refused alike, and nothing is changed"""
    (person, group), (other_person, _) = pair
    path = f"/Groups/{group['id']}"
    unknown = "01890000-0000-7000-8000-000000000000"
    details = []
    for key in (other_person["id"], unknown):
        for response in (
            directory.patch(path, {"op": "add", "path": "members", "value": [{"value": key}]}),
            directory.patch(path, {"op": "replace", "path": "members", "value": [{"value": key}]}),
            directory.put(path, {"displayName": "x", "members": [{"value": key}]}),
            directory.post(
                "/Groups", {"displayName": "New", "members": [{"value": person["id"]}, {"value": key}]}
            ),
        ):
            body = error_of(response)
            assert (response.status_code, body["scimType"]) == (400, "invalidValue")
            details.append(body["detail"].split("[")[0].replace(key, "KEY"))
    assert len(set(details)) == 1
    assert directory.read(path) == group
    assert directory.find("displayName pr", "/Groups") == ["Engineers"]
    # Removing somebody who is not there is no error, and says nothing.
    gone = directory.patch(
        path, {"op": "remove", "path": "members", "value": [{"value": other_person["id"]}]}
    )
    assert gone.status_code == 204
    assert other.read("/Groups")["Resources"][0]["members"][0]["value"] == other_person["id"]


@pytest.mark.parametrize("kind", [Kind.OPERATOR, Kind.STAFF, Kind.PARTNER_ADMIN])
def test_vendor_people_are_invisible(directory: Directory, kind: Kind) -> None:
    """P-6, V-2"""
    partner = lifecycle.create_partner(actor=configuration(), slug="p", name="P")
    vendor = lifecycle.create_user(
        actor=configuration(),
        values=lifecycle.PersonChanges(user_name="vera", email="vera@vendor.example"),
        kind=kind,
        account=directory.account if kind is Kind.STAFF else None,
        partner=partner if kind is Kind.PARTNER_ADMIN else None,
    )
    member = directory.push("ada")
    assert directory.find("userName pr") == ["ada"]
    assert directory.find('userName eq "vera"') == []
    for response in (
        directory.get(f"/Users/{vendor.pk}"),
        directory.delete(f"/Users/{vendor.pk}"),
        directory.patch(f"/Users/{vendor.pk}", {"op": "replace", "path": "active", "value": False}),
    ):
        assert response.status_code == 404
    add = {"op": "add", "path": "members", "value": [{"value": str(vendor.pk)}]}
    group = directory.push_group("Engineers", members=[{"value": member["id"]}])
    assert directory.patch(f"/Groups/{group['id']}", add).status_code == 400
    assert User.objects.get(pk=vendor.pk).directory_active


def test_deleted_people_of_both_accounts_stay_out(
    directory: Directory, other: Directory, pair: tuple[Any, Any]
) -> None:
    """P-6"""
    (person, _), (other_person, _) = pair
    directory.delete(f"/Users/{person['id']}")
    assert directory.find("userName pr") == []
    assert json.loads(other.get(f"/Users/{other_person['id']}").content)["active"] is True
