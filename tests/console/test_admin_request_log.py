"""An account admin reads what their directory did and why it was told no; the inspector of SCIM requests (A-6)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from accounts import lifecycle
from accounts.models import User
from scim.models import RequestLogEntry
from scim.request_log import flush
from tests.console.admin_pages import address_of, page, words
from tests.scim.directory import Directory
from tests.worlds import OPERATOR, World

Browse = Callable[[User], Client]


@pytest.fixture
def directory(acme: World) -> Directory:
    """Acme's directory, with a token of its own."""
    token, plain = lifecycle.create_api_token(account=acme.account, actor=OPERATOR, name="Entra")
    return Directory(acme.account, plain, token)


@pytest.fixture
def admin(acme: World, browse: Browse) -> Client:
    """Acme's admin."""
    return browse(acme.admin)


def read_newest(admin: Client) -> str:
    """The words of the page of the request that was answered last."""
    flush()
    return words(admin.get(address_of(RequestLogEntry.objects.latest("created_at", "pk"))))


def make(directory: Directory, **given: Any) -> str:
    """Push a person and return their id."""
    made = directory.post("/Users", {"userName": "nora@acme.example", **given})
    assert made.status_code == 201, made.content
    return str(json.loads(made.content)["id"])


def test_person_whom_a_request_made_is_linked_by_name(directory: Directory, admin: Client) -> None:
    key = make(directory)
    shown = read_newest(admin)
    assert "Effect Person nora@acme.example Done created" in shown
    entry = admin.get(address_of(RequestLogEntry.objects.get()))
    assert address_of(User.objects.get(pk=key)) in entry.text
    assert "SCIM error type" not in shown  # there was none


def test_change_says_which_attributes_it_changed_and_which_it_ignored(
    directory: Directory, admin: Client
) -> None:
    key = make(directory)
    directory.patch(f"/Users/{key}", {"op": "replace", "value": {"title": "Dr", "shoeSize": 40}})
    shown = read_newest(admin)
    assert "Changed title" in shown
    assert "Ignored shoeSize" in shown
    directory.patch(f"/Users/{key}", {"op": "replace", "path": "title", "value": "Dr"})
    assert "Changed nothing: it was like that already" in read_newest(admin)


def test_error_stands_where_the_status_is_beside_the_filter_as_it_was_meant(
    directory: Directory, admin: Client
) -> None:
    directory.get("/Users?filter=photos%20eq%20%22x%22")
    shown = read_newest(admin)
    assert 'filter=photos eq "x"' in shown
    assert "Status 400 Error photos can't be filtered on. SCIM error type invalidFilter" in shown


def test_failed_requests_are_found_by_one_click(directory: Directory, admin: Client) -> None:
    make(directory)
    directory.get(f"/Users/{uuid4()}")
    flush()
    failed = words(admin.get(page(RequestLogEntry, "changelist"), {"failed": "yes"}))
    good = words(admin.get(page(RequestLogEntry, "changelist"), {"failed": "no"}))
    assert ("404" in failed, "201" in failed) == (True, False)
    assert ("404" in good, "201" in good) == (False, True)


def test_id_of_another_accounts_person_is_shown_as_an_id_only(
    directory: Directory, admin: Client, globex: World
) -> None:
    # P-6: the log names what was asked, whoever's it is; only the account's own people get a name
    make(directory)
    flush()
    entry = RequestLogEntry.objects.get()
    RequestLogEntry.objects.update(effect={"user": str(globex.employee.pk), "changed": ["title"]})
    text = admin.get(address_of(entry)).text
    assert str(globex.employee.pk) in text
    assert address_of(globex.employee) not in text
    assert globex.employee.user_name not in text


def test_german_reader_gets_german_columns_in_the_whole_provisioning_section(
    acme: World, directory: Directory, admin: Client
) -> None:
    #
    make(directory)
    flush()
    german = {"accept-language": "de"}
    shown = words(admin.get(address_of(RequestLogEntry.objects.get()), headers=german))
    for label in ("SCIM-Anfragen", "Zeit", "Methode", "Pfad", "Abfrage", "Dauer", "Wirkung", "IP-Adresse"):
        assert label in shown, label
    tokens = words(admin.get(address_of(directory.token_row), headers=german))
    for label in ("Berechtigung", "Läuft ab am", "Widerrufen am", "Zuletzt verwendet am", "Erstellt am"):
        assert label in tokens, label
    assert "Noch nichts vorhanden" in words(admin.get(page("scim.oauthclient", "changelist"), headers=german))


def test_list_that_holds_nothing_yet_says_what_it_is_for_and_a_search_that_finds_nothing_does_not(
    admin: Client,
) -> None:
    #
    address = page("accounts.heldchange", "changelist")
    assert "the change waits here for your decision" in words(admin.get(address))
    searched = words(admin.get(address, {"q": "zebra"}))
    assert "Nothing fits this search and these filters." in searched
    assert "waits here" not in searched
