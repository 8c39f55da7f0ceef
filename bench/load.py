"""A small HTTP/1.1 client that keeps its connections open, a process each, and measures every answer.

A plan is a generator: it yields an ``Exchange`` and is sent the ``Answer`` to it, so that a plan may follow what it was
told (a cursor). Answers are judged after the time is up: checking is no part of what is measured.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import socket
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

_LEAST = 3  # requests that count on each connection, however slow they are


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; ``body`` is as sent, ``head`` the status line and headers."""

    status: int
    body: bytes
    head: bytes = b""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request. ``check`` returns "" for a right answer and else what is wrong with it.

    Where a plan makes requests of several kinds, ``kind`` tells their latencies apart.
    """

    request: bytes
    check: Callable[[Answer], str]
    kind: str = ""


Plan = Generator[Exchange, Answer, None]


@dataclass(frozen=True, slots=True)
class Address:
    """Where a party listens and how it is spoken to; ``prefix`` is the SCIM base path without a closing slash."""

    port: int
    prefix: str
    token: str

    def request(self, method: str, path: str, body: bytes = b"") -> bytes:
        """Return the bytes of a request."""
        head = f"{method} {self.prefix}{path} HTTP/1.1\r\nHost: localhost:{self.port}\r\n"
        head += f"Authorization: Bearer {self.token}\r\nAccept: application/scim+json\r\n"
        if body:
            head += f"Content-Type: application/scim+json\r\nContent-Length: {len(body)}\r\n"
        return head.encode() + b"\r\n" + body


@dataclass(frozen=True, slots=True)
class Measurement:
    """What one phase gave. Latencies are milliseconds, of right answers only; so is ``per_second``."""

    requests: int
    seconds: float
    per_second: float
    p50: float
    p95: float
    wrong: int
    complaint: str = ""  # of the first wrong answer
    used: tuple[int, ...] = ()  # requests made by each connection, right or wrong, warm-up included
    cpu: float = 0.0  # milliseconds of processor time that the server's own processes took per request
    by_kind: Mapping[str, tuple[float, float]] = field(default_factory=dict)  # median and 95th percentile


@dataclass(slots=True)
class _Outcome:
    """What one connection's process hands back."""

    started: float = 0.0
    ended: float = 0.0
    latencies: list[tuple[str, float]] = field(default_factory=list)  # kind, seconds
    wrong: int = 0
    complaint: str = ""
    used: int = 0


def ask(address: Address, request: bytes) -> Answer:
    """Send one request over a connection of its own."""
    with KeptOpen(address.port) as connection:
        return connection.ask(request)


def measure(
    address: Address, plans: Sequence[Plan], *, seconds: float, warm_up: float, server: Sequence[int] = ()
) -> Measurement:
    """Run each plan on a connection of its own for ``seconds`` after ``warm_up`` seconds that don't count.

    A connection goes on until three requests count, however slow, and ends early with its plan; the rate is right
    answers over the time that was used.
    ``server`` are the process ids whose processor time is told per request.
    """
    before = _processor_time(server)
    context = multiprocessing.get_context("fork")
    ready = context.Barrier(len(plans))
    pipes: list[Connection] = []
    far_ends: list[Connection] = []
    processes = []
    for plan in plans:
        ours, theirs = context.Pipe(duplex=False)
        work = (address.port, plan, seconds, warm_up, ready, theirs)
        processes.append(context.Process(target=_run, args=work, daemon=True))
        pipes.append(ours)
        far_ends.append(theirs)
    for process in processes:
        process.start()
    for theirs in far_ends:
        theirs.close()  # so that a process that dies is an error here, not an endless wait
    outcomes: list[_Outcome] = []
    for pipe in pipes:
        outcomes.append(pipe.recv())
    for process in processes:
        process.join()
    found = _sum_up(outcomes)
    return replace(found, cpu=(_processor_time(server) - before) * 1000 / max(1, sum(found.used)))


