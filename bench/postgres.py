"""The one PostgreSQL server that all parties store in, and how many commits a second it can do.

A server on the usual port of this machine is used if it lets us in without a password (``BENCH_POSTGRES`` names
another one, as ``postgres://user@host:port``); else one of our own is started, durable as PostgreSQL is by default.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import psycopg
from psycopg import sql

from bench.places import free_port

_USUAL = "postgres://postgres@127.0.0.1:5432"
_DEBIAN = sorted(
    Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True
)


class PostgresMissing(Exception):
    """Neither a running server nor programs to start one."""


@dataclass(frozen=True, slots=True)
class Server:
    """``url`` is without a database name; its user may make databases."""

    url: str

    def database(self, name: str) -> str:
        """Return the URL of a database."""
        return f"{self.url}/{name}"

    def settings(self) -> dict[str, str]:
        """Return what decides how durable a commit is, and how much memory the server uses."""
        names = ("server_version", "fsync", "synchronous_commit", "full_page_writes", "shared_buffers")
        with psycopg.connect(self.database("postgres"), autocommit=True) as connection:
            found = [connection.execute(sql.SQL("show {}").format(sql.Identifier(name))) for name in names]
            return {
                name: str(row[0]) for name, each in zip(names, found, strict=True) if (row := each.fetchone())
            }

    @contextmanager
    def fresh_database(self, name: str, *, keep: bool = False) -> Iterator[str]:
        """Make an empty database in which every commit is durable, give its URL, and drop it unless ``keep``."""
        quoted = sql.Identifier(name)
        with psycopg.connect(self.database("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("drop database if exists {} with (force)").format(quoted))
            connection.execute(
                sql.SQL("create database {} template template0 encoding 'UTF8'").format(quoted)
            )
            connection.execute(sql.SQL("alter database {} set synchronous_commit = on").format(quoted))
        try:
            yield self.database(name)
        finally:
            if not keep:
                with psycopg.connect(self.database("postgres"), autocommit=True) as connection:
                    connection.execute(sql.SQL("drop database if exists {} with (force)").format(quoted))


def tidy(url: str) -> None:
    """Vacuum and analyze a database, and write out what is dirty: every party begins in the same state."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("vacuum analyze")
        connection.execute("checkpoint")


def commit_rate(url: str, *, connections: int, seconds: float) -> float:
    """Return how many transactions of one small INSERT PostgreSQL commits a second: no server can write faster."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("create table if not exists bench_commit (id bigserial primary key, text text)")
    context = multiprocessing.get_context("fork")
    pipes: list[Connection] = []
    processes = []
    for _ in range(connections):
        ours, theirs = context.Pipe(duplex=False)
        processes.append(context.Process(target=_commit, args=(url, seconds, theirs)))
        pipes.append(ours)
    for process in processes:
        process.start()
    commits = sum(pipe.recv() for pipe in pipes)
    for process in processes:
        process.join()
    return float(commits / seconds)


def _commit(url: str, seconds: float, result: Connection) -> None:
    done = 0
    with psycopg.connect(url, autocommit=True) as connection:
        deadline = time.perf_counter() + seconds
        while time.perf_counter() < deadline:
            connection.execute("insert into bench_commit (text) values ('one')", prepare=True)
            done += 1
    result.send(done)


@contextmanager
def server() -> Iterator[Server]:
    """Give the server: the one named, a running one, or one of our own that ends with the block."""
    named = os.environ.get("BENCH_POSTGRES", "").rstrip("/")
    if named or _answers(_USUAL):
        yield Server(named or _USUAL)
        return
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="bench-postgres-"))
    # PostgreSQL refuses to run as root; Debian's package brings a user for it.
    user = "postgres" if os.geteuid() == 0 else None
    if user is not None:
        shutil.chown(folder, user=user)
    port = free_port()
    url = f"postgres://postgres@127.0.0.1:{port}"
    initdb: list[str | Path] = [
        programs / "initdb",
        "-D",
        folder / "data",
        "-U",
        "postgres",
        "-A",
        "trust",
        "-E",
        "UTF8",
    ]
    initdb += ["--locale=C.UTF-8"]
    subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, user=user, cwd=folder)
    start: list[str | Path] = [programs / "postgres", "-D", folder / "data", "-p", str(port), "-k", folder]
    start += ["-c", "listen_addresses=127.0.0.1"]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(start, cwd=folder, stdout=log, stderr=subprocess.STDOUT, user=user)
    try:
        deadline = time.monotonic() + 60
        while not _answers(url):
            if process.poll() is not None or time.monotonic() > deadline:
                raise PostgresMissing(
                    f"PostgreSQL did not start:\n{(folder / 'server.log').read_text()[-2000:]}"
                )
            time.sleep(0.2)
        yield Server(url)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def _answers(url: str) -> bool:
    try:
        with psycopg.connect(f"{url}/postgres", connect_timeout=2):
            return True
    except psycopg.Error:
        return False


def _programs() -> Path:
    on_path = shutil.which("initdb")
    for folder in [*([Path(on_path).parent] if on_path else []), *_DEBIAN]:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise PostgresMissing(
        "no PostgreSQL answers on 127.0.0.1:5432 and none is installed (apt-get install postgresql)"
    )
