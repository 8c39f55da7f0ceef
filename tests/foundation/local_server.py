"""A web server in a thread whose every path behaves as a test says, well or badly.

``LocalServer`` serves http or https on a free port of 127.0.0.1. A behaviour is a function of the request's
handler that writes whatever it likes to the socket; ``answer`` makes the well-behaved ones.
"""

from __future__ import annotations

import datetime
import json
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qsl

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Behaviour = Callable[["Visit"], None]


@dataclass(frozen=True)
class SeenRequest:
    """What arrived: method, path with query, headers (names in lower case), form fields, body as text."""

    method: str
    path: str
    headers: dict[str, str]
    form: dict[str, str]
    body: str = ""


class Visit(BaseHTTPRequestHandler):
    """One request as a behaviour sees it."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else headers and body sent apart cost 40 ms
    server: _Server

    def do_GET(self) -> None:
        self._behave()

    def do_POST(self) -> None:
        self._behave()

    def _behave(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.seen = SeenRequest(
            self.command, self.path, headers, dict(parse_qsl(body, keep_blank_values=True)), body
        )
        self.server.owner.requests.append(self.seen)
        behaviour = self.server.owner.routes.get(self.path.partition("?")[0], answer(b"", status=404))
        try:
            behaviour(self)
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            self.close_connection = True  # the client had enough

    def log_message(self, format: str, *args: object) -> None:
        pass

    def raw(self, data: bytes) -> None:
        """Write bytes as they are."""
        self.wfile.write(data)
        self.wfile.flush()

    def drip(self, data: bytes, *, pause: float) -> None:
        """Write one byte at a time, ``pause`` seconds apart."""
        for position in range(len(data)):
            self.raw(data[position : position + 1])
            time.sleep(pause)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    owner: LocalServer

    def process_request(self, request: Any, client_address: Any) -> None:
        self.owner.connections += 1
        super().process_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # a client that hangs up in the middle is what many tests are about


@dataclass
class LocalServer:
    """The server; a context manager. ``connections`` and ``requests`` tell what arrived so far."""

    routes: dict[str, Behaviour] = field(default_factory=dict)
    certificate: Path | None = None  # serves https with it
    host: str = "127.0.0.1"
    connections: int = 0
    requests: list[SeenRequest] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._server = _Server((self.host, 0), Visit)
        self._server.owner = self
        if self.certificate is not None:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(self.certificate)
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_failure: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def allowed(self) -> frozenset[tuple[str, int]]:
        """The allow-list that lets a client reach this server."""
        return frozenset({(self.host, self.port)})

    def url(self, path: str, *, host: str | None = None) -> str:
        scheme = "https" if self.certificate else "http"
        return f"{scheme}://{host or self.host}:{self.port}{path}"

    def paths(self) -> list[str]:
        return [request.path for request in self.requests]


def answer(
    body: bytes | dict[str, Any], *, status: int = 200, headers: dict[str, str] | None = None
) -> Behaviour:
    """Return a behaviour that answers properly; a dictionary is sent as JSON."""

    def behave(visit: Visit) -> None:
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        visit.send_response(status)
        for name, value in {"Content-Length": str(len(sent)), **(headers or {})}.items():
            visit.send_header(name, value)
        visit.end_headers()
        visit.wfile.write(sent)

    return behave


def localhost_certificate(folder: Path) -> Path:
    """Make a certificate for localhost, and nothing else; return one PEM file with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "localhost.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return path
