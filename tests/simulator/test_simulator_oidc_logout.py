"""The simulator's side of OpenID Connect logout: sessions that it knows, clients that it tells."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from joserfc import jws

from simulator.config_file import parse_config
from simulator.oidc_logout import LOGOUT_EVENT
from simulator.oidc_sessions import MAX_SESSIONS, OidcSession, OidcSessions
from simulator.server import RunningSimulator, serve_in_thread
from tests.foundation.local_server import LocalServer, answer

BYE = "http://app.example/bye"
MIA = OidcSession("sid-1", "sub-mia", "web", "Mia (mia@acme.example)")


@pytest.fixture
def app() -> Iterator[LocalServer]:
    """The application's server."""
    with LocalServer() as server:
        server.routes["/logout"] = answer(b"", status=200)
        yield server


@pytest.fixture
def running(app: LocalServer) -> Iterator[RunningSimulator]:
    """A directory with a client that takes logout tokens and one that doesn't, and a session of Mia's at the first."""
    clients = [
        {
            "client_id": "web",
            "post_logout_redirect_uris": [BYE],
            "backchannel_logout_uri": app.url("/logout"),
        },
        {"client_id": "deaf"},
    ]
    person = {"id": "p", "user_name": "mia@acme.example"}
    config = {"slug": "a", "vendor": "okta", "tenant_id": "t", "people": [person], "oidc": clients}
    with serve_in_thread(parse_config({"directories": [config]})) as simulator:
        simulator.app.sites["a"].oidc_sessions.add(MIA)
        yield simulator


def end(running: RunningSimulator, **form: str) -> requests.Response:
    return requests.post(f"{running.url}/a/oidc/end", data={"sid": MIA.sid, **form}, timeout=10)


def claims_told(running: RunningSimulator, app: LocalServer) -> dict[str, Any]:
    [told] = app.requests
    token = jws.deserialize_compact(
        told.form["logout_token"], running.app.sites["a"].oidc_key.jwk, algorithms=["RS256"]
    )
    assert token.headers()["typ"] == "logout+jwt"
    claims: dict[str, Any] = json.loads(token.payload)
    return claims


def test_sessions_are_listed_and_the_button_tells_the_client(
    running: RunningSimulator, app: LocalServer
) -> None:
    page = requests.get(f"{running.url}/a/oidc/sessions", timeout=10).text
    assert "Mia (mia@acme.example)" in page
    assert "200" in end(running).text
    claims = claims_told(running, app)
    assert (claims["sub"], claims["sid"], claims["aud"]) == ("sub-mia", "sid-1", "web")
    assert claims["events"] == {LOGOUT_EVENT: {}}
    assert claims["exp"] - claims["iat"] == 120
    assert "nonce" not in claims
    assert running.app.sites["a"].oidc_sessions.all() == []
    assert end(running).status_code == 400  # there is no such session any more


def test_everywhere_names_the_person_alone(running: RunningSimulator, app: LocalServer) -> None:
    sessions = running.app.sites["a"].oidc_sessions
    sessions.add(OidcSession("sid-2", "sub-mia", "web", "Mia"))
    sessions.add(OidcSession("sid-3", "sub-noah", "web", "Noah"))
    end(running, everywhere="1")
    assert "sid" not in claims_told(running, app)
    assert [session.sid for session in sessions.all()] == ["sid-3"]


def test_client_without_an_address_for_it_is_not_told(running: RunningSimulator, app: LocalServer) -> None:
    running.app.sites["a"].oidc_sessions.add(OidcSession("sid-2", "sub-mia", "deaf", "Mia"))
    assert "no address" in end(running, sid="sid-2").text
    assert app.requests == []


def test_another_site_cannot_press_the_button(running: RunningSimulator, app: LocalServer) -> None:
    headers = {"Origin": "http://evil.example"}
    url = f"{running.url}/a/oidc/end"
    assert requests.post(url, data={"sid": MIA.sid}, headers=headers, timeout=10).status_code == 403
    assert app.requests == []


def test_discovery_announces_it(running: RunningSimulator) -> None:
    document = requests.get(f"{running.url}/a/oidc/.well-known/openid-configuration", timeout=10).json()
    assert document["backchannel_logout_supported"] is True
    assert document["backchannel_logout_session_supported"] is True


@pytest.mark.parametrize("method", ["get", "post"])
def test_client_ends_the_session_that_its_hint_names(running: RunningSimulator, method: str) -> None:
    site = running.app.sites["a"]
    hint = jws.serialize_compact(
        {"alg": "RS256"}, json.dumps({"aud": "web", "sid": MIA.sid}), site.oidc_key.jwk
    )
    sent = {"id_token_hint": hint, "client_id": "web", "post_logout_redirect_uri": BYE, "state": "s"}
    url = f"{site.urls.issuer}/end_session"
    wrong = {**sent, "client_id": "deaf"}
    assert requests.get(url, params=wrong, allow_redirects=False, timeout=10).status_code == 400
    assert site.oidc_sessions.all() == [MIA]
    if method == "get":
        reply = requests.get(url, params=sent, allow_redirects=False, timeout=10)
    else:
        reply = requests.post(url, data=sent, allow_redirects=False, timeout=10)
    assert reply.headers["Location"] == f"{BYE}?state=s"
    assert site.oidc_sessions.all() == []


def test_oldest_sessions_are_forgotten() -> None:
    sessions = OidcSessions()
    for number in range(MAX_SESSIONS + 1):
        sessions.add(OidcSession(f"sid-{number}", "sub", "web", "Mia"))
    assert len(sessions.all()) == MAX_SESSIONS
    assert sessions.end("sid-0") is None
