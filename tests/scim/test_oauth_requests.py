"""What a request for a token may look like, and every form in which it may not (V-25, RFC 6749 §2.3, §3.2, §4.4)."""

from __future__ import annotations

import json

import pytest
from django.http import HttpResponse
from django.test import Client

from audit.models import FailureLogEntry
from scim.models import OAuthAccessToken
from scim.oauth.client_authentication import TOKENS_PER_MINUTE
from scim.oauth.token_endpoint import FAILURES_PER_MINUTE
from tests.scim.directory import Directory
from tests.scim.oauth_client import Peer, ask, basic, error_of, new_peer, token_of


@pytest.fixture
def peer(directory: Directory) -> Peer:
    """Acme's OAuth client."""
    return new_peer(directory)


@pytest.fixture
def stranger(other: Directory) -> Peer:
    """Another customer's."""
    return new_peer(other)


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1:8000"])
def test_on_this_machine_a_client_may_use_either_name_as_for_scim(peer: Peer, host: str) -> None:
    assert (
        peer.directory.get("/Users", authorization=f"Bearer {token_of(peer.ask(host=host))}").status_code
        == 200
    )
    assert peer.ask(host="evil.example", accept="x").status_code == 400


@pytest.mark.parametrize("scope", [None, "", "scim", "scim scim"])
def test_the_only_scope_may_be_left_out(peer: Peer, scope: str | None) -> None:  # V-25
    token_of(peer.ask({"scope": scope}))


@pytest.mark.parametrize("scope", ["read", "scim read", "openid", "SCIM"])
def test_another_scope_is_refused(peer: Peer, scope: str) -> None:  # V-25
    assert error_of(peer.ask({"scope": scope})) == "invalid_scope"


@pytest.mark.parametrize(
    "grant",
    [
        "password",
        "authorization_code",
        "refresh_token",
        "implicit",
        "urn:ietf:params:oauth:grant-type:device_code",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "CLIENT_CREDENTIALS",
    ],
)
def test_no_other_grant_is_known(peer: Peer, grant: str) -> None:  # V-25
    answer = peer.ask(
        {"grant_type": grant, "code": "x", "username": "a", "password": "b", "refresh_token": "c"}
    )
    assert (answer.status_code, error_of(answer)) == (400, "unsupported_grant_type")
    assert not OAuthAccessToken.objects.exists()


def test_a_request_without_a_grant_is_no_request(peer: Peer) -> None:  # RFC 6749 §5.2
    assert error_of(peer.ask({"grant_type": None})) == "invalid_request"


@pytest.mark.parametrize(
    "secret",
    ["", "x", "socs_000000000000_x", "socs_\0\0\0\0\0\0\0\0\0\0\0\0_x", "ü" * 50, "socs_" + "f" * 60_000],
)
def test_a_wrong_secret_is_refused_like_an_unknown_client(peer: Peer, secret: str) -> None:  # V-25, V-21
    for client_id in (peer.id, "00000000-0000-4000-8000-000000000000", "\0", "x' or 1=1", ""):
        answer = peer.ask({"client_id": client_id, "client_secret": secret})
        assert error_of(answer) == "invalid_client", client_id
    known = _description(peer.ask({"client_secret": "socs_000000000000_x"}))
    unknown = _description(peer.ask({"client_id": "nobody", "client_secret": "socs_000000000000_x"}))
    assert known.split(" [")[0] == unknown.split(" [")[0]


def test_a_client_authenticates_by_exactly_one_method(peer: Peer) -> None:  # RFC 6749 §2.3
    assert error_of(peer.ask(authorization=basic(peer.id, peer.secret))) == "invalid_request"
    assert error_of(peer.ask({"client_assertion": "a.b.c"})) == "invalid_request"
    assert error_of(peer.ask({"client_secret": None})) == "invalid_client"
    other_id = {"grant_type": "client_credentials", "client_id": "someone-else"}
    assert error_of(ask(other_id, authorization=basic(peer.id, peer.secret))) == "invalid_client"


