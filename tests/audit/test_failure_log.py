"""The failure log holds what strangers cause: counted, bounded, and each shown track ID is found in it (V-21)."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.test import Client

from audit import failures
from audit.failures import ROWS_PER_ADDRESS, record_failure
from audit.models import AuditEvent, FailureLogEntry
from foundation import track_ids
from foundation.track_ids import new_track_id

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_the_middle_of_an_hour() -> object:
    with time_machine.travel(dt.datetime(2026, 11, 20, 10, 20, tzinfo=dt.UTC), tick=True) as traveller:
        yield traveller
    track_ids.bind("")


def fail(
    number: int = 1, *, code: str = "attempt.unknown", address: str = "203.0.113.7", target: str = "acme"
) -> str:
    track_ids.bind(new_track_id())
    return record_failure(code=f"{code}.{number}", message="It failed.", address=address, target=target)


def test_repeats_of_one_failure_are_counted_in_one_row_with_one_track_id() -> None:
    shown = [fail() for _ in range(5)]
    row = FailureLogEntry.objects.get()
    assert set(shown) == {row.track_id}
    assert row.count == 5
    assert row.first_seen < row.last_seen


@pytest.mark.parametrize("other", [{"number": 2}, {"address": "203.0.113.8"}, {"target": "globex"}])
def test_another_failure_address_or_target_is_another_row(other: dict[str, object]) -> None:
    fail()
    fail(**other)  # type: ignore[arg-type]
    assert FailureLogEntry.objects.count() == 2


def test_next_hour_begins_a_new_row() -> None:
    first = fail()
    with time_machine.travel(dt.datetime(2026, 11, 20, 11, 20, tzinfo=dt.UTC), tick=True):
        assert fail() != first
    assert FailureLogEntry.objects.count() == 2


def test_address_that_fails_in_many_ways_fills_a_quota_and_is_only_counted_from_then_on() -> None:
    shown = [fail(number) for number in range(ROWS_PER_ADDRESS + 20)]
    rows = FailureLogEntry.objects.filter(ip_address="203.0.113.7")
    assert rows.count() == ROWS_PER_ADDRESS + 1
    assert rows.get(code="failure_log.address_quota").count == 20
    found = set(FailureLogEntry.objects.values_list("track_id", flat=True))
    assert set(shown) <= found  # every track ID that was shown is found
    assert fail(address="198.51.100.1") in set(FailureLogEntry.objects.values_list("track_id", flat=True))
    assert FailureLogEntry.objects.filter(ip_address="198.51.100.1", code="attempt.unknown.1").exists()


def test_line_with_many_addresses_has_one_quota() -> None:
    for number in range(ROWS_PER_ADDRESS + 40):
        fail(number, address=f"2001:db8:1:2::{number:x}")
    assert FailureLogEntry.objects.count() == ROWS_PER_ADDRESS + 1
    assert FailureLogEntry.objects.get(code="failure_log.address_quota").count == 40


def test_whole_deployment_has_a_quota_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failures, "ROWS_PER_HOUR", 10)
    shown = [fail(address=f"198.51.100.{number}") for number in range(30)]
    assert FailureLogEntry.objects.count() == 11
    overflow = FailureLogEntry.objects.get(code="failure_log.quota")
    assert overflow.count == 20
    assert overflow.ip_address is None
    assert set(shown) <= set(FailureLogEntry.objects.values_list("track_id", flat=True))


def test_quota_is_of_the_last_hour() -> None:
    for number in range(ROWS_PER_ADDRESS + 1):
        fail(number)
    with time_machine.travel(dt.datetime(2026, 11, 20, 11, 25, tzinfo=dt.UTC), tick=True):
        fail(1)
        assert FailureLogEntry.objects.filter(code="attempt.unknown.1").count() == 2


def test_failure_binds_the_track_id_under_which_it_is_found() -> None:
    first = fail()
    fail()
    assert track_ids.current() == first


def test_secret_in_a_message_is_masked_and_the_message_is_bounded() -> None:
    record_failure(
        code="x",
        message="Bearer abcdefghijklmnop " + "y" * 5000,
        address="",
        target="t" * 500,
    )
    row = FailureLogEntry.objects.get()
    assert "abcdefghijklmnop" not in row.message
    assert len(row.message) <= 1000
    assert len(row.target) <= 120
    assert row.ip_address is None


def test_stranger_who_tries_everything_sees_only_track_ids_that_support_finds() -> None:
    # A-4, V-21: through the web, more failures than the quota has rows
    client = Client(headers={"host": "localhost:8000"})
    shown = []
    for number in range(ROWS_PER_ADDRESS + 10):
        answer = client.get(f"/sso/saml/nobody-{number}/")
        assert answer.status_code == 404
        shown.append(answer.headers["X-Track-Id"])
        assert shown[-1] in answer.content.decode()
    found = set(FailureLogEntry.objects.values_list("track_id", flat=True))
    assert set(shown) <= found
    assert FailureLogEntry.objects.count() == ROWS_PER_ADDRESS + 1
    assert not AuditEvent.objects.exists()  # not one of them is in the audit trail
