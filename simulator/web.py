"""The little of HTTP that the simulator needs on top of WSGI: a request, a response, strict form parsing.

No cookies are read or set. Bodies are limited to 1 MiB and must be ``application/x-www-form-urlencoded`` in
UTF-8. Every response carries the same headers: no framing, no caching, own styles and script only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from simulator.errors import Refused

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

MAX_BODY = 1024 * 1024
MAX_FIELDS = 500
JSON_PREFIX = "/graph/"  # everything else takes forms
_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

# No form-action: browsers apply it to redirects after a POST too, and an identity provider posts and
# redirects elsewhere.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src data:; "
    "base-uri 'none'; frame-ancestors 'none'"
)
COMMON_HEADERS = (
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", CONTENT_SECURITY_POLICY),
    ("Referrer-Policy", "same-origin"),
    ("X-Content-Type-Options", "nosniff"),
)


@dataclass(frozen=True)
class Params:
    """Names and values of a query or form, in order, repeats kept."""

    pairs: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, text: str) -> Params:
        try:
            pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
        except (ValueError, UnicodeDecodeError) as error:
            raise Refused("AADSTS90015", "The query string or form cannot be read.") from error
        if any(_NOT_XML.search(value) for pair in pairs for value in pair):
            raise Refused("AADSTS90107", "A parameter holds a control character.")
        return cls(tuple(pairs))

    def one(self, name: str) -> str | None:
        """The first value, or None when the name is absent."""
        return next((value for key, value in self.pairs if key == name), None)

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.pairs if key == name]

    def __contains__(self, name: str) -> bool:
        return any(key == name for key, _ in self.pairs)

    def repeated(self) -> str | None:
        """A name that occurs more than once, or None."""
        seen: set[str] = set()
        for key, _ in self.pairs:
            if key in seen:
                return key
            seen.add(key)
        return None


@dataclass(frozen=True)
class Request:
    """One HTTP request. ``headers`` has lower-case names."""

    method: str
    path: str
    query_string: str = ""
    query: Params = Params()
    form: Params = Params()
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""  # of a POST that is no form

    @classmethod
    def read(cls, environ: WSGIEnvironment) -> Request:
        headers = {
            key[5:].replace("_", "-").lower(): value for key, value in environ.items() if key[:5] == "HTTP_"
        }
        query_string = environ.get("QUERY_STRING", "")
        form, body = Params(), b""
        if environ["REQUEST_METHOD"] == "POST" and environ.get("PATH_INFO", "").startswith(JSON_PREFIX):
            body = _read_body(environ)
        elif environ["REQUEST_METHOD"] == "POST":
            form = Params.parse(_read_form(environ))
        return cls(
            method=environ["REQUEST_METHOD"],
            path=environ.get("PATH_INFO", "/"),
            query_string=query_string,
            query=Params.parse(query_string),
            form=form,
            headers=headers,
            body=body,
        )

    def is_from_own_page(self, base_url: str) -> bool:
        """Whether a POST comes from a page of the simulator or from a client that is not a browser."""
        site = self.headers.get("sec-fetch-site")
        if site is not None:
            return site in {"same-origin", "none"}
        origin = self.headers.get("origin")
        return origin is None or origin == base_url


@dataclass(frozen=True)
class Response:
    """One HTTP response, sent with ``COMMON_HEADERS`` added."""

    body: bytes = b""
    status: int = 200
    content_type: str = "text/html; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()

    def send(self, start_response: StartResponse) -> Iterable[bytes]:
        headers = [("Content-Type", self.content_type), ("Content-Length", str(len(self.body)))]
        phrase = HTTPStatus(self.status).phrase
        start_response(f"{self.status} {phrase}", [*headers, *COMMON_HEADERS, *self.headers])
        return [self.body]


def html(text: str, status: int = 200) -> Response:
    return Response(text.encode(), status)


def json_response(value: object, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> Response:
    return Response(json.dumps(value, indent=1).encode(), status, "application/json", headers)


def redirect(url: str) -> Response:
    """303, so that a POST is followed by a GET."""
    return Response(b"", 303, headers=(("Location", url),))


def host_is_expected(host: str, base_url: str) -> bool:
    """Whether the Host header names this machine or the configured base URL: keeps DNS rebinding out."""
    try:
        name = urlsplit(f"//{host}").hostname
    except ValueError:
        return False
    return name in {"localhost", "127.0.0.1", urlsplit(base_url).hostname}


def _read_form(environ: WSGIEnvironment) -> str:
    kind = environ.get("CONTENT_TYPE", "").split(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise Refused("AADSTS900144", "The body must be application/x-www-form-urlencoded.", 415)
    try:
        return _read_body(environ).decode("ascii")
    except UnicodeDecodeError as error:
        raise Refused("AADSTS90004", "The form is not URL-encoded.") from error


def _read_body(environ: WSGIEnvironment) -> bytes:
    try:
        length = int(environ.get("CONTENT_LENGTH") or 0)
    except ValueError as error:
        raise Refused("AADSTS90004", "Content-Length is not a number.") from error
    if not 0 <= length <= MAX_BODY:
        raise Refused("AADSTS90015", "The body is too large.", 413)
    body: bytes = environ["wsgi.input"].read(length)
    return body
