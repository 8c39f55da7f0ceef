"""Run several processes as one: start, wait until each answers, watch, and end all together.

Each process leads a process group of its own, so that ending it ends its children as well, and so that a terminal's
Ctrl-C reaches only the supervisor, which then ends the rest in order.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_PATIENCE = 90.0  # seconds until everything must answer; a small machine under load is slow
_GRACE = 12.0  # seconds from the first signal to the second
_PR_SET_PDEATHSIG = 1


class ProcessEnded(Exception):
    """A process ended by itself, or never answered; the message has the end of its log."""


@dataclass(frozen=True, slots=True)
class Service:
    """One process. ``is_up`` tells whether it does its work yet; it gets the path of the log."""

    name: str
    command: Sequence[str]
    environment: dict[str, str]
    folder: Path
    log: Path
    is_up: Callable[[Path], bool]


@dataclass(slots=True)
class _Running:
    service: Service
    process: subprocess.Popen[bytes]


@dataclass(slots=True)
class Supervisor:
    """Owns the processes of ``services``."""

    services: Sequence[Service]
    _running: list[_Running] = field(default_factory=list)

    def start(self) -> None:
        """Start all and return when all are up; raise ``ProcessEnded`` if one isn't."""
        for service in self.services:
            service.log.parent.mkdir(parents=True, exist_ok=True)
            with service.log.open("wb") as log:
                process = subprocess.Popen(
                    service.command,
                    cwd=service.folder,
                    env=service.environment,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    preexec_fn=_die_with_parent,
                )
            self._running.append(_Running(service, process))
        deadline = time.monotonic() + _PATIENCE
        waiting = list(self.services)
        while waiting:
            self._require_alive()
            waiting = [service for service in waiting if not service.is_up(service.log)]
            if waiting and time.monotonic() > deadline:
                raise ProcessEnded(_report(waiting[0], f"did not answer within {_PATIENCE:.0f} s"))
            time.sleep(0.2)

    def watch(self, meanwhile: Callable[[], None]) -> None:
        """Call ``meanwhile`` twice a second and return never; raise ``ProcessEnded`` as soon as one process ends,
        ``KeyboardInterrupt`` on Ctrl-C."""
        while True:
            self._require_alive()
            meanwhile()
            time.sleep(0.5)

    def stop(self) -> None:
        """End every process and its children: politely, and after a while, or at a second Ctrl-C, by force."""
        alive = [item for item in self._running if item.process.poll() is None]
        for item in alive:
            _signal(item, signal.SIGTERM)
        if alive:
            with contextlib.suppress(OSError):  # the terminal may be gone
                print("\nStopping …", flush=True)
        deadline = time.monotonic() + _GRACE
        try:
            for item in alive:
                item.process.wait(max(0.1, deadline - time.monotonic()))
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            pass
        for item in self._running:  # also what an ended leader may have left behind in its group
            _signal(item, signal.SIGKILL)
            item.process.wait()

    def _require_alive(self) -> None:
        for item in self._running:
            status = item.process.poll()
            if status is not None:
                raise ProcessEnded(
                    _report(item.service, f"ended by itself (status {status}), so all others end too")
                )


def answers(url: str) -> Callable[[Path], bool]:
    """Return a check that is true once ``url`` is answered with 200."""

    def check(log: Path) -> bool:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310  (our own http URL)
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    return check


def says(text: str) -> Callable[[Path], bool]:
    """Return a check that is true once the log contains ``text``."""
    return lambda log: text in log.read_text(encoding="utf-8", errors="replace")


def end_like_ctrl_c() -> None:
    """Make `kill`, a closing terminal and a service manager end everything in the same way as Ctrl-C.

    SIGINT as well: a shell starts background jobs with it ignored, and then Python leaves it so.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def _die_with_parent() -> None:
    """Ask Linux to end this child when the supervisor is killed so hard that it can't do so itself."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _signal(item: _Running, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(item.process.pid, number)


def _report(service: Service, what: str) -> str:
    lines = service.log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:]
    return "\n".join([f"{service.name} {what}. The end of {service.log}:", *(f"  {line}" for line in lines)])