@pytest.mark.parametrize("header", ["Basic", "Basic !", "Basic Zm9v", "Bearer x", "Basic w7w6", "Digest a=b"])
def test_another_authorization_header_is_refused(peer: Peer, header: str) -> None:
    assert error_of(ask({"grant_type": "client_credentials"}, authorization=header)) == "invalid_client"


@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/token/"])
def test_a_secret_in_the_url_is_refused_though_it_is_right(peer: Peer, path: str) -> None:  # V-25, V-24
    asked = f"grant_type=client_credentials&client_id={peer.id}&client_secret={peer.secret}"
    assert error_of(ask("", f"{path}?{asked}")) == "invalid_request"
    assert error_of(ask(asked, f"{path}?x=1")) == "invalid_request"
    token_of(ask(asked, path))


def test_each_parameter_may_be_there_once(peer: Peer) -> None:  # RFC 6749 §3.2
    asked = f"grant_type=client_credentials&client_id={peer.id}&client_secret={peer.secret}"
    for more in (
        f"client_secret={peer.secret}",
        "client_id=x",
        "scope=scim&scope=read",
        "grant_type=password",
    ):
        assert error_of(ask(f"{asked}&{more}")) == "invalid_request"
    token_of(ask(f"{asked}&unknown=is+ignored&resource=x&client=y&scopes=z&user=1"))


@pytest.mark.parametrize(
    "content_type", ["application/json", "multipart/form-data; boundary=x", "text/plain", ""]
)
def test_the_body_is_a_form_and_nothing_else(peer: Peer, content_type: str) -> None:  # RFC 6749 §4.4.2
    body = json.dumps(
        {"grant_type": "client_credentials", "client_id": peer.id, "client_secret": peer.secret}
    )
    assert error_of(ask(body, content_type=content_type)) == "invalid_request"


@pytest.mark.parametrize(
    "body",
    ["%", "%ff%fe=%00", "=&=&=", "grant_type", "\udcff".encode("latin-1", "replace").decode(), "a=b;c"],
)
def test_a_body_that_makes_no_sense_is_no_error_of_ours(db: None, body: str) -> None:
    assert error_of(ask(body)) == "invalid_request"
    foreign = "application/x-www-form-urlencoded; charset=utf-16"
    assert error_of(ask(body, content_type=foreign)) == "invalid_request"


def test_too_large_a_body_is_not_read(db: None) -> None:  # V-21
    for size in (70_000, 1_100_000):
        answer = ask("a=" + "b" * size)
        assert (answer.status_code, error_of(answer)) == (413, "invalid_request")


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_a_token_is_asked_for_with_post(db: None, method: str) -> None:  # RFC 6749 §3.2
    answer = Client(headers={"host": "localhost:8000"}).generic(method, "/oauth/token")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    assert not FailureLogEntry.objects.exists()


def test_who_guesses_is_slowed_down_and_a_good_client_at_the_same_address_is_not(peer: Peer) -> None:  # V-21
    for number in range(FAILURES_PER_MINUTE):
        assert peer.ask({"client_id": f"guess-{number}"}).status_code == 401
    answers = [peer.ask({"client_id": "guess"}) for _ in range(FAILURES_PER_MINUTE + 1)]
    slowed = [each for each in answers if each.status_code == 429]
    assert slowed, "two minutes hold twice the limit at most"
    assert error_of(slowed[-1]) == "temporarily_unavailable"
    assert int(slowed[-1].headers["Retry-After"]) > 0
    token_of(peer.ask())


def test_a_client_that_asks_for_each_request_is_slowed_down(peer: Peer, stranger: Peer) -> None:
    statuses = [peer.ask().status_code for _ in range(2 * TOKENS_PER_MINUTE + 1)]
    assert 429 in statuses
    assert statuses[:TOKENS_PER_MINUTE] == [200] * TOKENS_PER_MINUTE
    token_of(stranger.ask())


def _description(response: HttpResponse) -> str:
    error_of(response)
    return str(json.loads(response.content)["error_description"])
