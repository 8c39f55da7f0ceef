"""What strangers may cause is bounded, and what they are told when it is too much (V-21)."""

from __future__ import annotations

import base64
import re
import zlib
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from foundation.secret_tokens import digest
from sso import attempts, password
from sso.models import ParkedAnswer, SignInAttempt
from tests.journeys.conftest import Company
from tests.journeys.person_browser import Page, PersonBrowser
from tests.journeys.seen import OIDC, SAML, refused_for


def from_address(address: str, path: str) -> Page:
    answer = Client(headers={"host": "localhost:8000"}, REMOTE_ADDR=address).get(path)
    return Page(path, answer.status_code, answer.content.decode(), dict(answer.headers))


@pytest.mark.parametrize("start", [SAML, OIDC], ids=["saml", "oidc"])
def test_address_that_begins_too_many_sign_ins_has_to_wait(
    acme: Company, monkeypatch: pytest.MonkeyPatch, start: str
) -> None:
    monkeypatch.setattr(attempts, "ATTEMPTS_PER_ADDRESS", 3)
    assert [from_address("203.0.113.7", start).status for _ in range(3)] == [302] * 3
    refused = from_address("203.0.113.7", start)
    assert refused.status == 429
    assert refused_for(refused) == "attempt.too_many"
    assert SignInAttempt.objects.count() == 3
    assert from_address("203.0.113.8", start).status == 302


def test_line_with_many_addresses_counts_as_one(acme: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "ATTEMPTS_PER_ADDRESS", 3)
    statuses = [from_address(f"2001:db8:1:2::{number}", SAML).status for number in range(1, 6)]
    assert statuses == [302, 302, 302, 429, 429]
    assert from_address("2001:db8:1:3::1", SAML).status == 302


def test_attempt_takes_a_handful_of_answers_and_no_more(acme: Company, browser: PersonBrowser) -> None:
    at_provider = browser.open(SAML)
    statuses = []
    for _ in range(attempts.ANSWERS_PER_ATTEMPT + 2):
        answer = browser.submit(at_provider, fresh=True, person="mia@acme.example")
        statuses.append(browser.submit(answer, follow=False).status)
    assert statuses == [303] * attempts.ANSWERS_PER_ATTEMPT + [429] * 2
    assert ParkedAnswer.objects.count() == attempts.ANSWERS_PER_ATTEMPT


def test_address_that_tries_too_many_passwords_has_to_wait(
    acme: Company, browser: PersonBrowser, monkeypatch: pytest.MonkeyPatch, settings: object
) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # type: ignore[attr-defined]
    monkeypatch.setattr(password, "PASSWORDS_PER_ADDRESS", 3)
    pages = [
        browser.post("/login/acme/", {"user_name": f"guess{number}@acme.example", "password": "x"})
        for number in range(5)
    ]
    assert [page.status for page in pages] == [401, 401, 401, 429, 429]
    assert refused_for(pages[-1]) == "attempt.too_many"


def test_address_a_stranger_claims_to_come_from_counts_for_nothing(
    acme: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    # no trusted proxy is configured, so X-Forwarded-For is text
    monkeypatch.setattr(attempts, "ATTEMPTS_PER_ADDRESS", 2)
    client = Client(headers={"host": "localhost:8000"}, REMOTE_ADDR="203.0.113.7")
    answers = [client.get(SAML, headers={"x-forwarded-for": f"198.51.100.{number}"}) for number in range(4)]
    assert [answer.status_code for answer in answers] == [302, 302, 429, 429]
    assert set(SignInAttempt.objects.values_list("address", flat=True)) == {"203.0.113.7"}


def test_cookie_of_a_sign_in_is_host_bound_and_secure_over_https(acme: Company, settings: object) -> None:
    # V-7, V-16
    settings.BROKER_BASE_URL = "https://login.broker.example"  # type: ignore[attr-defined]
    answer = Client(headers={"host": "login.broker.example"}).get(SAML)
    assert answer.status_code == 302
    cookie = answer.cookies["__Host-broker-browser"]
    assert cookie["secure"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["path"] == "/"
    assert cookie["domain"] == ""
    assert set(answer.cookies) == {"__Host-broker-browser"}


def test_what_names_a_sign_in_and_what_binds_it_are_unrelated(acme: Company) -> None:
    # V-16
    browser = Client(headers={"host": "localhost:8000"})
    seen: list[str] = []
    for start in (OIDC, SAML):
        left = browser.get(start)
        asked = parse_qs(urlsplit(left["Location"]).query)
        request = zlib.decompress(base64.b64decode(asked["SAMLRequest"][0]), -15) if start == SAML else b""
        seen += [
            *asked.get("state", []),
            *asked.get("RelayState", []),
            *asked.get("nonce", []),
            left["X-Track-Id"],
        ]
        seen += re.findall(r'\bID="_([^"]+)"', request.decode())
    secret = browser.cookies["broker-browser"].value
    assert len(base64.urlsafe_b64decode(secret + "=")) * 8 == 256
    seen.append(secret)
    assert len(seen) == 7  # state, nonce, track ID; RelayState, track ID, request ID; the cookie
    bare = [re.sub("[-_]", "", value).lower() for value in seen]
    assert not [(one, two) for one in bare for two in bare if one is not two and one in two]
    stored = " ".join(str(row) for row in SignInAttempt.objects.values())
    assert secret not in stored
    assert digest(secret) in stored
