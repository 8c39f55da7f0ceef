"""Pushed authorization requests: nothing of what is asked travels through the browser (RFC 9126)."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import BuiltInAccountRole
from sso.models import Purpose, SignInAttempt, Stage, Vendor
from sso_oidc import protocol
from tests.foundation.local_server import answer
from tests.journeys.person_browser import PersonBrowser
from tests.journeys.test_connection_test import begin
from tests.sso_oidc.openid_world import (
    JWKS,
    LOGIN,
    PAR,
    ClientCheckingProvider,
    OpenIdWorld,
    last_code,
    last_detail,
)
from tests.worlds import add_person, sign_in

FLOWS = pytest.mark.parametrize("flow", ["code", "hybrid"])


@FLOWS
def test_request_is_pushed_where_the_provider_offers_it(idp: ClientCheckingProvider, flow: str) -> None:
    # RFC 9126 §2.1, §4: the browser carries client_id and request_uri only (``leave`` looks)
    idp.offer_pushed_requests()
    world = OpenIdWorld(idp, values={"flow": flow})
    world.come_back(world.leave(login_hint="ada@acme.example"))
    assert world.is_in
    [pushed] = idp.pushed.values()
    assert pushed["login_hint"] == "ada@acme.example"  # L-4
    assert {"state", "nonce", "code_challenge", "redirect_uri", "scope"} <= set(pushed)
    assert "request_uri" not in pushed  # RFC 9126 §2.1 forbids it


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"])
def test_pushing_is_authenticated_as_redeeming_is(idp: ClientCheckingProvider, method: str) -> None:
    # RFC 9126 §2
    idp.offer_pushed_requests(required=True)
    idp.method = method
    world = OpenIdWorld(idp, values={"client_authentication": method})
    idp.known_keys = world.browser.get(JWKS).json()
    world.sign_in()
    assert world.is_in
    assert len(idp.pushed) == 1
    assert [claims["aud"] for claims in idp.assertions] in ([], [idp.issuer, idp.issuer])


def test_entra_without_credential_pushes_as_a_public_client(idp: ClientCheckingProvider) -> None:
    # O-3's third way, should Entra ever offer this
    idp.offer_pushed_requests()
    idp.method = "none"
    world = OpenIdWorld(idp, Vendor.ENTRA, {"flow": "hybrid", "client_secret": ""})
    world.sign_in()
    assert world.is_in
    assert idp.count("/token") == 0


@pytest.mark.parametrize("offered", [True, False])
def test_nothing_is_pushed_where_it_is_switched_off_or_not_offered(
    idp: ClientCheckingProvider, offered: bool
) -> None:
    if offered:
        idp.offer_pushed_requests()
    world = OpenIdWorld(idp, values={"pushed_requests": not offered})
    world.sign_in()
    assert world.is_in
    assert idp.count(PAR) == 0


def test_provider_that_wants_nothing_else_is_not_asked_in_vain(idp: ClientCheckingProvider) -> None:
    # RFC 9126 §5; its twin is the test of authentication above
    idp.offer_pushed_requests(required=True)
    world = OpenIdWorld(idp, values={"pushed_requests": False})
    assert world.browser.get(LOGIN).status_code == 400
    assert last_code() == "oidc.pushed_request"
    assert "switched off" in last_detail()
    assert not SignInAttempt.objects.exists()


def test_provider_that_wants_pushed_requests_and_takes_none_is_refused(idp: ClientCheckingProvider) -> None:
    idp.document["require_pushed_authorization_requests"] = True
    world = OpenIdWorld(idp)
    assert world.browser.get(LOGIN).status_code == 400
    assert last_code() == "oidc.pushed_request"


GOOD = {"request_uri": "urn:example:1", "expires_in": 60}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({**GOOD, "expires_in": 59.5}, 201, ""),
        ({**GOOD, "request_uri": "https://idp.example/requests/1"}, 201, ""),
        (GOOD, 200, "oidc.pushed_request"),  # RFC 9126 §2.2: 201
        (GOOD, 202, "oidc.pushed_request"),
        ({"error": "invalid_request", "error_description": "<b>no</b>"}, 400, "oidc.pushed_request"),
        ({"error": "access_denied"}, 400, "oidc.pushed_request"),  # nobody's consent was asked yet (L-10)
        ({"error": "invalid_client"}, 401, "oidc.client_authentication"),
        ({**GOOD, "error": "invalid_request"}, 201, "oidc.pushed_request"),
        ({"error": 7}, 400, "oidc.pushed_request"),
        ({}, 201, "oidc.pushed_request"),
        ({"expires_in": 60}, 201, "oidc.pushed_request"),
        ({**GOOD, "request_uri": ""}, 201, "oidc.pushed_request"),
        ({**GOOD, "request_uri": 17}, 201, "oidc.pushed_request"),
        ({**GOOD, "request_uri": ["urn:example:1"]}, 201, "oidc.pushed_request"),
        ({**GOOD, "request_uri": "no uri"}, 201, "oidc.pushed_request"),
        ({**GOOD, "request_uri": "urn:example:1\r\nX: y"}, 201, "oidc.pushed_request"),
        ({**GOOD, "request_uri": "urn:example:" + "x" * 2048}, 201, "oidc.pushed_request"),
        ({"request_uri": "urn:example:1"}, 201, "oidc.pushed_request"),
        ({**GOOD, "expires_in": 0}, 201, "oidc.pushed_request"),
        ({**GOOD, "expires_in": "60"}, 201, "oidc.pushed_request"),
        ({**GOOD, "expires_in": True}, 201, "oidc.pushed_request"),
        (b"<html>", 201, "provider.unreachable"),
        (b"<html>", 502, "provider.unreachable"),
    ],
)
def test_answer_that_is_not_to_the_letter_sends_nobody_anywhere(
    idp: ClientCheckingProvider, body: dict[str, Any] | bytes, status: int, code: str
) -> None:
    idp.offer_pushed_requests()
    idp.server.routes[PAR] = answer(body, status=status)
    world = OpenIdWorld(idp)
    page = world.browser.get(LOGIN)
    assert page.status_code == {"": 302, "provider.unreachable": 503}.get(code, 400)  # O-5
    attempt = SignInAttempt.objects.get()
    assert attempt.outcome == code
    assert attempt.stage == (Stage.SPENT if code else Stage.OPEN)
    if code:
        assert last_code() == code
        assert "<b>no</b>" not in page.content.decode()  # L-11: never the provider's own text


def test_secret_is_not_carried_along_a_redirect(idp: ClientCheckingProvider) -> None:
    # O-5
    idp.offer_pushed_requests()
    idp.server.routes[PAR] = answer(b"", status=307, headers={"Location": idp.server.url("/elsewhere")})
    world = OpenIdWorld(idp)
    assert world.browser.get(LOGIN).status_code == 400
    assert last_code() == "http.redirect"
    assert idp.count("/elsewhere") == 0


def test_provider_that_hangs_costs_seconds_and_not_minutes(
    idp: ClientCheckingProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    # O-5: failure injection, time is cut short
    monkeypatch.setattr(protocol, "REQUEST_SECONDS", 0.5)
    idp.offer_pushed_requests()
    idp.server.routes[PAR] = lambda visit: visit.drip(b"HTTP/1.1 201 Created\r\n" * 9, pause=0.05)
    world = OpenIdWorld(idp)
    assert world.browser.get(LOGIN).status_code == 503
    assert last_code() == "provider.unreachable"


@pytest.mark.parametrize(
    "url", ["https://10.0.0.1/par", "http://idp.example/par", "ftp://idp.example/par", 7]
)
def test_endpoint_that_must_not_be_called_is_none(idp: ClientCheckingProvider, url: object) -> None:
    # O-5, V-23
    idp.document["pushed_authorization_request_endpoint"] = url
    world = OpenIdWorld(idp)
    assert world.browser.get(LOGIN).status_code == 400
    assert last_code() == "oidc.discovery"


def test_pushed_request_belongs_to_the_browser_that_left(idp: ClientCheckingProvider) -> None:
    # V-16: the state that was pushed is bound as one in the address is
    idp.offer_pushed_requests()
    world = OpenIdWorld(idp)
    asked = world.leave()
    thief = OpenIdWorld.__new__(OpenIdWorld)
    thief.__dict__ |= {**world.__dict__, "browser": type(world.browser)(headers={"host": "localhost:8000"})}
    assert thief.come_back(asked).status_code == 400
    assert last_code() == "attempt.wrong_browser"
    assert not thief.is_in
    assert SignInAttempt.objects.get().purpose == Purpose.SIGN_IN


def test_tester_reads_why_the_provider_did_not_take_the_request(idp: ClientCheckingProvider) -> None:
    # S-3, V-17: in the result of the test, in the tester's own browser
    idp.offer_pushed_requests()
    idp.server.routes[PAR] = answer({"error": "invalid_request", "error_description": "no PKCE"}, status=400)
    world = OpenIdWorld(idp)
    admin = add_person(world.provider.account, "sso", BuiltInAccountRole.SSO_ACCOUNT_ADMIN)
    tester = PersonBrowser()
    sign_in(tester.client, admin)
    result = begin(tester, world.provider)
    assert result.status == 200
    assert "Request sent" in result.words
    assert "oidc.pushed_request" in result.words
    assert "no PKCE" in result.words
    assert SignInAttempt.objects.get().outcome == "oidc.pushed_request"
