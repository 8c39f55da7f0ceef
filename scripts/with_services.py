"""Run a command with PostgreSQL and Redis: ``python scripts/with_services.py COMMAND …``.

``DATABASE_URL`` and ``REDIS_URL`` win when they are set. Otherwise servers on the usual ports of this machine are used
if they let us in without a password, and else servers of our own are started on free ports with data in a temporary
folder, and ended afterwards. Only databases named ``test_broker_…`` are made and dropped.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import redis
from psycopg import sql

_DEBIAN = sorted(
    Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True
)

_UNSYNCED = "?options=-c%20synchronous_commit%3Doff"  # nothing here has to survive a power cut


class ServiceMissing(Exception):
    """Neither a running server nor a program to start."""


def main(command: list[str]) -> int:
    """Run ``command``; return its exit status."""
    if not command:
        print("Usage: with_services.py COMMAND …", file=sys.stderr)
        return 2
    with ExitStack() as stack:
        try:
            database = os.environ.get("DATABASE_URL") or stack.enter_context(_postgres())
            cache = os.environ.get("REDIS_URL") or stack.enter_context(_redis())
        except ServiceMissing as error:
            print(f"with_services: {error}", file=sys.stderr)
            return 2
        print(
            f"PostgreSQL on port {urlsplit(database).port}, Redis on port {urlsplit(cache).port}", flush=True
        )
        environment = {**os.environ, "DATABASE_URL": database, "REDIS_URL": cache}
        return subprocess.run(command, env=environment).returncode


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _postgres() -> Iterator[str]:
    """Give a URL whose user may make databases."""
    name = f"broker_{os.getpid()}"
    running = "postgres://postgres@127.0.0.1:5432"
    if _postgres_answers(running):
        try:
            yield f"{running}/{name}{_UNSYNCED}"
        finally:
            _drop_leftovers(running, f"test_{name}")
        return
    programs = _postgres_programs()
    with _scratch_folder() as folder:
        own = _unprivileged()
        if own is not None:
            shutil.chown(folder, user=own)
        port = _free_port()
        data = folder / "data"
        initdb: list[str | Path] = [
            programs / "initdb",
            "-D",
            data,
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
        ]
        subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, user=own, cwd=folder)
        server: list[str | Path] = [
            programs / "postgres",
            "-D",
            data,
            "-p",
            str(port),
            "-k",
            folder,
            "-c",
            "listen_addresses=127.0.0.1",
        ]
        server += ["-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=200"]
        url = f"postgres://postgres@127.0.0.1:{port}"
        with _server(server, folder, lambda: _postgres_answers(url), user=own, end=signal.SIGINT):
            yield f"{url}/{name}{_UNSYNCED}"


def _postgres_answers(url: str) -> bool:
    try:
        with psycopg.connect(f"{url}/postgres", connect_timeout=2) as connection:
            row = connection.execute(
                "select rolcreatedb from pg_roles where rolname = current_user"
            ).fetchone()
            return bool(row and row[0])
    except psycopg.Error:
        return False


def _drop_leftovers(url: str, prefix: str) -> None:
    """Drop the databases of an interrupted test run; a finished one leaves none."""
    with psycopg.connect(f"{url}/postgres", autocommit=True, connect_timeout=5) as connection:
        names = connection.execute("select datname from pg_database where starts_with(datname, %s)", [prefix])
        for (found,) in names.fetchall():
            quoted = sql.Identifier(found)
            connection.execute(sql.SQL("drop database if exists {} with (force)").format(quoted))


def _postgres_programs() -> Path:
    on_path = shutil.which("initdb")
    for folder in [*([Path(on_path).parent] if on_path else []), *_DEBIAN]:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise ServiceMissing(
        "no PostgreSQL answers on 127.0.0.1:5432 and none is installed (apt-get install postgresql)"
    )


def _unprivileged() -> str | None:
    """PostgreSQL refuses to run as root; Debian's package brings a user for it."""
    return "postgres" if os.geteuid() == 0 else None


@contextmanager
def _redis() -> Iterator[str]:
    running = "redis://127.0.0.1:6379"
    if _redis_answers(running):
        yield running
        return
    program = shutil.which("redis-server")
    if program is None:
        raise ServiceMissing(
            "no Redis answers on 127.0.0.1:6379 and none is installed (apt-get install redis-server)"
        )
    with _scratch_folder() as folder:
        port = _free_port()
        url = f"redis://127.0.0.1:{port}"
        server = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        with _server(server, folder, lambda: _redis_answers(url)):
            yield url


def _redis_answers(url: str) -> bool:
    try:
        client = redis.Redis.from_url(url, socket_connect_timeout=2, socket_timeout=2)
        with client:
            return bool(client.ping())
    except redis.RedisError:
        return False


@contextmanager
def _scratch_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="broker-services-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _server(
    command: Sequence[str | Path],
    folder: Path,
    is_up: Callable[[], bool],
    *,
    user: str | None = None,
    end: signal.Signals = signal.SIGTERM,
) -> Iterator[None]:
    """Start a server, wait until it answers, and end it afterwards."""
    log = folder / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=folder, stdout=output, stderr=subprocess.STDOUT, user=user, start_new_session=True
        )
    try:
        deadline = time.monotonic() + 60
        while not is_up():
            if process.poll() is not None or time.monotonic() > deadline:
                raise ServiceMissing(
                    f"{command[0]} did not start:\n{log.read_text(errors='replace')[-2000:]}"
                )
            time.sleep(0.2)
        yield
    finally:
        process.send_signal(end)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
