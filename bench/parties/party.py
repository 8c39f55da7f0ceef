"""What the bench asks of a party, and what all of them share."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from bench.load import Address, ask
from bench.people import marked
from bench.rows import Row, Stock


class PartyFailed(Exception):
    """A party could not be installed, started or filled; the message has what it said."""


class Party(Protocol):
    """A server under measurement, with a database of its own on the common PostgreSQL server."""

    name: str
    missing: Mapping[Row, str]  # rows it has no answer for, and why

    def describe(self) -> str:
        """Return version and how it is started, in one line."""

    def start(self) -> Address:
        """Install it if need be, make its tables, start it, and return where it listens."""

    def seed(self, people: int, members: int) -> Stock:
        """Store people 0 … ``people`` - 1 and one group with the first ``members`` of them."""

    def members(self, stock: Stock) -> set[str]:
        """Return the ids that are really in the group."""

    def processes(self) -> list[int]:
        """Return the ids of the processes that answer."""

    def stop(self) -> None:
        """End it."""


def run(command: Sequence[str | Path], *, folder: Path, environment: Mapping[str, str]) -> str:
    """Run a command to its end and return what it printed; raises ``PartyFailed`` with all of it."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env={**clean_environment(), **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise PartyFailed(
            f"{' '.join(map(str, command))} failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
        )
    return done.stdout


def clean_environment() -> dict[str, str]:
    """Return this process's environment without what would configure a party by accident.

    The authorities that Node trusts stay: behind a proxy that ends TLS no package comes without them.
    """
    ours = ("BROKER_", "DJANGO_", "DATABASE_", "REDIS_", "CELERY_", "EMAIL_", "GUNICORN_", "PG", "NODE_")
    kept = {"NODE_EXTRA_CA_CERTS"}
    return {name: value for name, value in os.environ.items() if name in kept or not name.startswith(ours)}


def send(address: Address, method: str, path: str, body: Any = None) -> Any:
    """Send what must succeed; return the JSON of the answer, None when there is none."""
    data = b"" if body is None else json.dumps(body).encode()
    answer = ask(address, address.request(method, path, data))
    if answer.status not in (200, 201, 204):
        raise PartyFailed(f"{method} {path[:100]}: {answer.status} {answer.body[:500]!r}")
    return json.loads(answer.body) if answer.body else None


def require_same(address: Address, first: str, other: str, number: int) -> None:
    """Compare a seeded person with the one made by HTTP; raises ``PartyFailed`` unless they differ in name only."""
    made, seeded = (_plain(send(address, "GET", f"/Users/{each}"), each) for each in (first, other))
    if made.replace(marked(0), marked(number)) != seeded:
        raise PartyFailed(f"a seeded person differs from one made by HTTP:\n{made}\n{seeded}")


def _plain(found: Any, resource_id: str) -> str:
    meta = found.get("meta") or {}
    for name in ("created", "lastModified", "version"):
        meta.pop(name, None)
    found["id"] = "ID"
    # The group is not among what a person is; only person 0 may have been asked before it had one.
    found.pop("groups", None)
    if "location" in meta:
        meta["location"] = str(meta["location"]).replace(resource_id, "ID")
    return json.dumps(found, sort_keys=True)
