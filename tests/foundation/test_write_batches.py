"""Writes that wait for each other leave behind what they would have left one by one."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from accounts import lifecycle
from accounts.models import Account, Group
from audit.actors import configuration
from audit.models import AuditEvent
from foundation.compiled_writes import insert, update
from foundation.transactions import all_or_nothing


@pytest.fixture
def account(db: None) -> Account:
    return lifecycle.create_account(actor=configuration(), slug="acme", name="Acme")


def _group(account: Account, name: str) -> Group:
    return Group(account=account, name=name, name_folded=name)


def _event(action: str) -> AuditEvent:
    return AuditEvent(action=action, actor_label="x", message="x")


def _names(account: Account) -> set[str]:
    return set(Group.objects.for_account(account).values_list("name", flat=True))


def _write_and_fail(account: Account) -> None:
    with all_or_nothing():
        insert([_event("lost")], later=True)
        insert([_group(account, "sales")], later=True)
        raise ZeroDivisionError


def _write_twice(account: Account) -> None:
    with all_or_nothing():
        insert([_event("lost")], later=True)
        insert([_group(account, "sales")], later=True)


def test_what_waits_is_there_for_the_next_read_and_after_the_end(account: Account) -> None:
    with all_or_nothing():
        insert([_group(account, "sales")], later=True)
        insert([_event("first")], later=True)
        assert _names(account) == {"sales"}
        insert([_event("second")], later=True)
    assert set(AuditEvent.objects.values_list("action", flat=True)) >= {"first", "second"}


def test_two_writes_of_one_row_both_count(account: Account) -> None:
    group = _group(account, "sales")
    insert([group])
    with all_or_nothing():
        group.name = "marketing"
        update(group, ["name"], later=True)
        group.idp_identifier = "g-1"
        update(group, ["idp_identifier"], later=True)
    group.refresh_from_db()
    assert (group.name, group.idp_identifier) == ("marketing", "g-1")


def test_nothing_is_left_of_a_transaction_that_fails(account: Account) -> None:
    with pytest.raises(ZeroDivisionError):
        _write_and_fail(account)
    assert _names(account) == set()
    assert not AuditEvent.objects.filter(action="lost").exists()


def test_an_error_of_a_write_that_waited_ends_all_of_it(account: Account) -> None:
    insert([_group(account, "sales")])
    with pytest.raises(IntegrityError):
        _write_twice(account)
    assert not AuditEvent.objects.filter(action="lost").exists()
    insert([_group(account, "support")], later=True)  # outside of such a transaction nothing waits
    assert _names(account) == {"sales", "support"}


@pytest.mark.services
def test_postgresql_gets_them_in_one_statement(account: Account) -> None:
    with CaptureQueriesContext(connection) as captured, all_or_nothing():
        insert([_group(account, "sales")], later=True)
        insert([_event("first")], later=True)
    written = [each["sql"] for each in captured.captured_queries if "INSERT" in each["sql"]]
    assert len(written) == 1
