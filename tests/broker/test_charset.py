"""The charset of a Content-Type: anybody can name any, on every address."""

from __future__ import annotations

import json
from io import BytesIO
from urllib.parse import quote

import pytest
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.test import RequestFactory

from tests.scim.directory import Directory, new_directory

_ADA = quote('userName eq "ada"')
CHARSETS = ["hex", "rot13", "idna", "punycode", "undefined", "unicode_escape", "utf-16", "nonsense", "utf-8"]


def _served(method: str, path: str, charset: str, token: str = "") -> HttpResponseBase:
    """Have a request answered by what gunicorn serves, but for the signals that end a test's connection."""
    from broker.wsgi import application  # loads the apps, which pytest has to do first

    address, _, query = path.partition("?")
    declared = f"application/json; charset={charset}"
    environ = RequestFactory().generic(method, address, b"{}", content_type=declared).environ
    environ |= {"QUERY_STRING": query, "wsgi.input": BytesIO(b"{}")}
    environ |= {"HTTP_HOST": "localhost:8000", "HTTP_AUTHORIZATION": f"Bearer {token}"}
    return application.get_response(application.request_class(environ))


@pytest.fixture
def directory(db: None) -> Directory:
    return new_directory("acme")


@pytest.mark.parametrize("charset", CHARSETS)
def test_no_charset_makes_a_page_fail(db: None, charset: str) -> None:  # V-21
    for path in ("/login/?next=%5Cud800", "/nothing/here?a=%ff", "/oauth/token?a=1"):
        assert _served("GET", path, charset).status_code < 500
        assert _served("POST", path, charset).status_code < 500


@pytest.mark.parametrize("charset", CHARSETS)
def test_charset_of_the_body_says_nothing_about_the_query(directory: Directory, charset: str) -> None:  # P-10
    directory.push("ada")
    path = f"/api/scim/Users?filter={_ADA}"
    found = _served("GET", path, charset, directory.token)
    assert isinstance(found, HttpResponse)
    assert json.loads(found.content)["totalResults"] == 1
    assert _served("GET", "/api/scim/Users?sortBy=%5Cud800", charset, directory.token).status_code == 400
