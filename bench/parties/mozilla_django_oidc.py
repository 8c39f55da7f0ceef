"""Peer: stock mozilla-django-oidc in the smallest Django project, with this server's own versions of both."""

from __future__ import annotations

import sys
from importlib.metadata import version

from bench.load import Address, ask
from bench.openid_provider import CLIENT_ID, CLIENT_SECRET
from bench.parties.ours import THREADS
from bench.parties.party import run
from bench.places import LOGS, PEERS, WORK, free_port
from bench.serving import Serving

_PROJECT = PEERS / "mozilla_django_oidc"


class MozillaDjangoOidc:
    """Its own views and backend, unchanged. It makes a user and a session; it knows no spaces and no groups."""

    name = "mozilla-django-oidc"
    login_path = "/oidc/authenticate/"

    def __init__(self, database: str, provider_port: int) -> None:
        self.database = database
        self._provider_port = provider_port
        self._port = free_port()
        self._serving: Serving | None = None

    def describe(self) -> str:
        """Return what is run."""
        return (
            f"mozilla-django-oidc {version('mozilla-django-oidc')}, Django {version('django')}, gunicorn "
            f"{version('gunicorn')} --workers 1 --threads {THREADS}, sessions in the database, DEBUG off"
        )

    def start(self) -> Address:
        """Migrate and serve."""
        self.prepare()
        command = [sys.executable, "-m", "gunicorn", "project.wsgi", "--bind", f"127.0.0.1:{self._port}"]
        command += ["--workers", "1", "--threads", str(THREADS), "--no-control-socket"]
        self._serving = Serving(
            command,
            environment=self.environment(),
            folder=_PROJECT,
            log=LOGS / "mozilla_django_oidc.log",
            is_up=self._is_up,
        )
        return self.address()

    def prepare(self) -> None:
        """Make its tables."""
        WORK.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "django", "migrate", "--verbosity", "0"]
        run(command, folder=_PROJECT, environment=self.environment())

    def address(self) -> Address:
        """Return where it listens."""
        return Address(self._port, "", "")

    def processes(self) -> list[int]:
        """Return the one gunicorn worker."""
        return [] if self._serving is None else self._serving.children()

    def stop(self) -> None:
        """End it."""
        if self._serving is not None:
            self._serving.stop()
            self._serving = None

    def environment(self) -> dict[str, str]:
        """Return the settings."""
        return {
            "DJANGO_SETTINGS_MODULE": "project.settings",
            "PYTHONPATH": str(_PROJECT),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PEER_DATABASE": self.database,
            "PEER_PROVIDER": f"http://127.0.0.1:{self._provider_port}",
            "PEER_CLIENT_ID": CLIENT_ID,
            "PEER_CLIENT_SECRET": CLIENT_SECRET,
        }

    def _is_up(self) -> bool:
        try:
            return ask(self.address(), self.address().request("GET", "/up")).status == 200
        except OSError:
            return False
