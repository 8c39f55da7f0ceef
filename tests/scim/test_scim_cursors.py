"""A directory reads a large account page by page with cursors (P-10, RFC 9865)."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
import time_machine
from django.utils import timezone

from tests.scim.directory import Directory, error_of

NAMES = ("dora", "Ada", "carl", "bob", "eve", "fay", "gus")
UNRESERVED = re.compile(r"[A-Za-z0-9._~-]+")  # RFC 9865 §2


def walk(directory: Directory, query: str = "", endpoint: str = "/Users", count: int = 2) -> list[Any]:
    """Return all pages, following the cursors."""
    pages = [directory.read(f"{endpoint}?cursor=&count={count}{query}")]
    while cursor := pages[-1].get("nextCursor"):
        assert UNRESERVED.fullmatch(cursor)
        assert len(pages) < 20
        pages.append(directory.read(f"{endpoint}?cursor={cursor}&count={count}{query}"))
    return pages


def names(pages: list[Any]) -> list[str]:
    return [each["userName"] for page in pages for each in page["Resources"]]


@pytest.fixture
def seven(directory: Directory, other: Directory) -> Directory:
    for name in NAMES:
        directory.push(name, title="Boss" if name in ("bob", "eve") else "")
        other.push(name)
    return directory


def test_every_person_comes_once_and_the_last_page_has_no_cursor(seven: Directory) -> None:
    """P-10"""
    pages = walk(seven)
    assert names(pages) == list(NAMES)
    assert [page["itemsPerPage"] for page in pages] == [2, 2, 2, 1]
    assert {page["totalResults"] for page in pages} == {7}
    assert all("startIndex" not in page for page in pages)


def test_a_list_that_ends_with_its_page_has_no_further_one(seven: Directory) -> None:
    """P-10"""
    assert len(walk(seven, count=7)) == 1
    assert len(walk(seven, "&filter=" + quote('userName eq "nobody"'))) == 1


def test_a_client_that_names_no_method_pages_by_index(seven: Directory) -> None:
    """P-10: defaultPaginationMethod"""
    assert seven.read("/ServiceProviderConfig")["pagination"]["defaultPaginationMethod"] == "index"
    assert "nextCursor" not in seven.read("/Users?count=2")


@pytest.mark.parametrize(
    "sort_by",
    [
        "userName",
        "title",
        "id",
        "meta.created",
        "meta.lastModified",
        "active",
        "displayName",
        "emails.value",
        "emails.primary",
        "externalId",
    ],
)
@pytest.mark.parametrize("order", ["ascending", "descending"])
def test_sorted_pages_by_cursor_are_those_by_index(seven: Directory, sort_by: str, order: str) -> None:
    """P-10: with and without values, several alike"""
    seven.push("hal", displayName="hal", emails=[{"value": "h@x.example", "primary": True}], externalId="1")
    seven.push("ida", displayName="Ida", emails=[{"value": "i@x.example"}], externalId="2", active=False)
    query = f"&sortBy={sort_by}&sortOrder={order}"
    whole = seven.read(f"/Users?count=100{query}")
    assert names(walk(seven, query)) == names([whole])
    assert len(names([whole])) == 9


def test_a_cursor_stays_with_its_filter(seven: Directory) -> None:
    """P-10"""
    query = "&filter=" + quote('userName co "a"')
    assert sorted(names(walk(seven, query, count=1))) == ["Ada", "carl", "dora", "fay"]
    cursor = seven.read(f"/Users?cursor=&count=1{query}")["nextCursor"]
    assert error_of(seven.get(f"/Users?cursor={cursor}&count=1"))["scimType"] == "invalidCursor"


def test_people_who_come_and_go_shift_no_page(seven: Directory) -> None:
    """P-10: what an index can't do"""
    first = seven.read("/Users?cursor=&count=3")
    seven.delete(f"/Users/{first['Resources'][0]['id']}")
    seven.push("zoe")
    second = seven.read(f"/Users?cursor={first['nextCursor']}&count=100")
    assert names([second]) == ["bob", "eve", "fay", "gus", "zoe"]


