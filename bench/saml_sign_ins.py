"""Sign-ins as a browser makes them: the GET that begins one, the provider's POST, the GET that ends signed in.

``begin`` takes the address at the provider apart for what a response must answer; ``SignIn`` holds the two requests
that are measured, of which the second needs nothing from the first but the code in its redirect.
"""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode, urlsplit

from bench.load import Answer, Exchange, Plan
from bench.parties.party import PartyFailed
from bench.saml_responses import Asked, Provider

POST, CONTINUE = "POST", "continue"
_LOCATION = re.compile(rb"\r\nlocation: ([^\r\n]+)", re.IGNORECASE)
_BROWSER = re.compile(rb"\r\nset-cookie: +(broker-browser=[^;\r\n]+)", re.IGNORECASE)
_SESSION = re.compile(rb"\r\nset-cookie: +(?:__Host-)?session=[^;\r\n]+", re.IGNORECASE)
_CONTINUATION = re.compile(r"/sso/continue/\?code=[A-Za-z0-9_-]{43}\Z")
_ID = re.compile(rb' ID="([^"]+)"')

Ask = Callable[[bytes], Answer]


@dataclass(frozen=True, slots=True)
class Place:
    """Where the server listens, and the Redirect URL's path."""

    port: int
    path: str

    def request(self, method: str, path: str, *, address: str, cookie: str = "", body: bytes = b"") -> bytes:
        """The bytes of a browser's request; ``address`` is the person's, as the proxy in front says it."""
        lines = [f"{method} {path} HTTP/1.1", f"Host: localhost:{self.port}", f"X-Forwarded-For: {address}"]
        lines += [
            "Accept: text/html,application/xhtml+xml",
            "Accept-Language: en",
            "User-Agent: Mozilla/5.0 (bench)",
        ]
        if cookie:
            lines.append(f"Cookie: {cookie}")
        if body:
            lines += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}"]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@dataclass(frozen=True, slots=True)
class SignIn:
    """One that began: everything until the person is signed in."""

    place: Place
    address: str
    cookie: str
    post: bytes

    def go_on(self, posted: Answer) -> bytes:
        """The same-site GET that the POST's answer leads to, with the cookie that the POST did not bring."""
        return self.place.request("GET", location_of(posted) or "/", address=self.address, cookie=self.cookie)


def begin(ask: Ask, place: Place, provider: Provider, number: int) -> SignIn:
    """Begin a sign-in of person ``number`` and sign the provider's answer to it."""
    address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    answer = ask(place.request("GET", place.path, address=address))
    cookie = _BROWSER.search(answer.head)
    if answer.status != 302 or cookie is None:
        raise PartyFailed(f"a sign-in did not begin: {answer.status} {answer.body[:500]!r}")
    query = parse_qs(urlsplit(location_of(answer)).query)
    request = zlib.decompress(base64.b64decode(query["SAMLRequest"][0]), -zlib.MAX_WBITS)
    found = _ID.search(request)
    if found is None:
        raise PartyFailed(f"an AuthnRequest without ID: {request[:300]!r}")
    asked = Asked(found[1].decode(), f"http://localhost:{place.port}{place.path}")
    message = base64.b64encode(provider.answer(number, asked)).decode()
    form = urlencode({"SAMLResponse": message, "RelayState": query["RelayState"][0]}).encode()
    post = place.request("POST", place.path, address=address, body=form)
    return SignIn(place, address, cookie[1].decode(), post)


def plan(sign_ins: Sequence[SignIn]) -> Plan:
    """One sign-in after the other."""
    for sign_in in sign_ins:
        posted = yield Exchange(sign_in.post, check_posted, POST)
        yield Exchange(sign_in.go_on(posted), check_signed_in, CONTINUE)


def location_of(answer: Answer) -> str:
    """Where an answer leads; empty if nowhere."""
    found = _LOCATION.search(answer.head)
    return found[1].decode() if found else ""


def check_posted(answer: Answer) -> str:
    """Right is the redirect to the continuation."""
    if answer.status == 303 and _CONTINUATION.match(location_of(answer)):
        return ""
    return f"POST: {answer.status} {location_of(answer)} {_said(answer)}"


def check_signed_in(answer: Answer) -> str:
    """Right is the redirect home with a session."""
    if answer.status == 302 and location_of(answer) == "/" and _SESSION.search(answer.head):
        return ""
    return f"continue: {answer.status} {location_of(answer)} {_said(answer)}"


def _said(answer: Answer) -> str:
    text = re.sub(rb"<[^>]+>|\s+", b" ", answer.body)
    return re.sub(r" +", " ", text.decode(errors="replace"))[:300]
