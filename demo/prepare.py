"""Bring ``var/`` to the state that the demo starts from; every step may run again and keeps what is there."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from demo.places import ROOT, Places
from demo.services import simulator_options

ADMIN = "admin@localhost"


class PreparationFailed(Exception):
    """A step failed; the message has its output."""


@dataclass(frozen=True, slots=True)
class DemoSecrets:
    """What the welcome prints so that a newcomer can try everything. All of it is worth nothing elsewhere."""

    admin_password: str
    scim_token: str


def prepare(places: Places) -> DemoSecrets:
    """Make tables, the identity provider's metadata, accounts, an administrator and a SCIM token."""
    print(f"Data folder: {places.var}", flush=True)
    places.logs.mkdir(parents=True, exist_ok=True)
    places.simulator_folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    places.write_moved_files()
    _step(places, "Database", ["manage.py", "migrate", "--no-input", "--verbosity", "0"])
    metadata = ["--write-metadata", str(places.simulator_folder)]
    _step(places, "Identity provider", ["-m", "simulator", *simulator_options(places), *metadata])
    _step(places, "Accounts", ["manage.py", "configure", str(places.configuration)])
    password = _kept(places.var / "demo-admin-password", lambda: _new_admin(places))
    token = _kept(places.simulator_folder / "acme-scim-token", lambda: _new_token(places))
    return DemoSecrets(admin_password=password, scim_token=token)


def _new_admin(places: Places) -> str:
    password = secrets.token_urlsafe(15)
    options = ["--user-name", ADMIN, "--email", ADMIN]
    _step(places, "Operator", ["manage.py", "create_admin", *options], BROKER_ADMIN_PASSWORD=password)
    return password


def _new_token(places: Places) -> str:
    options = ["--account", "acme", "--name", "Demo directory", "--permission", "manage_users"]
    return _step(places, "SCIM token", ["manage.py", "create_api_token", *options]).split()[-1]


def _kept(path: Path, make: Callable[[], str]) -> str:
    """Return what ``path`` holds; make it the first time, readable by this user only."""
    try:
        return path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        value = make()
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(f"{value}\n")
    return value


def _step(places: Places, title: str, arguments: Sequence[str], **environment: str) -> str:
    """Run one command of ours to its end; return what it printed, or raise ``PreparationFailed`` with all it said."""
    started = time.monotonic()
    print(f"  {title:<20}", end="", flush=True)
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**places.environment(), **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        print("failed", flush=True)
        raise PreparationFailed(f"{' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
    print(f"{time.monotonic() - started:5.1f} s", flush=True)
    return done.stdout
