"""The number of queries doesn't depend on how much there is (issue: query counts are tested)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext

from scim.models import RequestLogEntry
from tests.scim.directory import Directory

Request = Callable[[], HttpResponse]


def _count(request: Request) -> int:
    with CaptureQueriesContext(connection) as captured:
        response = request()
    assert response.status_code < 300, response.content
    # Savepoints come from the test's own transaction; the log is written apart in production.
    counted = [
        each["sql"]
        for each in captured.captured_queries
        if "SAVEPOINT" not in each["sql"] and RequestLogEntry._meta.db_table not in each["sql"]
    ]
    return len(counted)


def _person(number: int) -> dict[str, Any]:
    return {
        "userName": f"person{number}@corp.example",
        "name": {"givenName": "P"},
        "emails": [{"value": f"person{number}@corp.example", "primary": True}],
    }


@pytest.fixture
def ready(directory: Directory) -> Directory:
    directory.get("/Users")  # notes the token's last use
    return directory


def _fill(directory: Directory, people: int) -> list[str]:
    found = [directory.push(f"filler{n}", emails=[f"f{n}@x.example"])["id"] for n in range(people)]
    members = [{"value": each} for each in found]
    for n in range(3):
        directory.push_group(f"filler{n}", members=members)
    return found


def _next_cursor(directory: Directory) -> str:
    cursor: str = directory.read("/Users?count=1&cursor=")["nextCursor"]
    return cursor


def test_queries_stay_constant_as_the_account_grows(ready: Directory) -> None:
    """create, get, filter, list of 100, patch, group add: at 3 people and at 110"""
    ids = _fill(ready, 3)
    group = ready.push_group("grown", members=[{"value": each} for each in ids])
    numbers = iter(range(1_000))

    def measured(ids: list[str]) -> dict[str, int]:
        person = ready.push(**{"user_name": f"measured{next(numbers)}", "emails": ["m@x.example"]})["id"]
        user, members = f"/Users/{person}", [{"value": each} for each in [*ids, person]]
        return {
            "create": _count(lambda: ready.post("/Users", _person(next(numbers)))),
            "get": _count(lambda: ready.get(user)),
            "filter": _count(lambda: ready.get('/Users?filter=userName eq "filler1"')),
            "filter by address": _count(lambda: ready.get('/Users?filter=emails.value eq "f1@x.example"')),
            "list": _count(lambda: ready.get("/Users?count=100")),
            "deep page": _count(lambda: ready.get("/Users?count=2&startIndex=3")),
            "page by cursor": _count(lambda: ready.get(f"/Users?count=1&cursor={_next_cursor(ready)}")),
            "groups": _count(lambda: ready.get("/Groups?count=100")),
            "title": _count(lambda: ready.patch(user, {"op": "add", "path": "title", "value": "x"})),
            "leave": _count(lambda: ready.patch(user, {"op": "add", "path": "active", "value": False})),
            "put": _count(lambda: ready.put(user, {"userName": f"renamed{next(numbers)}"})),
            "add": _count(
                lambda: ready.patch(
                    f"/Groups/{group['id']}", {"op": "add", "path": "members", "value": members}
                )
            ),
            "remove": _count(
                lambda: ready.patch(
                    f"/Groups/{group['id']}", {"op": "remove", "path": "members", "value": members}
                )
            ),
        }

    few = measured(ids)
    many = measured([ready.push(f"later{n}", title="x")["id"] for n in range(107)])
    assert (
        few.pop("list") == 3
    )  # token, people with documents, groups: a short page says itself how many there are
    assert many.pop("list") == 4  # and the total
    # PostgreSQL gets a few members along with the rest of the change, and more of them in a statement of their own.
    assert many.pop("add") - few.pop("add") in (0, 1)
    assert few == many
    assert few["get"] == 2  # token, the person with document and groups
    assert few["filter"] == 2
    assert few["create"] <= 8


def test_members_are_never_loaded_to_add_one(ready: Directory) -> None:
    """P-8: the statements of adding a member name only that member"""
    ids = _fill(ready, 20)
    group = ready.push_group("large", members=[{"value": each} for each in ids])
    new = ready.push("new")["id"]
    add = {"op": "add", "path": "members", "value": [{"value": new}]}
    with CaptureQueriesContext(connection) as captured:
        assert ready.patch(f"/Groups/{group['id']}", add).status_code == 204
    statements = [each["sql"] for each in captured.captured_queries]
    reads = [sql for sql in statements if sql.startswith("SELECT") and "accounts_groupmembership" in sql]
    assert reads
    assert all(new.replace("-", "") in sql.replace("-", "") for sql in reads)
