"""The product as an operator starts it, for parties that we did not write: migrate, configure, two tokens, gunicorn.

Everything is its own: a data folder, a free port, two accounts with a token each. With ``DATABASE_URL`` set
(PostgreSQL, as ``scripts/with_services.py`` sets it) a database is made there and dropped at the end; otherwise it is
the embedded SQLite.
"""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE = 90.0  # seconds until the web server must answer
ACCOUNTS = ("acme", "globex")

_CONFIGURATION = """\
accounts:
  - slug: {slug}
    name: {slug} Corp
    email_domains: [{slug}.example]
    sso_module: true
    identity_providers:
      - slug: {slug}-oidc
        name: {slug} directory
        protocol: oidc
        vendor: okta
        enabled: true
        oidc: {{issuer: "https://{slug}.idp.example", client_id: {slug}, client_secret: {secret}, flow: code}}
"""


class BrokerDidNotStart(Exception):
    """A step of the start failed; the message has what it printed."""

    code = "broker_did_not_start"


@dataclass(frozen=True, slots=True)
class RunningBroker:
    """A running product. ``tokens`` are SCIM tokens by account slug."""

    url: str
    tokens: dict[str, str]
    log: Path
    environment: dict[str, str]

    @property
    def scim(self) -> str:
        """What an administrator pastes into the directory's console."""
        return f"{self.url}/api/scim"

    def configure(self, file: Path) -> None:
        """Load a configuration file as an operator does; raises ``BrokerDidNotStart`` with what it said."""
        _run(self.environment, "configure", str(file))

    def shell(self, code: str) -> str:
        """Run Python on the product's data, for what no page or file does yet; return what it printed."""
        return _run(self.environment, "shell", "-v0", "-c", code)


def free_port() -> int:
    """A TCP port that nothing listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_broker(folder: Path, *, allowed_ports: Iterable[int] = ()) -> Iterator[RunningBroker]:
    """Run the product with its data below ``folder`` until the block ends; raises ``BrokerDidNotStart``.

    Providers may listen on ``allowed_ports`` of this machine, without TLS.
    """
    with ExitStack() as stack:
        port = free_port()
        url = f"http://localhost:{port}"
        environment = {
            **os.environ,
            "BROKER_VAR": str(folder / "var"),
            "BROKER_BASE_URL": url,
            "BROKER_NETWORK_ALLOW_LIST": ",".join(f"127.0.0.1:{allowed}" for allowed in allowed_ports),
            "BROKER_SCIM_RATE": "0",
            "DATABASE_URL": stack.enter_context(_database(os.environ.get("DATABASE_URL", ""))),
            "REDIS_URL": "",
            "CELERY_BROKER_URL": "",
            "DJANGO_SETTINGS_MODULE": "broker.settings",
            "PYTHONUNBUFFERED": "1",
        }
        (folder / "var").mkdir(parents=True, mode=0o700)
        _run(environment, "migrate", "--no-input", "--verbosity", "0")
        tokens = {}
        for slug in ACCOUNTS:
            file = folder / f"{slug}.yaml"
            file.write_text(_CONFIGURATION.format(slug=slug, secret=secrets.token_hex(8)), encoding="utf-8")
            _run(environment, "configure", str(file))
            made = _run(environment, "create_api_token", "--account", slug, "--name", "Directory")
            tokens[slug] = made.split()[-1]
        log = folder / "web.log"
        stack.enter_context(_web(environment, port, log))
        yield RunningBroker(url, tokens, log, environment)


def _run(environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=180,
    )
    if done.returncode:
        raise BrokerDidNotStart(f"manage.py {' '.join(arguments)}:\n{done.stdout}{done.stderr}")
    return done.stdout


@contextmanager
def _web(environment: dict[str, str], port: int, log: Path) -> Iterator[None]:
    command = [sys.executable, "-m", "gunicorn", "broker.wsgi", "--bind", f"127.0.0.1:{port}"]
    command += ["--workers", "2", "--threads", "4", "--no-control-socket", "--graceful-timeout", "5"]
    with log.open("wb") as out:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + PATIENCE
        while not _answers(f"http://127.0.0.1:{port}/readyz"):
            if process.poll() is not None or time.monotonic() > deadline:
                raise BrokerDidNotStart(log.read_text(encoding="utf-8", errors="replace")[-3000:])
            time.sleep(0.2)
        yield
    finally:
        process.terminate()
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@contextmanager
def _database(url: str) -> Iterator[str]:
    """Give the URL of an empty database on the server of ``url``; "" stands for the embedded one."""
    parts = urlsplit(url)
    if not parts.scheme.startswith("postgres"):
        yield ""
        return
    name = f"test_broker_interop_{secrets.token_hex(6)}"
    server = urlunsplit(parts._replace(path="/postgres", query=""))
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        try:
            yield urlunsplit(parts._replace(path=f"/{name}"))
        finally:
            connection.execute(
                sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
            )
