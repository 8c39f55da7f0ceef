"""Methods, headers and lengths of answers are as HTTP has them (RFC 9110; P-8)."""

from __future__ import annotations

import pytest

from tests.scim.directory import Directory, error_of


@pytest.mark.parametrize("path", ["/Users", "/Groups", "/Users/{}", "/ServiceProviderConfig", "/Schemas"])
def test_head_is_get_without_its_body(directory: Directory, path: str) -> None:
    """RFC 9110 §9.3.2"""
    path = path.format(directory.push("ada")["id"])
    shown, head = directory.get(path), directory.send("HEAD", path)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("Content-Type", "Content-Length", "ETag", "Location"):
        assert head.headers.get(name) == shown.headers.get(name)
    assert shown.headers["Content-Length"] == str(len(shown.content))
    assert directory.send("HEAD", "/Users/nobody").status_code == 404


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/Users", "GET, HEAD, POST"),
        ("/Users/x", "DELETE, GET, HEAD, PATCH, PUT"),
        ("/Users/.search", "POST"),
        ("/Bulk", "POST"),
        ("/.search", "POST"),
        ("/Schemas", "GET, HEAD"),
    ],
)
def test_method_that_is_not_possible_names_those_that_are(
    directory: Directory, path: str, allowed: str
) -> None:
    """P-8: 405"""
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY"} - set(
        allowed.split(", ")
    ):
        response = directory.send(method, path, {})
        assert (response.status_code, response.headers["Allow"]) == (405, allowed), method
        error_of(response)


def test_answers_without_content_have_no_length(directory: Directory) -> None:
    """RFC 9110 §8.6"""
    ada = directory.push("ada")
    path = f"/Users/{ada['id']}"
    unchanged = directory.get(path, if_none_match=ada["meta"]["version"])
    gone = directory.delete(path)
    assert [unchanged.status_code, gone.status_code] == [304, 204]
    for response in (unchanged, gone):
        assert response.content == b""
        assert "Content-Length" not in response.headers
