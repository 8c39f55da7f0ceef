"""Requests that leave the product, and what a bad peer can't do to us (O-5)."""

from __future__ import annotations

import base64
import os
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from foundation.http import Deadline, OutboundCode, OutboundError, OutboundHttp, check_url
from tests.foundation.local_server import LocalServer, Visit, answer

GOOD = {"hello": "world"}


@pytest.fixture
def server() -> Iterator[LocalServer]:
    with LocalServer({"/good": answer(GOOD)}) as running:
        yield running


@pytest.fixture
def http(server: LocalServer) -> Iterator[OutboundHttp]:
    client = OutboundHttp(allow=server.allowed)
    yield client
    client.close()


def refused(call: Callable[[], object]) -> OutboundError:
    with pytest.raises(OutboundError) as caught:
        call()
    return caught.value


# O-5
def test_private_address_is_blocked_before_anything_is_sent(server: LocalServer) -> None:
    https_url = f"https://127.0.0.1:{server.port}/good"
    error = refused(lambda: OutboundHttp().get_json(https_url, deadline=Deadline()))
    assert error.code is OutboundCode.BLOCKED_ADDRESS
    assert server.connections == 0


# O-5
def test_name_that_resolves_to_a_private_address_is_blocked_when_connecting(server: LocalServer) -> None:
    https_url = f"https://localhost:{server.port}/good"
    check_url(https_url, frozenset())  # the name alone tells nothing
    error = refused(lambda: OutboundHttp().get_json(https_url, deadline=Deadline()))
    assert error.code is OutboundCode.BLOCKED_ADDRESS
    assert server.connections == 0


# O-5
def test_allow_list_lets_a_private_address_and_plain_http_through(server: LocalServer) -> None:
    by_name = OutboundHttp(allow=frozenset({("localhost", server.port)}))
    assert by_name.get_json(server.url("/good", host="localhost"), deadline=Deadline()) == GOOD
    by_address = OutboundHttp(allow=server.allowed)
    assert by_address.get_json(server.url("/good"), deadline=Deadline()) == GOOD


# O-5
def test_allow_list_opens_one_port_and_one_spelling_only(server: LocalServer) -> None:
    client = OutboundHttp(allow=frozenset({("localhost", server.port)}))
    assert refused(lambda: client.check_url(server.url("/good"))).code is OutboundCode.NOT_HTTPS
    other_port = f"https://localhost:{server.port + 1}/good"
    error = refused(lambda: client.get_json(other_port, deadline=Deadline()))
    assert error.code is OutboundCode.BLOCKED_ADDRESS


