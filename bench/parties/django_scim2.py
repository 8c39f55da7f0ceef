"""Peer: stock django-scim2 in an environment of its own, with a project that has what its documentation asks for."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import MappingProxyType

import psycopg

from bench.load import Address, ask
from bench.parties.ours import THREADS
from bench.parties.party import require_same, run, send
from bench.people import TEMPLATE, person
from bench.places import LOGS, PEERS, WORK, free_port
from bench.rows import Row, Stock
from bench.serving import Serving

PINS = ("django==5.2.19", "django-scim2==0.23.0", "gunicorn==27.0.1", "psycopg[binary]==3.3.9")
_PROJECT = PEERS / "django_scim2"
_FOLDER = WORK / "django_scim2"
_PYTHON = _FOLDER / "venv" / "bin" / "python"
_TOKEN = "bench-token-of-the-peer-which-opens-nothing-else"


class DjangoScim2:
    """Its own views, adapters and filters, unchanged."""

    name = "django-scim2"
    missing: Mapping[Row, str] = MappingProxyType({Row.CURSOR: "pages by index only"})

    def __init__(self, database: str) -> None:
        self._database = database
        self._port = free_port()
        self._address = Address(self._port, "/scim/v2", _TOKEN)
        self._serving: Serving | None = None

    def describe(self) -> str:
        """Return what is run."""
        return f"{', '.join(PINS)}; gunicorn --workers 1 --threads {THREADS}, DEBUG off, no audit, token in a setting"

    def start(self) -> Address:
        """Install, migrate and serve."""
        self._install()
        self._run("-m", "django", "migrate", "--run-syncdb", "--verbosity", "0")
        command = [str(_PYTHON), "-m", "gunicorn", "project.wsgi", "--bind", f"127.0.0.1:{self._port}"]
        command += ["--workers", "1", "--threads", str(THREADS), "--no-control-socket"]
        self._serving = Serving(
            command,
            environment=self._environment(),
            folder=_PROJECT,
            log=LOGS / "django_scim2.log",
            is_up=self._is_up,
        )
        return self._address

    def seed(self, people: int, members: int) -> Stock:
        """Make person 0 and the group by HTTP, the rest with ``bulk_create``."""
        made = str(send(self._address, "POST", "/Users", person(TEMPLATE))["id"])
        group = str(send(self._address, "POST", "/Groups", {"displayName": "Everybody"})["id"])
        self._run("seed.py", str(people), str(members), group)
        with psycopg.connect(self._database) as connection:
            rows = connection.execute("select scim_id from directory_user order by username").fetchall()
        ids = [str(row[0]) for row in rows]
        assert len(ids) == people, f"{len(ids)} people instead of {people}"
        require_same(self._address, made, ids[people // 2], people // 2)
        return Stock(ids=ids, group=group, members=members)

    def members(self, stock: Stock) -> set[str]:
        """Return what the group shows."""
        return {each["value"] for each in send(self._address, "GET", f"/Groups/{stock.group}")["members"]}

    def processes(self) -> list[int]:
        """Return the one gunicorn worker."""
        return [] if self._serving is None else self._serving.children()

    def stop(self) -> None:
        """End it."""
        if self._serving is not None:
            self._serving.stop()
            self._serving = None

    def _install(self) -> None:
        stamp = _FOLDER / "installed"
        if _PYTHON.exists() and stamp.exists() and stamp.read_text() == " ".join(PINS):
            return
        _FOLDER.mkdir(parents=True, exist_ok=True)
        run([sys.executable, "-m", "venv", "--clear", _FOLDER / "venv"], folder=_FOLDER, environment={})
        run([_PYTHON, "-m", "pip", "install", "--quiet", *PINS], folder=_FOLDER, environment={})
        stamp.write_text(" ".join(PINS))

    def _environment(self) -> dict[str, str]:
        return {
            "DJANGO_SETTINGS_MODULE": "project.settings",
            "PYTHONPATH": str(_PROJECT),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PEER_DATABASE": self._database,
            "PEER_TOKEN": _TOKEN,
        }

    def _run(self, *arguments: str) -> str:
        return run([_PYTHON, *arguments], folder=_PROJECT, environment=self._environment())

    def _is_up(self) -> bool:
        try:
            return ask(self._address, self._address.request("GET", "/ServiceProviderConfig")).status == 200
        except OSError:
            return False
