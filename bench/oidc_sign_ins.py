"""Sign-ins by the code flow as a browser makes them: away to the provider, and the callback that ends signed in.

``begin`` goes to the provider and comes back with its answer; what is measured is the one GET that brings it home.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from bench.load import Answer, Exchange, KeptOpen, Plan
from bench.parties.party import PartyFailed
from bench.saml_sign_ins import Place, location_of

CALLBACK = "callback"
_COOKIE = re.compile(rb"\r\nset-cookie: +([^=;\r\n]+=[^;\r\n]+)", re.IGNORECASE)
_SESSION = re.compile(rb"\r\nset-cookie: +(?:__Host-)?session(?:id)?=[^;\r\n]+", re.IGNORECASE)

Ask = Callable[[bytes], Answer]


@dataclass(frozen=True, slots=True)
class SignIn:
    """One that came back from the provider; ``callback`` is the request that is measured."""

    callback: bytes


def begin(ask: Ask, place: Place, provider: KeptOpen, number: int) -> SignIn:
    """Let person ``number`` choose the provider at ``place`` and sign in there."""
    address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    left = ask(place.request("GET", place.path, address=address))
    cookies = "; ".join(found.decode() for found in _COOKIE.findall(left.head))
    if left.status != 302 or not cookies:
        raise PartyFailed(f"a sign-in did not begin: {left.status} {left.body[:500]!r}")
    asked = urlsplit(location_of(left))
    line = f"GET {asked.path}?{asked.query}&person={number} HTTP/1.1\r\nHost: {asked.netloc}\r\n\r\n"
    answered = provider.ask(line.encode())
    home = urlsplit(location_of(answered))
    if answered.status != 302 or not home.query:
        raise PartyFailed(f"the provider did not answer: {answered.status} {answered.body[:500]!r}")
    path = f"{home.path}?{home.query}"
    return SignIn(place.request("GET", path, address=address, cookie=cookies))


def plan(sign_ins: Sequence[SignIn]) -> Plan:
    """One sign-in after the other."""
    for sign_in in sign_ins:
        yield Exchange(sign_in.callback, check_signed_in, CALLBACK)


def check_signed_in(answer: Answer) -> str:
    """Right is the redirect home with a session."""
    if answer.status == 302 and location_of(answer) == "/" and _SESSION.search(answer.head):
        return ""
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.body.decode(errors="replace")))
    return f"callback: {answer.status} {location_of(answer)} {text[:300]}"