# O-5: no DNS rebinding, because there is no second look-up that could answer differently
def test_name_is_looked_up_once_per_connection_and_never_for_a_kept_one(
    server: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    real = socket.getaddrinfo

    def look_up(host: Any, *args: Any, **kwargs: Any) -> Any:
        asked.append(host)
        return real(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    client = OutboundHttp(allow=frozenset({("localhost", server.port)}))
    for _ in range(3):
        client.get_json(server.url("/good", host="localhost"), deadline=Deadline())
    assert asked == ["localhost"]
    assert server.connections == 1


def test_unknown_name_is_a_connection_error() -> None:
    error = refused(lambda: OutboundHttp().get_json("https://login.invalid/", deadline=Deadline()))
    assert error.code is OutboundCode.CONNECTION


def test_name_server_that_does_not_answer_costs_no_more_than_the_connect_timeout(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_kwargs: time.sleep(2))
    started = time.monotonic()
    client = OutboundHttp(connect_timeout=0.2)
    error = refused(lambda: client.get_json("https://login.example/", deadline=Deadline()))
    assert error.code is OutboundCode.TIMEOUT
    assert time.monotonic() - started < 1


def test_closed_port_is_a_connection_error() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    client = OutboundHttp(allow=frozenset({("127.0.0.1", port)}))
    error = refused(lambda: client.get_json(f"http://127.0.0.1:{port}/", deadline=Deadline()))
    assert error.code is OutboundCode.CONNECTION


# O-5
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_errors_and_the_form_is_not_sent_on(
    server: LocalServer, http: OutboundHttp, status: int
) -> None:
    server.routes["/moved"] = answer(b"", status=status, headers={"Location": server.url("/good")})
    error = refused(lambda: http.get_json(server.url("/moved"), deadline=Deadline()))
    assert (error.code, error.status) == (OutboundCode.REDIRECT, status)
    error = refused(lambda: http.post_form_json(server.url("/moved"), {"a": "b"}, deadline=Deadline()))
    assert (error.code, error.status) == (OutboundCode.REDIRECT, status)
    assert server.paths() == ["/moved", "/moved"]


def test_status_other_than_200_is_an_error(server: LocalServer, http: OutboundHttp) -> None:
    server.routes["/broken"] = answer(GOOD, status=503)
    error = refused(lambda: http.get_json(server.url("/broken"), deadline=Deadline()))
    assert (error.code, error.status) == (OutboundCode.STATUS, 503)


# O-5: slow drips. Each byte comes in time for any per-read timeout; together they take minutes.
@pytest.mark.parametrize(
    "drip",
    [
        lambda visit: visit.drip(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"a" * 1000, pause=0.05),
        lambda visit: (
            visit.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"),
            visit.drip(b" " * 1000, pause=0.05),
        ),
        lambda visit: (
            visit.raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
            visit.drip(b"1\r\n \r\n" * 200, pause=0.02),
        ),
        lambda visit: visit.drip(b"HTTP/1.1 100 Continue\r\n\r\n" * 50, pause=0.02),
        lambda visit: time.sleep(2),
    ],
    ids=["headers", "body", "chunks", "continue", "silence"],
)
def test_slow_peer_is_given_up_at_the_deadline(
    server: LocalServer, http: OutboundHttp, drip: Callable[[Visit], None]
) -> None:
    server.routes["/slow"] = drip
    started = time.monotonic()
    error = refused(lambda: http.get_json(server.url("/slow"), deadline=Deadline(0.4)))
    assert error.code is OutboundCode.TIMEOUT
    assert time.monotonic() - started < 1.2


def test_peer_that_is_only_a_little_slow_is_waited_for(server: LocalServer, http: OutboundHttp) -> None:
    server.routes["/slow"] = lambda visit: visit.drip(
        b'HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n{"a":1}', pause=0.002
    )
    assert http.get_json(server.url("/slow"), deadline=Deadline(5)) == {"a": 1}


# O-5
def test_several_calls_share_one_deadline(server: LocalServer, http: OutboundHttp) -> None:
    def slow(visit: Visit) -> None:
        time.sleep(0.25)
        answer(GOOD)(visit)

    server.routes["/slow"] = slow
    deadline = Deadline(0.4)
    http.get_json(server.url("/slow"), deadline=deadline)
    error = refused(lambda: http.get_json(server.url("/slow"), deadline=deadline))
    assert error.code is OutboundCode.TIMEOUT
    assert deadline.remaining() == 0
    error = refused(lambda: http.get_json(server.url("/good"), deadline=deadline))
    assert error.code is OutboundCode.TIMEOUT


# O-5
@pytest.mark.parametrize(
    "flood",
    [
        answer(b" " * 2000),
        lambda visit: visit.raw(b"HTTP/1.1 200 OK\r\n\r\n" + b" " * 2000),
        lambda visit: visit.raw(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\n \r\n" * 2000
        ),
        lambda visit: visit.raw(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n" + b" " * 900_000
        ),
        lambda visit: (
            visit.raw(b"HTTP/1.1 200 OK\r\n" + b"X-Padding: " + b"a" * 60_000 + b"\r\n" * 1)
            or visit.raw((b"X-Padding: " + b"a" * 60_000 + b"\r\n") * 8)
        ),
    ],
    ids=["content-length", "until-close", "chunks", "negative-chunk", "headers"],
)
def test_answer_over_the_limit_is_cut_off(
    server: LocalServer, http: OutboundHttp, flood: Callable[[Visit], None]
) -> None:
    server.routes["/flood"] = flood
    error = refused(lambda: http.get_bytes(server.url("/flood"), deadline=Deadline(5), max_bytes=1000))
    assert error.code is OutboundCode.TOO_LARGE


def test_answer_of_exactly_the_limit_is_read(server: LocalServer, http: OutboundHttp) -> None:
    server.routes["/full"] = answer(b" " * 1000)
    assert len(http.get_bytes(server.url("/full"), deadline=Deadline(), max_bytes=1000)) == 1000


@pytest.mark.parametrize(
    "body",
    [
        b"<html>maintenance</html>",
        b"[1]",
        b'{"a": 1, "a": 2}',
        b'{"a": NaN}',
        b'{"a": "\\ud800"}',
        b'{"a": ["\\u0000"]}',
        b"\xef\xbb\xbf{}",
        b'{"a": "\xff"}',
        b'{"a":' * 200_000,
        b'{"a": ' + b"9" * 10_000 + b"}",
        b"",
    ],
    ids=["html", "list", "twice", "nan", "surrogate", "nul", "bom", "latin1", "deep", "number", "empty"],
)
def test_answer_that_is_not_a_strict_json_object_is_refused(
    server: LocalServer, http: OutboundHttp, body: bytes
) -> None:
    server.routes["/odd"] = answer(body)
    error = refused(lambda: http.get_json(server.url("/odd"), deadline=Deadline(), max_bytes=2_000_000))
    assert error.code is OutboundCode.NOT_JSON


def test_escapes_and_emoji_in_json_are_fine(server: LocalServer, http: OutboundHttp) -> None:
    server.routes["/emoji"] = answer(
        b'{"name": "\\u00c5sa \\ud83d\\ude00", "list": [1, null, {"x": "\\u0041"}]}'
    )
    document = http.get_json(server.url("/emoji"), deadline=Deadline())
    assert document["name"] == "Åsa 😀"


@pytest.mark.parametrize(
    "behaviour",
    [
        lambda visit: (
            visit.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}") or visit.connection.shutdown(2)
        ),
        lambda visit: visit.connection.shutdown(2),
        lambda visit: visit.raw(b"SSH-2.0-OpenSSH\r\n\r\n"),
        answer(b"\x1f\x8b", headers={"Content-Encoding": "gzip"}),
    ],
    ids=["short", "hang-up", "not-http", "compressed"],
)
def test_broken_answer_is_a_connection_error(
    server: LocalServer, http: OutboundHttp, behaviour: Callable[[Visit], None]
) -> None:
    server.routes["/broken"] = behaviour
    error = refused(lambda: http.get_json(server.url("/broken"), deadline=Deadline(5)))
    assert error.code is OutboundCode.CONNECTION


def test_connection_is_kept_for_the_next_call_and_replaced_when_the_peer_closed_it(
    server: LocalServer, http: OutboundHttp
) -> None:
    for _ in range(3):
        http.get_json(server.url("/good"), deadline=Deadline())
        http.post_form_json(server.url("/good"), {"a": "b"}, deadline=Deadline())
    assert server.connections == 1

    def say_goodbye(visit: Visit) -> None:
        answer(GOOD)(visit)
        visit.close_connection = True  # without telling so in a header

    server.routes["/last"] = say_goodbye
    http.get_json(server.url("/last"), deadline=Deadline())
    time.sleep(0.1)
    assert http.post_form_json(server.url("/good"), {}, deadline=Deadline()) == (200, GOOD)
    assert server.connections == 2


# A kept connection that dies under the request: reading again is safe, redeeming a code twice is not.
def test_request_on_a_dying_connection_is_repeated_only_when_it_changes_nothing(
    server: LocalServer, http: OutboundHttp
) -> None:
    server.routes["/drops"] = lambda visit: (
        answer(GOOD)(visit) if server.paths().count("/drops") > 1 else visit.connection.shutdown(2)
    )
    http.get_json(server.url("/good"), deadline=Deadline())
    assert http.get_json(server.url("/drops"), deadline=Deadline()) == GOOD
    server.requests.clear()
    error = refused(lambda: http.post_form_json(server.url("/drops"), {"code": "c"}, deadline=Deadline()))
    assert error.code is OutboundCode.CONNECTION
    assert server.paths() == ["/drops"]


def test_child_process_opens_its_own_connections(server: LocalServer, http: OutboundHttp) -> None:
    http.get_json(server.url("/good"), deadline=Deadline())
    child = os.fork()
    if child == 0:
        try:
            http.get_json(server.url("/good"), deadline=Deadline())
            os._exit(0)
        except BaseException:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert http.get_json(server.url("/good"), deadline=Deadline()) == GOOD
    assert server.connections == 2


def test_form_is_posted_with_basic_authentication_and_error_bodies_can_be_read(
    server: LocalServer, http: OutboundHttp
) -> None:
    server.routes["/token"] = answer({"error": "invalid_grant"}, status=400)
    result = http.post_form_json(
        server.url("/token"),
        {"code": "a b&c"},
        deadline=Deadline(),
        auth=("id", "secret"),
        headers={"X-A": "1"},
    )
    assert result == (400, {"error": "invalid_grant"})
    [seen] = server.requests
    assert seen.form == {"code": "a b&c"}
    assert seen.headers["content-type"] == "application/x-www-form-urlencoded"
    assert base64.b64decode(seen.headers["authorization"].removeprefix("Basic ")) == b"id:secret"
    assert seen.headers["x-a"] == "1"


def test_html_error_page_of_a_post_is_told_by_its_status(server: LocalServer, http: OutboundHttp) -> None:
    server.routes["/token"] = answer(b"<html>bad gateway</html>", status=502)
    error = refused(lambda: http.post_form_json(server.url("/token"), {}, deadline=Deadline()))
    assert (error.code, error.status) == (OutboundCode.STATUS, 502)
    server.routes["/token"] = answer(b"<html>welcome</html>")
    error = refused(lambda: http.post_form_json(server.url("/token"), {}, deadline=Deadline()))
    assert error.code is OutboundCode.NOT_JSON


# Design rule 8: nothing secret in errors
def test_errors_never_quote_the_url_the_form_or_the_answer(server: LocalServer, http: OutboundHttp) -> None:
    server.routes["/token"] = answer(b"not json s3cret-answer")
    failures = [
        refused(
            lambda: http.post_form_json(
                server.url("/token?k=s3cret-query"),
                {"code": "s3cret-code"},
                deadline=Deadline(),
                auth=("id", "s3cret-password"),
            )
        ),
        refused(
            lambda: http.get_json(
                server.url("/good"), deadline=Deadline(), headers={"Authorization": "Bearer s3cret\r\nX: y"}
            )
        ),
        refused(lambda: check_url("https://user:s3cret@login.example/", frozenset())),
    ]
    for failure in failures:
        assert "s3cret" not in str(failure) + repr(failure) + repr(failure.__cause__)
        assert failure.__suppress_context__ or failure.__context__ is None


# O-5: settings of the machine don't change where we connect to
def test_proxies_from_the_environment_are_ignored(
    server: LocalServer, http: OutboundHttp, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert http.get_json(server.url("/good"), deadline=Deadline()) == GOOD
