"""A directory reads people back: lists, pages, order, chosen attributes, versions (P-10)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.scim.directory import CORE, ENTERPRISE, Directory, error_of


def _names(found: Any) -> list[str]:
    return [each["userName"] for each in found["Resources"]]


@pytest.fixture
def five(directory: Directory) -> Directory:
    for name in ("dora", "Ada", "carl", "bob", "eve"):
        directory.push(name)
    return directory


def test_pages_are_stable_whatever_the_start_and_totals_are_true(five: Directory) -> None:
    """P-10: a start that is no multiple of the count is a trap"""
    everyone = _names(five.read("/Users"))
    assert len(everyone) == 5
    for start in range(1, 6):
        page = five.read(f"/Users?startIndex={start}&count=2")
        assert _names(page) == everyone[start - 1 : start + 1]
        assert (page["totalResults"], page["startIndex"]) == (5, start)
        assert page["itemsPerPage"] == len(page["Resources"])


@pytest.mark.parametrize(
    ("query", "start", "items"),
    [
        ("startIndex=0", 1, 5),
        ("startIndex=-7&count=2", 1, 2),
        ("count=0", 1, 0),
        ("count=-1", 1, 0),
        ("startIndex=6", 6, 0),
        ("startIndex=999999999999999999", 999999999999999999, 0),
        ("count=100000", 1, 5),
        ("startIndex=&count=", 1, 5),
    ],
)
def test_edges_of_paging(five: Directory, query: str, start: int, items: int) -> None:
    """P-10, RFC 7644 §3.4.2.4"""
    page = five.read(f"/Users?{query}")
    assert (page["startIndex"], page["itemsPerPage"], page["totalResults"]) == (start, items, 5)


@pytest.mark.parametrize(
    "query", ["startIndex=one", "count=1.5", "count=1_0", "startIndex=9999999999999999999999"]
)
def test_paging_that_is_no_number_is_refused(directory: Directory, query: str) -> None:
    """P-10"""
    assert error_of(directory.get(f"/Users?{query}"))["scimType"] == "invalidValue"


def test_lists_are_sorted_without_case(five: Directory) -> None:
    """P-10"""
    assert _names(five.read("/Users?sortBy=userName")) == ["Ada", "bob", "carl", "dora", "eve"]
    assert _names(five.read("/Users?sortBy=USERNAME&sortOrder=descending"))[0] == "eve"


def test_people_without_the_value_come_last_or_first_when_descending(directory: Directory) -> None:
    """P-10, RFC 7644 §3.4.2.3"""
    directory.push("none")
    directory.push(
        "b", title="Baker", emails=[{"value": "z@x.example"}, {"value": "a@x.example", "primary": True}]
    )
    directory.push("a", title="Actor", displayName="Q", emails=[{"value": "b@x.example"}])
    for key in ("title", "emails", "emails.value"):
        assert _names(directory.read(f"/Users?sortBy={key}"))[2] == "none"
        assert _names(directory.read(f"/Users?sortBy={key}&sortOrder=descending"))[0] == "none"
    assert _names(directory.read("/Users?sortBy=title")) == ["a", "b", "none"]
    assert _names(directory.read("/Users?sortBy=emails")) == ["b", "a", "none"]
    assert _names(directory.read("/Users?sortBy=displayName"))[0] == "a"
    assert _names(directory.read("/Users?sortBy=meta.created")) == ["none", "b", "a"]


def test_order_that_does_not_exist_is_refused_rather_than_ignored(directory: Directory) -> None:
    """P-10"""
    assert error_of(directory.get("/Users?sortBy=shoeSize"))["scimType"] == "invalidPath"
    assert error_of(directory.get("/Users?sortBy=userName&sortOrder=sideways"))["scimType"] == "invalidValue"


def test_only_the_attributes_asked_for_are_returned(directory: Directory) -> None:
    """P-10, RFC 7644 §3.9"""
    made = directory.push(
        "ada",
        title="T",
        name={"givenName": "A", "familyName": "B"},
        **{ENTERPRISE: {"department": "D", "division": "V"}},
    )
    path = f"/Users/{made['id']}"
    assert set(directory.read(f"{path}?attributes=userName")) == {"schemas", "id", "userName"}
    assert directory.read(f"{path}?attributes=name.givenName")["name"] == {"givenName": "A"}
    shown = directory.read(f"{path}?attributes=USERNAME,{CORE}:title,{ENTERPRISE}:department,nonsense")
    assert set(shown) == {"schemas", "id", "userName", "title", ENTERPRISE}
    assert shown[ENTERPRISE] == {"department": "D"}
    assert directory.read(f"{path}?attributes={ENTERPRISE}")[ENTERPRISE] == {
        "department": "D",
        "division": "V",
    }


def test_excluded_attributes_are_left_out_but_never_the_id(directory: Directory) -> None:
    """P-10, RFC 7644 §3.9"""
    made = directory.push("ada", title="T", name={"givenName": "A", "familyName": "B"})
    shown = directory.read(f"/Users/{made['id']}?excludedAttributes=title,name.givenName,id,schemas,meta")
    assert set(shown) == {"schemas", "id", "userName", "name", "active"}
    assert shown["name"] == {"familyName": "B"}
    both = directory.get("/Users?attributes=userName&excludedAttributes=title")
    assert error_of(both)["scimType"] == "invalidValue"


def test_search_by_post_answers_like_the_list(five: Directory) -> None:
    """P-10, RFC 7644 §3.4.3"""
    response = five.post(
        "/Users/.search",
        {
            "filter": 'userName co "a"',
            "sortBy": "userName",
            "startIndex": 2,
            "count": 1,
            "attributes": ["userName"],
        },
    )
    found = json.loads(response.content)
    assert (found["totalResults"], _names(found)) == (3, ["carl"])
    assert set(found["Resources"][0]) == {"schemas", "id", "userName"}


def test_unchanged_resource_is_not_sent_twice(directory: Directory) -> None:
    """P-10, RFC 7644 §3.14"""
    made = directory.push("ada")
    path, tag = f"/Users/{made['id']}", made["meta"]["version"]
    assert tag.startswith('W/"')
    unchanged = directory.get(path, if_none_match=tag)
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    directory.patch(path, {"op": "add", "path": "title", "value": "Dr"})
    assert directory.get(path, if_none_match=tag).status_code == 200


def test_stale_writer_is_refused_and_changes_nothing(directory: Directory) -> None:
    """P-8: 412"""
    made = directory.push("ada", title="old")
    path, tag = f"/Users/{made['id']}", made["meta"]["version"]
    assert (
        directory.patch(path, {"op": "add", "path": "title", "value": "new"}, if_match=tag).status_code == 200
    )
    for response in (
        directory.patch(path, {"op": "add", "path": "title", "value": "lost"}, if_match=tag),
        directory.put(path, {"userName": "lost"}, if_match=tag),
        directory.delete(path, if_match=tag),
    ):
        assert response.status_code == 412
        error_of(response)
    now = directory.read(path)
    assert (now["userName"], now["title"]) == ("ada", "new")
    assert directory.delete(path, if_match=now["meta"]["version"]).status_code == 204


@pytest.mark.parametrize("unknown", ["nobody", "01890000-0000-7000-8000-000000000000", "%00", "..", "{}"])
def test_unknown_id_is_not_found(directory: Directory, unknown: str) -> None:
    """P-8"""
    assert error_of(directory.get(f"/Users/{unknown}"))["status"] == "404"


def test_methods_that_an_address_does_not_have_are_named(directory: Directory) -> None:
    """P-8"""
    response = directory.put("/Users", {})
    assert response.status_code == 405
    assert response.headers["Allow"] == "GET, HEAD, POST"
    error_of(response)
    assert directory.send("HEAD", "/Users").status_code == 200
    assert error_of(directory.get("/Nothing/here"))["status"] == "404"
