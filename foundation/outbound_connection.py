"""One connection to the outside: resolved, checked and opened by us, read only within a deadline and a size.

Built on ``http.client`` rather than on requests or requests-hardened, for four reasons. Their timeouts hold
for each read, so a peer that drips one header byte every few seconds keeps a worker for hours; here the
remaining time is set anew before every read of the socket, status line and headers included. Looking up the
name is bounded too. All public addresses of a name are tried, not only the first. And nothing between us
and the socket can follow a redirect, use a proxy from the environment or decompress a bomb.
"""

from __future__ import annotations

import functools
import http.client
import io
import queue
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, cast

from foundation.outbound_target import AddressInfo, OutboundCode, OutboundError, Target, usable_addresses

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

# Room for the status line, headers, chunk sizes and trailers on top of the body.
_OVERHEAD_BYTES = 256 * 1024


class Deadline:
    """A point in time that several calls share, so that ten slow ones do not add up.

    ``seconds`` counts from now; ``clock`` is monotonic seconds.
    """

    __slots__ = ("_clock", "_ends")

    def __init__(self, seconds: float = 10.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._ends = clock() + seconds

    def remaining(self) -> float:
        """Seconds left; 0.0 when it has passed."""
        return max(0.0, self._ends - self._clock())


class TooManyBytes(Exception):
    """The peer sent more than the answer may have; the client turns it into http.too_large."""


class Connection(http.client.HTTPConnection):
    """A connection to one target that obeys the deadline and size given by ``arm`` for each request."""

    def __init__(self, target: Target, tls: ssl.SSLContext, connect_timeout: float) -> None:
        super().__init__(target.host, target.port)
        self.default_port = 443 if target.scheme == "https" else 80
        self.idle_since = 0.0
        self._target = target
        self._tls = tls if target.scheme == "https" else None
        self._connect_timeout = connect_timeout
        self._deadline = Deadline()

    def arm(self, deadline: Deadline, max_bytes: int) -> None:
        """Bound the next request and its answer; called before each."""
        self._deadline = deadline
        # A factory where http.client expects the class; it only ever calls it.
        self.response_class = cast(
            type[http.client.HTTPResponse],
            functools.partial(_BoundedResponse, deadline=deadline, budget=max_bytes + _OVERHEAD_BYTES),
        )
        if self.sock is not None:
            self.sock.settimeout(_time_left(deadline))

    def connect(self) -> None:
        """Resolve, check, connect and shake hands within the connect timeout and the deadline."""
        opening = Deadline(min(self._connect_timeout, self._deadline.remaining()))
        sock = _open(self._target, opening)
        try:
            if self._tls is not None:
                sock.settimeout(_time_left(opening))
                sock = self._tls.wrap_socket(sock, server_hostname=self._target.host)
            sock.settimeout(_time_left(self._deadline))
        except BaseException:
            sock.close()
            raise
        self.sock = sock

    def is_alive(self) -> bool:
        """Tell whether an idle connection is still open; an idle peer that sends something counts as gone."""
        if self.sock is None:
            return False
        poll = select.poll()
        poll.register(self.sock, select.POLLIN | select.POLLERR | select.POLLHUP)
        return not poll.poll(0)


class _BoundedResponse(http.client.HTTPResponse):
    """An answer whose every byte, from the status line on, is read within the deadline and the budget."""

    def __init__(
        self,
        sock: socket.socket,
        debuglevel: int = 0,
        method: str | None = None,
        url: str | None = None,
        *,
        deadline: Deadline,
        budget: int,
    ) -> None:
        super().__init__(sock, debuglevel, method, url)
        self.fp = io.BufferedReader(_BoundedStream(sock, self.fp.detach(), deadline, budget))


class _BoundedStream(io.RawIOBase):
    """The socket's bytes; ``budget`` also covers what http.client reads on its own (headers, chunk sizes)."""

    def __init__(self, sock: socket.socket, stream: io.RawIOBase, deadline: Deadline, budget: int) -> None:
        super().__init__()
        self._sock = sock
        self._stream = stream
        self._deadline = deadline
        self._budget = budget

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        if self._budget <= 0:
            raise TooManyBytes
        self._sock.settimeout(_time_left(self._deadline))
        count = self._stream.readinto(buffer) or 0
        self._budget -= count
        return count

    def close(self) -> None:
        self._stream.close()
        super().close()


def _time_left(deadline: Deadline) -> float:
    left = deadline.remaining()
    if left <= 0:
        raise TimeoutError
    return left


def _open(target: Target, deadline: Deadline) -> socket.socket:
    addresses = usable_addresses(target, _resolve(target, deadline))
    failure: OSError | None = None
    for number, (family, kind, protocol, _name, address) in enumerate(addresses):
        sock = socket.socket(family, kind, protocol)
        try:
            # A dead first address (often IPv6) leaves time for the others.
            sock.settimeout(_time_left(deadline) / (len(addresses) - number))
            sock.connect(address)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            sock.close()
            failure = error
        else:
            return sock
    raise failure or ConnectionError


def _resolve(target: Target, deadline: Deadline) -> Sequence[AddressInfo]:
    """Look the host up in a thread, because the system's resolver has no time limit of its own."""
    answer: queue.SimpleQueue[Sequence[AddressInfo] | Exception] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            answer.put(socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM))
        except Exception as error:  # handed to the thread that waits
            answer.put(error)

    threading.Thread(target=look_up, name="dns", daemon=True).start()
    try:
        found = answer.get(timeout=_time_left(deadline))
    except queue.Empty:
        raise TimeoutError from None
    if isinstance(found, Exception):
        raise OutboundError(OutboundCode.CONNECTION, target.label, "name not found") from None
    return found