def _processor_time(processes: Sequence[int]) -> float:
    """Return how many seconds of processor time processes have taken so far."""
    ticks = 0
    for process in processes:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _sum_up(outcomes: Sequence[_Outcome]) -> Measurement:
    kinds: dict[str, list[float]] = {}
    for outcome in outcomes:
        for kind, latency in outcome.latencies:
            kinds.setdefault(kind, []).append(latency)
    latencies = sorted(each for found in kinds.values() for each in found)
    spent = max(outcome.ended for outcome in outcomes) - min(outcome.started for outcome in outcomes)
    wrong = sum(outcome.wrong for outcome in outcomes)
    return Measurement(
        requests=len(latencies),
        seconds=spent,
        per_second=len(latencies) / spent if spent and latencies else 0.0,
        p50=_percentile(latencies, 0.50) * 1000,
        p95=_percentile(latencies, 0.95) * 1000,
        wrong=wrong,
        complaint=next((outcome.complaint for outcome in outcomes if outcome.complaint), ""),
        used=tuple(outcome.used for outcome in outcomes),
        by_kind={
            kind: (_percentile(sorted(found), 0.50) * 1000, _percentile(sorted(found), 0.95) * 1000)
            for kind, found in kinds.items()
        },
    )


def _percentile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


def _run(port: int, plan: Plan, seconds: float, warm_up: float, ready: Any, result: Connection) -> None:
    outcome = _Outcome()
    try:
        kept = _drive(port, plan, seconds, warm_up, ready, outcome)
        for exchange, answer, latency in kept:
            complaint = exchange.check(answer)
            if complaint:
                outcome.wrong += 1
                outcome.complaint = outcome.complaint or complaint
            else:
                outcome.latencies.append((exchange.kind, latency))
    except Exception as error:
        outcome.wrong += 1
        outcome.complaint = f"{type(error).__name__}: {error}"
        outcome.started = outcome.started or time.perf_counter()
        outcome.ended = time.perf_counter()
        ready.abort()
    result.send(outcome)


def _drive(
    port: int, plan: Plan, seconds: float, warm_up: float, ready: Any, outcome: _Outcome
) -> list[tuple[Exchange, Answer, float]]:
    kept: list[tuple[Exchange, Answer, float]] = []
    gc.disable()  # a pause of ours would count as one of theirs
    with KeptOpen(port) as connection:
        ready.wait(60)
        exchange: Exchange | None = next(plan, None)
        counted = time.perf_counter() + warm_up
        outcome.started = counted
        deadline = counted + seconds
        while exchange is not None:
            began = time.perf_counter()
            if began >= deadline and len(kept) >= _LEAST:
                break
            answer = connection.ask(exchange.request)
            ended = time.perf_counter()
            outcome.used += 1
            if began >= counted:
                kept.append((exchange, answer, ended - began))
            try:
                exchange = plan.send(answer)
            except StopIteration:
                exchange = None
        outcome.ended = time.perf_counter()
    outcome.started = min(outcome.started, outcome.ended)
    return kept


class KeptOpen:
    """One kept-open connection; raises ``ConnectionError`` when the server closes it."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=120)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = b""

    def __enter__(self) -> KeptOpen:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def ask(self, request: bytes) -> Answer:
        """Send one request and wait for its answer."""
        self._socket.sendall(request)
        while (end := self._buffer.find(b"\r\n\r\n")) < 0:
            self._receive()
        head, self._buffer = self._buffer[:end], self._buffer[end + 4 :]
        status = int(head[9:12])
        return Answer(status, b"" if status in (204, 304) else self._body(head.lower()), head)

    def _body(self, head: bytes) -> bytes:
        place = head.find(b"\r\ncontent-length:")
        if place < 0:
            return self._chunks() if b"chunked" in head else b""
        size = int(head[place + 17 :].split(b"\r\n", 1)[0])
        return self._take(size)

    def _chunks(self) -> bytes:
        found = b""
        while True:
            while b"\r\n" not in self._buffer:
                self._receive()
            line, self._buffer = self._buffer.split(b"\r\n", 1)
            size = int(line.split(b";")[0], 16)
            found += self._take(size)
            self._take(2)
            if not size:
                return found

    def _take(self, size: int) -> bytes:
        if len(self._buffer) < size:
            parts, have = [self._buffer], len(self._buffer)
            while have < size:
                part = self._socket.recv(262_144)
                if not part:
                    raise ConnectionError("the server closed the connection in the middle of an answer")
                parts.append(part)
                have += len(part)
            self._buffer = b"".join(parts)
        found, self._buffer = self._buffer[:size], self._buffer[size:]
        return found

    def _receive(self) -> None:
        part = self._socket.recv(65_536)
        if not part:
            raise ConnectionError("the server closed the connection")
        self._buffer += part
