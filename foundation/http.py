"""Bounded HTTP for everything that leaves the product: discovery, keys, tokens, userinfo, directories.

Make one ``OutboundHttp`` per process and share it; it is safe between threads, keeps connections open for
the next call, and starts anew after a fork. Every call takes a ``Deadline``; calls that serve one user's
click share one:

    http = OutboundHttp(allow=frozenset({("idp.internal", 8443)}))
    deadline = Deadline(10)
    document = http.get_json("https://idp.example/.well-known/openid-configuration", deadline=deadline)

Whatever goes wrong is an ``OutboundError`` with a code of ``OutboundCode``. What may be called is decided
in ``outbound_target`` (O-5, V-23), how long and how much may be read in ``outbound_connection``. Redirects
are never followed: a 307 from a token endpoint would carry the client secret to wherever it points.

No Django in here; settings come in as parameters.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import ssl
import threading
import time
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple
from urllib.parse import urlencode

import certifi

from foundation.outbound_connection import Connection, Deadline, TooManyBytes
from foundation.outbound_target import AllowList, OutboundCode, OutboundError, Target, check_url
from foundation.strict_json import JsonObject, NotStrictJson, parse_object

__all__ = ["MAX_BYTES", "AllowList", "Deadline", "OutboundCode", "OutboundError", "OutboundHttp", "check_url"]

MAX_BYTES = 1_000_000  # of a body
CONNECT_SECONDS = 5.0
_IDLE_SECONDS = 30.0  # less than what load balancers keep, so that we rarely write into a closing connection
_IDLE_PER_HOST = 8
_IDLE_TOTAL = 64


class _Request(NamedTuple):
    method: str
    target: Target
    headers: Mapping[str, str]
    body: bytes | None
    deadline: Deadline
    max_bytes: int


class _Answer(NamedTuple):
    status: int
    body: bytes


class _StaleConnection(Exception):
    """A kept connection was closed by the peer just as we wrote to it."""


@cache  # reading more than a hundred authorities takes longer than most answers
def _trusting(ca_file: str) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca_file)


class OutboundHttp:
    """The one way out (O-5).

    Args:
        allow: (host, port) pairs, host in lower case, for which http and private addresses are allowed.
        ca_file: PEM file of certificate authorities instead of certifi's.
        connect_timeout: seconds for name, TCP and TLS together.
    """

    def __init__(
        self,
        *,
        allow: AllowList = frozenset(),
        ca_file: str | None = None,
        connect_timeout: float = CONNECT_SECONDS,
        user_agent: str = "identity-broker",
    ) -> None:
        self.allow = allow
        self._tls = _trusting(ca_file or certifi.where())
        self._connect_timeout = connect_timeout
        self._user_agent = user_agent
        self._lock = threading.Lock()
        self._idle: dict[tuple[str, str, int], list[Connection]] = {}
        self._process = os.getpid()

    def check_url(self, url: str) -> None:
        """Refuse a URL that this client would not call; see ``outbound_target.check_url``."""
        check_url(url, self.allow)

    def is_allow_listed(self, url: str) -> bool:
        """Tell whether the deployment's allow-list names the URL's host and port; raises as ``check_url``."""
        return Target.parse(url, self.allow).allow_listed

    def get_bytes(
        self,
        url: str,
        *,
        deadline: Deadline,
        max_bytes: int = MAX_BYTES,
        headers: Mapping[str, str] | None = None,
    ) -> bytes:
        """GET ``url`` and return the body of a 200 answer; everything else is an ``OutboundError``."""
        target = Target.parse(url, self.allow)
        answer = self._send(_Request("GET", target, headers or {}, None, deadline, max_bytes))
        if answer.status != 200:
            raise OutboundError(OutboundCode.STATUS, target.label, status=answer.status)
        return answer.body

    def get_json(
        self,
        url: str,
        *,
        deadline: Deadline,
        max_bytes: int = MAX_BYTES,
        headers: Mapping[str, str] | None = None,
    ) -> JsonObject:
        """As ``get_bytes``, parsed strictly as a JSON object (else http.not_json)."""
        wanted = {"Accept": "application/json", **(headers or {})}
        body = self.get_bytes(url, deadline=deadline, max_bytes=max_bytes, headers=wanted)
        try:
            return parse_object(body)
        except NotStrictJson as error:
            raise OutboundError(
                OutboundCode.NOT_JSON, Target.parse(url, self.allow).label, str(error)
            ) from None

    def post_form_json(
        self,
        url: str,
        data: Mapping[str, str],
        *,
        deadline: Deadline,
        auth: tuple[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        max_bytes: int = MAX_BYTES,
    ) -> tuple[int, JsonObject]:
        """POST a form and return (status, JSON object).

        Error statuses are returned as well, since OAuth explains itself in the body; one without a JSON
        object is http.status. ``auth`` is user and password for the Basic scheme, sent as they are: RFC 6749
        §2.3.1 wants them form-encoded first, which is the caller's business.
        """
        sent = {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})}
        if auth is not None:
            sent["Authorization"] = "Basic " + base64.b64encode(":".join(auth).encode()).decode()
        return self._post(url, sent, urlencode(data).encode(), deadline, max_bytes)

    def post_json(
        self,
        url: str,
        value: Mapping[str, object],
        *,
        deadline: Deadline,
        headers: Mapping[str, str] | None = None,
        max_bytes: int = MAX_BYTES,
    ) -> tuple[int, JsonObject]:
        """POST a JSON object and return (status, JSON object); errors as for ``post_form_json``."""
        sent = {"Content-Type": "application/json", **(headers or {})}
        return self._post(url, sent, json.dumps(value).encode(), deadline, max_bytes)

    def _post(
        self, url: str, headers: Mapping[str, str], body: bytes, deadline: Deadline, max_bytes: int
    ) -> tuple[int, JsonObject]:
        target = Target.parse(url, self.allow)
        sent = {"Accept": "application/json", **headers}
        answer = self._send(_Request("POST", target, sent, body, deadline, max_bytes))
        try:
            return answer.status, parse_object(answer.body)
        except NotStrictJson as error:
            if answer.status >= 400:
                raise OutboundError(OutboundCode.STATUS, target.label, status=answer.status) from None
            raise OutboundError(OutboundCode.NOT_JSON, target.label, str(error)) from None

    def close(self) -> None:
        """Close the connections that are kept for later."""
        with self._lock:
            waiting = [connection for kept in self._idle.values() for connection in kept]
            self._idle.clear()
        for connection in waiting:
            connection.close()

    def _send(self, request: _Request) -> _Answer:
        connection = self._take(request.target)
        if connection is not None:
            try:
                return self._exchange(connection, request)
            except _StaleConnection:
                # Only what changes nothing at the peer may be sent twice; a code must not.
                if request.method != "GET":
                    raise OutboundError(OutboundCode.CONNECTION, request.target.label, "broken off") from None
        try:
            return self._exchange(Connection(request.target, self._tls, self._connect_timeout), request)
        except _StaleConnection:
            raise OutboundError(OutboundCode.CONNECTION, request.target.label, "broken off") from None

    def _exchange(self, connection: Connection, request: _Request) -> _Answer:
        label = request.target.label
        reusable = False
        try:
            connection.arm(request.deadline, request.max_bytes)
            headers = {"User-Agent": self._user_agent, "Accept-Encoding": "identity", **request.headers}
            connection.request(request.method, request.target.path, request.body, headers)
            response = connection.getresponse()
            with response:
                answer = _read(response, request)
                reusable = not response.will_close
        except OutboundError:
            raise
        except TooManyBytes:
            raise OutboundError(OutboundCode.TOO_LARGE, label) from None
        except TimeoutError:
            raise OutboundError(OutboundCode.TIMEOUT, label) from None
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            raise _StaleConnection from None
        except ssl.SSLCertVerificationError as error:
            raise OutboundError(
                OutboundCode.CONNECTION, label, f"certificate: {error.verify_message}"
            ) from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            # Only the kind: the texts of these errors may quote what was sent or received.
            raise OutboundError(OutboundCode.CONNECTION, label, type(error).__name__) from None
        finally:
            if not reusable:
                connection.close()
        self._keep(connection, request.target)
        return answer

    def _take(self, target: Target) -> Connection | None:
        gone: list[Connection] = []
        found: Connection | None = None
        with self._lock:
            if self._process != os.getpid():
                # Inherited by a fork: the parent still talks on these.
                self._idle, self._process = {}, os.getpid()
            kept = self._idle.get(_key(target), [])
            while kept and found is None:
                connection = kept.pop()
                fresh = time.monotonic() - connection.idle_since < _IDLE_SECONDS
                if fresh and connection.is_alive():
                    found = connection
                else:
                    gone.append(connection)
        for connection in gone:
            connection.close()
        return found

    def _keep(self, connection: Connection, target: Target) -> None:
        connection.idle_since = time.monotonic()
        with self._lock:
            total = sum(len(kept) for kept in self._idle.values())
            kept = self._idle.setdefault(_key(target), [])
            room = len(kept) < _IDLE_PER_HOST
            oldest = None
            if room and total >= _IDLE_TOTAL:
                longest = min(
                    (group for group in self._idle.values() if group), key=lambda group: group[0].idle_since
                )
                oldest = longest.pop(0)
            if room:
                kept.append(connection)
            self._idle = {key: group for key, group in self._idle.items() if group}
        for unwanted in (oldest, None if room else connection):
            if unwanted is not None:
                unwanted.close()


def _key(target: Target) -> tuple[str, str, int]:
    return target.scheme, target.host, target.port


def _read(response: http.client.HTTPResponse, request: _Request) -> _Answer:
    label = request.target.label
    if 300 <= response.status < 400:
        raise OutboundError(OutboundCode.REDIRECT, label, status=response.status)
    if response.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
        raise OutboundError(OutboundCode.CONNECTION, label, "compressed though not asked for")
    if (response.length or 0) > request.max_bytes:
        raise OutboundError(OutboundCode.TOO_LARGE, label)
    body = response.read(request.max_bytes + 1)
    if len(body) > request.max_bytes:
        raise OutboundError(OutboundCode.TOO_LARGE, label)
    if response.length:
        # http.client ends a short body quietly when it was asked for an amount.
        raise OutboundError(OutboundCode.CONNECTION, label, "broken off")
    return _Answer(response.status, body)
