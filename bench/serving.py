"""One server process: start it, wait until it answers, end it with all its children."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from bench.parties.party import PartyFailed, clean_environment

_PATIENCE = 90.0  # seconds until it must answer; a busy machine is slow
_GRACE = 12.0  # seconds from the first signal to the second


class Serving:
    """A running server. It leads a process group of its own."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        folder: Path,
        environment: Mapping[str, str],
        log: Path,
        is_up: Callable[[], bool],
    ) -> None:
        """Start it and return once ``is_up``; raises ``PartyFailed`` with the end of its log if it never is."""
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                command,
                cwd=folder,
                env={**clean_environment(), **environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + _PATIENCE
        while not is_up():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise PartyFailed(f"{command} did not start:\n{log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.2)

    @property
    def pid(self) -> int:
        """Return the id of the process that was started."""
        return self._process.pid

    def children(self) -> list[int]:
        """Return the ids of its children: gunicorn's workers."""
        return [int(each) for each in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()]

    def stop(self) -> None:
        """End it politely, and by force what is left after a while."""
        self._signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_GRACE)
        self._signal(signal.SIGKILL)
        self._process.wait()

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)
