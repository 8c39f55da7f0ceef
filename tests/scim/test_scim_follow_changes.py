"""What a sign-in or an admin changes is what the directory reads (design: one truth)."""

from __future__ import annotations

from typing import Any

import pytest

from accounts import lifecycle
from accounts.lifecycle import PersonChanges
from audit.actors import configuration
from tests.scim.directory import Directory


def test_person_made_by_an_admin_is_read_and_found_by_the_directory(directory: Directory) -> None:
    """P-8: matched before they are pushed"""
    person = lifecycle.create_user(
        actor=configuration(),
        account=directory.account,
        values=PersonChanges(
            user_name="ada", email="Ada@corp.example", given_name="Ada", display_name="Ada L", phone="123"
        ),
    )
    shown = directory.read(f"/Users/{person.pk}")
    assert shown["emails"] == [{"value": "Ada@corp.example", "type": "work", "primary": True}]
    assert shown["phoneNumbers"] == [{"value": "123", "type": "work", "primary": True}]
    for text in (
        'emails[type eq "work"].value eq "ada@corp.example"',
        'phoneNumbers eq "123"',
        'name.givenName eq "ada"',
        'displayName eq "ada l"',
    ):
        assert directory.find(text) == ["ada"]
    # And can be changed like any other.
    operation = {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "new@corp.example"}
    assert directory.patch(f"/Users/{person.pk}", operation).status_code == 200
    assert directory.find('emails eq "ada@corp.example"') == []
    assert directory.find('emails eq "new@corp.example"') == ["ada"]


@pytest.fixture
def ada(directory: Directory) -> Any:
    return directory.push(
        "ada",
        displayName="Ada",
        emails=[{"value": "home@x.example", "type": "home"}, {"value": "work@x.example", "primary": True}],
    )


def test_change_elsewhere_is_read_found_and_moves_the_version(directory: Directory, ada: Any) -> None:
    """P-10"""
    lifecycle.update_user(
        user=directory.person(ada),
        actor=configuration(),
        values=PersonChanges(email="new@x.example", display_name="Augusta", phone="1"),
    )
    shown = directory.read(f"/Users/{ada['id']}")
    assert shown["emails"] == [ada["emails"][0], {"value": "new@x.example", "primary": True}]
    assert (shown["displayName"], shown["phoneNumbers"][0]["value"]) == ("Augusta", "1")
    assert shown["meta"]["version"] != ada["meta"]["version"]
    assert directory.find('emails eq "new@x.example"') == ["ada"]
    assert directory.find('emails eq "work@x.example"') == []
    assert directory.find('displayName eq "augusta"') == ["ada"]


def test_address_that_is_taken_away_elsewhere_is_gone(directory: Directory, ada: Any) -> None:
    """P-10"""
    lifecycle.update_user(user=directory.person(ada), actor=configuration(), values=PersonChanges(email=""))
    assert directory.read(f"/Users/{ada['id']}")["emails"] == [ada["emails"][0]]
