"""One demo per data folder: a second ``make run``, or a ``make reset`` under a running one, is told so."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType

LOCK_NAME = ".running"


class AlreadyRunning(Exception):
    """Another process holds the folder."""


class RunLock:
    """Context manager; the system drops the lock with the process, however that ends."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._handle: int | None = None

    def __enter__(self) -> RunLock:
        """Take the lock or raise ``AlreadyRunning``."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Not handed on to child processes: the lock is this process's alone.
        self._handle = os.open(self._folder / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._handle)
            raise AlreadyRunning(
                f"`make run` is already running on {self._folder}. End it there with Ctrl-C first."
            ) from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go."""
        if self._handle is not None:
            os.close(self._handle)
