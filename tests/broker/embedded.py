"""A deployment of its own in a folder, with a real Celery worker: what a test of work done later stands on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Deployment:
    """Its data ``folder``, and the environment that its processes get."""

    folder: Path
    environment: dict[str, str]

    @property
    def log(self) -> Path:
        """What the worker said."""
        return self.folder / "worker.log"

    def run(self, *arguments: str) -> None:
        """Run Python with these arguments to its end."""
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr[-3000:]

    def mails_to(self, address: str) -> list[str]:
        """The mails to this address, where the file backend puts them."""
        texts = [file.read_text() for file in (self.folder / "mail").glob("*.log")]
        return [text for text in texts if f"To: {address}\n" in text]

    def wait_for(self, happened: Callable[[], bool], what: str) -> None:
        """Return when ``happened``, fail with the worker's log after a minute."""
        deadline = time.monotonic() + 60
        while not happened():
            assert time.monotonic() < deadline, f"{what} did not happen:\n{self.log.read_text()[-3000:]}"
            time.sleep(0.1)


@contextmanager
def deployed(folder: Path, **environment: str) -> Iterator[Deployment]:
    """Migrate a database in ``folder``, start a worker, and end it. Without ``environment`` it is all files."""
    embedded = {"BROKER_VAR": str(folder), "DATABASE_URL": "", "REDIS_URL": "", "CELERY_BROKER_URL": ""}
    settings = {**os.environ, "DJANGO_SETTINGS_MODULE": "broker.settings", **embedded, **environment}
    deployment = Deployment(folder, settings)
    deployment.run("manage.py", "migrate", "--verbosity", "0")
    command = [sys.executable, "-m", "celery", "-A", "broker", "worker", "--concurrency", "1"]
    command += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    with deployment.log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=settings, stdout=output, stderr=output, start_new_session=True
        )
    try:
        yield deployment
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