def test_the_count_may_change_between_pages(seven: Directory) -> None:
    """P-10"""
    first = seven.read("/Users?cursor=&count=1")
    assert names([seven.read(f"/Users?cursor={first['nextCursor']}&count=5")]) == list(NAMES[1:6])


def test_groups_page_by_cursor_too(directory: Directory) -> None:
    """P-10"""
    for number in range(5):
        directory.push_group(f"group {number}")
    pages = walk(directory, "&sortBy=displayName&sortOrder=descending", "/Groups")
    assert [each["displayName"] for page in pages for each in page["Resources"]] == [
        f"group {number}" for number in (4, 3, 2, 1, 0)
    ]


def test_a_search_by_post_pages_by_cursor(seven: Directory) -> None:
    """P-10: RFC 9865 §3"""
    first = seven.post("/Users/.search", {"cursor": "", "count": 6}).json()
    second = seven.post("/Users/.search", {"cursor": first["nextCursor"], "count": 6}).json()
    assert names([first, second]) == list(NAMES)
    assert "nextCursor" not in second


def test_a_cursor_that_waited_too_long_has_expired(seven: Directory) -> None:
    """P-10: RFC 9865 §2.2"""
    cursor = seven.read("/Users?cursor=&count=2")["nextCursor"]
    seconds = seven.read("/ServiceProviderConfig")["pagination"]["cursorTimeout"]
    with time_machine.travel(timezone.now() + timedelta(seconds=seconds - 5), tick=False):
        assert seven.get(f"/Users?cursor={cursor}&count=2").status_code == 200
    with time_machine.travel(timezone.now() + timedelta(seconds=seconds + 5), tick=False):
        error = error_of(seven.get(f"/Users?cursor={cursor}&count=2"))
    assert (error["status"], error["scimType"]) == ("400", "expiredCursor")


def test_a_cursor_of_another_account_or_endpoint_is_none(seven: Directory, other: Directory) -> None:
    """P-6"""
    cursor = seven.read("/Users?cursor=&count=2")["nextCursor"]
    assert seven.get(f"/Users?cursor={cursor}").status_code == 200
    assert error_of(other.get(f"/Users?cursor={cursor}"))["scimType"] == "invalidCursor"
    assert error_of(seven.get(f"/Groups?cursor={cursor}"))["scimType"] == "invalidCursor"


def test_a_cursor_tells_nothing(seven: Directory) -> None:
    """P-6: what a list was sorted by may be a person's name"""
    import base64

    cursor = seven.read("/Users?cursor=&count=2&sortBy=userName")["nextCursor"]
    assert b"bob" not in base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))


@pytest.mark.parametrize("cursor", ["x", "%00", "ü", "a" * 5000, "gAAAAA", "==", "null", "../..", "1;drop"])
def test_a_made_up_cursor_is_refused(directory: Directory, cursor: str) -> None:
    """P-10: RFC 9865 §2.2"""
    error = error_of(directory.get(f"/Users?cursor={quote(cursor)}"))
    assert (error["status"], error["scimType"]) == ("400", "invalidCursor")


def test_a_changed_cursor_is_refused(seven: Directory) -> None:
    """P-10"""
    cursor = seven.read("/Users?cursor=&count=2")["nextCursor"]
    middle = len(cursor) // 2
    changed = cursor[:middle] + ("A" if cursor[middle] != "A" else "B") + cursor[middle + 1 :]
    assert error_of(seven.get(f"/Users?cursor={changed}"))["scimType"] == "invalidCursor"


def test_cursor_and_index_together_are_refused(seven: Directory) -> None:
    """P-10: RFC 9865 §2"""
    assert error_of(seven.get("/Users?cursor=&startIndex=1"))["scimType"] == "invalidValue"
