"""No input makes the server fail (P-9, V-21): wrong JSON, wrong types, too much, and whatever hypothesis thinks of."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scim import limits
from tests.scim.directory import Directory, error_of
from tests.scim.hostile_input import OBJECTS, PATCHES, QUERIES


@pytest.mark.parametrize(
    ("body", "status", "scim_type"),
    [
        (b"{", 400, "invalidSyntax"),
        (b"[]", 400, "invalidSyntax"),
        (b'"ada"', 400, "invalidSyntax"),
        (b"\xff\xfe", 400, "invalidSyntax"),
        (b'{"userName": "a", "userName": "b"}', 400, "invalidSyntax"),
        (b'{"userName": NaN}', 400, "invalidSyntax"),
        (b'{"userName": "a", "urn:x:y": {"z": 1e999}}', 400, "invalidSyntax"),
        (b'{"userName": "a\\u0000"}', 400, "invalidSyntax"),
        (b'{"userName": "\\ud800"}', 400, "invalidSyntax"),
        (b'{"userName": "a", "urn:x:y": ' + b'{"a":' * 25 + b"1" + b"}" * 25 + b"}", 400, "invalidSyntax"),
        (b'{"a":' * 5_000 + b"1" + b"}" * 5_000, 400, "invalidSyntax"),
        (b"[" * 100_000, 400, "invalidSyntax"),
        (b"", 400, "invalidSyntax"),
        (b'{"userName": "' + b"a" * limits.BODY_BYTES + b'"}', 413, None),
    ],
    ids=range(14),
)
@pytest.mark.parametrize("path", ["/Users", "/Groups", "/Users/.search"])
def test_body_that_is_no_message_is_refused(
    directory: Directory, path: str, body: bytes, status: int, scim_type: str | None
) -> None:
    """P-8, V-21"""
    response = directory.send("POST", path, body)
    assert response.status_code == status
    assert error_of(response).get("scimType") == scim_type
    assert directory.read("/Users")["totalResults"] == 0


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]
)
def test_body_that_is_not_declared_as_json_is_refused(directory: Directory, content_type: str) -> None:
    """P-8: 415"""
    response = directory.post("/Users", {"userName": "ada"}, content_type=content_type)
    assert response.status_code == 415
    error_of(response)


def test_more_parameters_than_anybody_needs_are_refused(directory: Directory) -> None:
    """V-21"""
    response = directory.get(f"/Users?{'&'.join(f'a{number}=1' for number in range(2_001))}")
    assert response.status_code == 400
    error_of(response)


def test_more_operations_than_a_patch_may_hold_are_refused(directory: Directory) -> None:
    """V-21"""
    made = directory.push("ada")
    operation = {"op": "replace", "path": "title", "value": "x"}
    assert directory.patch(f"/Users/{made['id']}", *[operation] * 1_001).status_code == 413


_FUZZ = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def _sane(response: Any) -> None:
    assert response.status_code < 500, response.content
    if response.status_code >= 400:
        error_of(response)


@_FUZZ
@given(body=OBJECTS, endpoint=st.sampled_from(["/Users", "/Groups", "/Users/.search", "/Groups/.search"]))
def test_no_body_makes_a_creation_fail(directory: Directory, body: dict[str, Any], endpoint: str) -> None:
    """P-9"""
    _sane(directory.post(endpoint, body))
    _sane(directory.post(endpoint, body | {"userName": "ada", "displayName": "ada"}))


@_FUZZ
@given(body=OBJECTS, patch=PATCHES, endpoint=st.sampled_from(["/Users", "/Groups"]))
def test_no_body_makes_a_change_fail(
    directory: Directory, body: dict[str, Any], patch: dict[str, Any], endpoint: str
) -> None:
    """P-9"""
    found = directory.read(endpoint)["Resources"]
    resource = (
        found[0] if found else (directory.push("ada") if endpoint == "/Users" else directory.push_group("g"))
    )
    path = f"{endpoint}/{resource['id']}"
    _sane(directory.send("PATCH", path, patch))
    _sane(directory.put(path, body))
    shown = directory.read(path)
    assert "password" not in json.dumps(shown).lower()


@_FUZZ
@given(query=QUERIES, endpoint=st.sampled_from(["/Users", "/Groups", "/Schemas"]))
def test_no_query_makes_a_list_fail(directory: Directory, query: dict[str, str], endpoint: str) -> None:
    """P-10"""
    text = "&".join(f"{key}={quote(value, errors='replace')}" for key, value in query.items())
    _sane(directory.get(f"{endpoint}?{text}"))


@_FUZZ
@given(
    path=st.text(max_size=20), method=st.sampled_from(["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
)
def test_no_address_makes_the_server_fail(directory: Directory, path: str, method: str) -> None:
    """P-9"""
    _sane(directory.send(method, f"/Users/{quote(path, safe='', errors='replace')}", {"Operations": []}))
