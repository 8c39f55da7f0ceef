"""TLS to the outside: certificates and names are verified, whoever the peer is (O-5)."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from foundation.http import Deadline, OutboundCode, OutboundError, OutboundHttp
from tests.foundation.local_server import LocalServer, answer, localhost_certificate

GOOD = {"hello": "world"}


def refused(call: Callable[[], object]) -> OutboundError:
    with pytest.raises(OutboundError) as caught:
        call()
    return caught.value


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    return localhost_certificate(tmp_path)


# O-5
def test_tls_certificate_and_name_are_verified_even_for_allow_listed_hosts(certificate: Path) -> None:
    with LocalServer({"/good": answer(GOOD)}, certificate=certificate) as server:
        allow = frozenset({("localhost", server.port), ("127.0.0.1", server.port)})
        trusting = OutboundHttp(allow=allow, ca_file=str(certificate))
        for _ in range(2):
            assert trusting.get_json(server.url("/good", host="localhost"), deadline=Deadline()) == GOOD
        assert server.connections == 1
        for client, host in ((trusting, "127.0.0.1"), (OutboundHttp(allow=allow), "localhost")):
            url = server.url("/good", host=host)
            error = refused(lambda client=client, url=url: client.get_json(url, deadline=Deadline()))  # type: ignore[misc]
            assert error.code is OutboundCode.CONNECTION
            assert "certificate" in error.detail
        assert server.paths() == ["/good", "/good"]


def test_tls_handshake_that_never_ends_is_given_up() -> None:
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        port = mute.getsockname()[1]
        client = OutboundHttp(allow=frozenset({("127.0.0.1", port)}), connect_timeout=0.3)
        started = time.monotonic()
        error = refused(lambda: client.get_json(f"https://127.0.0.1:{port}/", deadline=Deadline()))
    assert error.code is OutboundCode.TIMEOUT
    assert time.monotonic() - started < 1.5
