"""How much one bulk request may hold, and what it counts as (V-21, RFC 7644 §3.7.4)."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from scim import limits
from scim.models import RequestLogEntry
from tests.scim.bulk_requests import bulk, id_of, new_group, new_user, patch_of, send_bulk, statuses
from tests.scim.directory import Directory, error_of


def _bulk_config(directory: Directory) -> dict[str, Any]:
    found: dict[str, Any] = directory.read("/ServiceProviderConfig")["bulk"]
    return found


def test_as_many_operations_as_are_stated_are_done_and_one_more_is_413(directory: Directory) -> None:
    """P-10, V-21"""
    config = _bulk_config(directory)
    assert config["supported"] is True
    missing = {"method": "DELETE", "path": "/Users/nobody"}
    most = config["maxOperations"]
    response = send_bulk(directory, *[missing] * most, new_user("ada"))
    assert response.status_code == 413
    assert f"{most} operations (maxOperations)" in error_of(response)["detail"]
    assert directory.read("/Users")["totalResults"] == 0
    assert statuses(bulk(directory, *[missing] * (most - 1), new_user("ada"))) == [404] * (most - 1) + [201]


def test_as_large_a_body_as_is_stated_is_read_and_a_larger_one_is_413(directory: Directory) -> None:
    """P-10, V-21"""
    size = _bulk_config(directory)["maxPayloadSize"]
    body = b'{"Operations": [{"method": "DELETE", "path": "/Users/nobody"}]}'
    assert directory.send("POST", "/Bulk", body.ljust(size)).status_code == 200
    response = directory.send("POST", "/Bulk", body.ljust(size + 1))
    assert response.status_code == 413
    assert f"{size} bytes (maxPayloadSize)" in error_of(response)["detail"]


def test_members_are_limited_over_all_operations_together(directory: Directory) -> None:
    """V-21: what one request may name, several operations of one may name"""
    half = [f"{n:08x}-0000-7000-8000-000000000000" for n in range(limits.MEMBERS // 2)]
    groups = [
        {
            "method": "PATCH",
            "path": "/Groups/nobody",
            "data": {"Operations": [{"op": "remove", "path": "members", "value": half}]},
        }
    ]
    response = send_bulk(directory, new_user("ada"), *groups * 2)
    assert response.status_code == 413
    assert str(limits.MEMBERS) in error_of(response)["detail"]
    assert directory.read("/Users")["totalResults"] == 0
    assert statuses(bulk(directory, *groups)) == [404]


def test_operations_inside_count_against_the_rate(
    directory: Directory, other: Directory, settings: Settings
) -> None:
    """V-21: nothing is done of a bulk that comes too early"""
    settings.BROKER_SCIM_RATE = 4
    responses = [
        send_bulk(directory, *[new_user(f"r{turn}n{n}") for n in range(4)], failOnErrors=1)
        for turn in range(12)
    ]
    done = [each for each in responses if each.status_code == 200]
    refused = [each for each in responses if each.status_code == 429]
    assert responses[0] in done
    assert refused
    assert len(done) + len(refused) == len(responses)
    assert int(refused[0].headers["Retry-After"]) >= 1
    assert "operations a second" in error_of(refused[0])["detail"]
    assert send_bulk(other, new_user("theirs")).status_code == 200
    settings.BROKER_SCIM_RATE = 0
    assert directory.read("/Users?count=0")["totalResults"] == 4 * len(done)


@pytest.mark.parametrize(("rate", "stated"), [(0, 1_000), (100, 100), (5, 5), (5_000, 1_000)])
def test_no_more_operations_are_promised_than_the_rate_lets_through(
    directory: Directory, settings: Settings, rate: int, stated: int
) -> None:
    """P-10, V-21: a bulk of more than a second's operations could never be taken"""
    settings.BROKER_SCIM_RATE = rate
    assert _bulk_config(directory)["maxOperations"] == stated


def _counted(captured: CaptureQueriesContext) -> int:
    # Savepoints come from the test's own transaction; the log is written apart in production. A prepared statement is
    # captured without its text.
    sent = [str(each["sql"]) for each in captured.captured_queries]
    return sum("SAVEPOINT" not in sql and RequestLogEntry._meta.db_table not in sql for sql in sent)


def _queries(directory: Directory, operations: list[dict[str, Any]]) -> int:
    with CaptureQueriesContext(connection) as captured:
        results = bulk(directory, *operations)
    assert all(each < 300 for each in statuses(results)), results
    return _counted(captured)


def test_an_operation_inside_costs_what_it_costs_alone(directory: Directory) -> None:
    """The issue: query counts are tested. One look at the token, and no query per operation beyond its own."""
    directory.push("before", title="x")  # notes the token's last use
    with CaptureQueriesContext(connection) as captured:
        directory.push("alone", title="x")
    one = _queries(directory, [new_user("first", title="x")])
    assert one <= _counted(captured)
    many = _queries(directory, [new_user(f"m{n}", title="x") for n in range(20)])
    assert many == 1 + 20 * (one - 1)
    made = bulk(directory, *[new_user(f"p{n}") for n in range(10)], new_group("g"))
    title = {"op": "replace", "path": "title", "value": "y"}
    patches = [patch_of(f"/Users/{id_of(each)}", title) for each in made[:10]]
    one = _queries(directory, patches[:1])
    assert _queries(directory, patches[1:]) == 1 + 9 * (one - 1)
    add = [
        patch_of(
            f"/Groups/{id_of(made[10])}", {"op": "add", "path": "members", "value": [{"value": id_of(each)}]}
        )
        for each in made[:10]
    ]
    one = _queries(directory, add[:1])
    assert _queries(directory, add[1:]) == 1 + 9 * (one - 1)
