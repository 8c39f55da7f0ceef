"""Every address of the SCIM server with every method: an answer in SCIM's form, never a failure (P-8, P-9)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.urls import URLPattern
from hypothesis import given
from hypothesis import strategies as st

from scim.urls import urlpatterns
from tests.scim.directory import Directory, error_of
from tests.scim.examples import tries
from tests.scim.hostile_input import OBJECTS, PATCHES, VALUES

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"]
_NAMES = sorted(
    {
        str(each.pattern)
        for each in urlpatterns
        if isinstance(each, URLPattern) and "v2" not in str(each.pattern)
    }
)
_PARTS = ("<str:resource_id>", "<str:name>", "<path:unknown>")


def _path(pattern: str, key: str) -> str:
    path = "/" + pattern
    for part in _PARTS:
        path = path.replace(part, key)
    assert "<" not in path, pattern
    return path.removeprefix("/api/scim")


def _sane(response: Any) -> None:
    assert response.status_code < 500 or response.status_code == 501, response.content
    assert "Traceback" not in response.content.decode(errors="replace")
    if response.status_code >= 400 and response.content:
        error_of(response)
    elif response.content:
        json.loads(response.content)


@pytest.mark.parametrize("method", METHODS)
def test_every_address_answers_every_method(directory: Directory, method: str) -> None:
    """P-8: with a body that fits nowhere, and without a token nothing but 401"""
    ada = directory.push("ada")["id"]
    assert len(_NAMES) > 10
    for pattern in _NAMES:
        if not pattern.startswith("api/scim"):
            continue
        for key in (ada, "nonsense"):
            _sane(directory.send(method, _path(pattern, key), {"Operations": [{"op": "remove"}]}))
        stranger = directory.send(method, _path(pattern, ada), authorization="Bearer no-such-token")
        assert stranger.status_code == 401, pattern


@tries(60)
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE"]),
    pattern=st.sampled_from([each for each in _NAMES if each.startswith("api/scim")]),
    body=st.one_of(OBJECTS, PATCHES, VALUES),
    known=st.booleans(),
)
def test_no_body_at_any_address_makes_the_server_fail(
    directory: Directory, method: str, pattern: str, body: Any, known: bool
) -> None:
    """P-9, V-21"""
    key = "nonsense"
    if known:
        endpoint = "/Groups" if "Groups" in pattern else "/Users"
        found = directory.read(endpoint)["Resources"]
        made = (
            found[0]
            if found
            else directory.push("ada")
            if endpoint == "/Users"
            else directory.push_group("g")
        )
        key = made["id"]
    _sane(directory.send(method, _path(pattern, key), body))
