"""Peer: the directory sync of npm's @boxyhq/saml-jackson in a Node process of its own."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from types import MappingProxyType

import psycopg

from bench.load import Address
from bench.parties.party import PartyFailed, require_same, run, send
from bench.people import TEMPLATE, person
from bench.places import LOGS, PEERS, WORK, free_port
from bench.rows import Row, Stock
from bench.serving import Serving

_SOURCE = PEERS / "saml_jackson"
_FOLDER = WORK / "saml_jackson"
_FILES = ("package.json", "directory.mjs", "server.mjs", "seed.mjs")


class SamlJackson:
    """Its controllers, called from the smallest HTTP server."""

    name = "saml-jackson"
    missing: Mapping[Row, str] = MappingProxyType({Row.CURSOR: "pages by index only"})

    def __init__(self, database: str) -> None:
        self._database = database
        self._port = free_port()
        self._address = Address(self._port, "", "")
        self._page_limit = 0
        self._serving: Serving | None = None

    def describe(self) -> str:
        """Return what is run."""
        wanted = json.loads((_SOURCE / "package.json").read_text())["dependencies"]
        node = subprocess.run(
            ["node", "--version"], capture_output=True, text=True, check=True
        ).stdout.strip()
        pins = ", ".join(f"{name} {version}" for name, version in wanted.items())
        return f"{pins}, one Node {node} process, NODE_ENV=production, no webhook, no encryption, no audit"

    def start(self) -> Address:
        """Install and serve; the package makes its tables itself."""
        self._install()
        log = LOGS / "saml_jackson.log"
        self._serving = Serving(
            ["node", "server.mjs"],
            environment=self._environment(),
            folder=_FOLDER,
            log=log,
            is_up=lambda: "listening" in log.read_text(),
        )
        found = re.search(r"listening (\S+) (\S+)", log.read_text())
        if found is None:
            raise PartyFailed(f"{log} has no directory in it")
        self._address = Address(self._port, f"/{found[1]}", found[2])
        return self._address

    def seed(self, people: int, members: int) -> Stock:
        """Make person 0 and the group by HTTP, the rest as its store writes it (``seed.mjs``)."""
        made = str(send(self._address, "POST", "/Users", person(TEMPLATE))["id"])
        group = str(send(self._address, "POST", "/Groups", {"displayName": "Everybody"})["id"])
        file = _FOLDER / f"ids-{os.getpid()}.json"
        bodies = _FOLDER / f"people-{os.getpid()}.jsonl"
        with bodies.open("w", encoding="utf-8") as lines:
            for number in range(TEMPLATE + 1, people):
                lines.write(json.dumps(person(number)) + "\n")
        told = [self._address.prefix.strip("/"), str(bodies), made, group, str(members), str(file)]
        run(
            ["node", "seed.mjs", *told],
            folder=_FOLDER,
            environment=self._environment(synchronous_commit="off"),
        )
        bodies.unlink()
        ids = [str(each) for each in json.loads(file.read_text())]
        file.unlink()
        total = send(self._address, "GET", "/Users?startIndex=1&count=1")["totalResults"]
        assert total == len(ids) == people, f"{total} people of {len(ids)} instead of {people}"
        require_same(self._address, made, ids[people // 2], people // 2)
        return Stock(ids=ids, group=group, members=members)

    def members(self, stock: Stock) -> set[str]:
        """Return what its store holds: the answer to a GET of a group never has members in it."""
        query = "select value from jackson_store where namespace like 'dsync:members:%'"
        with psycopg.connect(self._database) as connection:
            found = [json.loads(row[0]) for row in connection.execute(query).fetchall()]
        return {str(each["user_id"]) for each in found if each["group_id"] == stock.group}

    def processes(self) -> list[int]:
        """Return the Node process."""
        return [] if self._serving is None else [self._serving.pid]

    def stop(self) -> None:
        """End it."""
        if self._serving is not None:
            self._serving.stop()
            self._serving = None

    def _install(self) -> None:
        wanted = (_SOURCE / "package.json").read_text()
        stamp = _FOLDER / "installed"
        _FOLDER.mkdir(parents=True, exist_ok=True)
        for name in _FILES:
            shutil.copy(_SOURCE / name, _FOLDER / name)
        if stamp.exists() and stamp.read_text() == wanted:
            return
        if shutil.which("npm") is None:
            raise PartyFailed("npm is not installed")
        options = ["--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel", "error"]
        run(["npm", "install", *options], folder=_FOLDER, environment={})
        stamp.write_text(wanted)

    def _environment(self, **settings: str) -> dict[str, str]:
        options = "".join(f"&options=-c%20{name}%3D{value}" for name, value in settings.items())
        return {
            "NODE_ENV": "production",
            "BOXYHQ_NO_ANALYTICS": "1",
            "PEER_DATABASE": f"{self._database}?sslmode=disable{options}",
            "PEER_PORT": str(self._port),
        }
