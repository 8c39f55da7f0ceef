"""This server as a deployment runs it: gunicorn with one worker, PostgreSQL, all middleware, audit and token check."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from uuid import UUID

import psycopg
import redis

from bench.copies import copy_people
from bench.load import Address, ask
from bench.parties.party import require_same, run, send
from bench.people import PATCH_OP, TEMPLATE, person
from bench.places import LOGS, ROOT, WORK, free_port
from bench.rows import Row, Stock
from bench.serving import Serving

THREADS = 8  # as docs/operations.md starts it, with one worker instead of four
_REDIS = "redis://127.0.0.1:6379/9"
_ACCOUNT = """
  - slug: {slug}
    name: Bench {slug}
    sso_module: true
    identity_providers:
      - slug: {slug}-oidc
        name: Bench
        protocol: oidc
        vendor: other
        enabled: true
        oidc: {{issuer: "https://login.example.com/{slug}", client_id: bench, flow: code, client_secret: not-used-here}}
"""


class Ours:
    """``accounts`` accounts, named ``bench0``, ``bench1``, …; the rows are measured in the first."""

    name = "this server"
    missing: Mapping[Row, str] = MappingProxyType({})

    def __init__(self, database: str, *, accounts: int = 1, folder: Path = WORK / "ours") -> None:
        self.database = database
        self.accounts = accounts
        self.tokens: list[str] = []
        self._folder = folder
        self._port = free_port()
        self._serving: Serving | None = None
        self._redis = _running_redis()

    def describe(self) -> str:
        """Return what is run."""
        cache = "Redis cache" if self._redis else "cache in the database, no Redis"
        return (
            f"Django {version('django')}, gunicorn {version('gunicorn')} --workers 1 --threads {THREADS}, "
            f"Python {sys.version.split()[0]}, {cache}, BROKER_DEBUG off, BROKER_SCIM_RATE=0"
        )

    def environment(self) -> dict[str, str]:
        """Return the settings: a deployment's, but for the address and the rate."""
        found = {
            "BROKER_BASE_URL": f"http://localhost:{self._port}",
            "BROKER_DEBUG": "false",
            "BROKER_SCIM_RATE": "0",
            "BROKER_VAR": str(self._folder),
            "DATABASE_URL": self.database,
            "REDIS_URL": self._redis,
        }
        # Empty counts as unset, and keeps what a .env says away.
        unset = (
            "CELERY_BROKER_URL",
            "EMAIL_URL",
            "BROKER_REGIONS",
            "BROKER_TRUSTED_PROXIES",
            "BROKER_DEPLOYMENT",
        )
        return found | dict.fromkeys(unset, "")

    def prepare(self) -> None:
        """Make tables, accounts and tokens."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._manage("migrate", "--no-input", "--verbosity", "0")
        self._manage("collectstatic", "--no-input", "--verbosity", "0")
        file = self._folder / "bench.yaml"
        file.write_text(self.configuration(), encoding="utf-8")
        self._manage("configure", str(file))
        self.tokens = self._new_tokens(self._slugs())

    def configuration(self) -> str:
        """Return the accounts as a configuration file."""
        return "accounts:" + "".join(_ACCOUNT.format(slug=slug) for slug in self._slugs())

    def start(self) -> Address:
        """Prepare and serve."""
        self.prepare()
        self.serve()
        return self.address()

    def address(self, account: int = 0) -> Address:
        """Return how to reach one of the accounts."""
        return Address(self._port, "/api/scim", self.tokens[account])

    def serve(self) -> None:
        """Start gunicorn."""
        command = [sys.executable, "-m", "gunicorn", "broker.wsgi", "--bind", f"127.0.0.1:{self._port}"]
        command += ["--workers", "1", "--threads", str(THREADS), "--no-control-socket"]
        self._serving = Serving(
            command,
            environment=self.environment(),
            folder=ROOT,
            log=LOGS / "ours.log",
            is_up=self._is_up,
        )

    def processes(self) -> list[int]:
        """Return the one gunicorn worker."""
        return [] if self._serving is None else self._serving.children()

    def seed(self, people: int, members: int) -> Stock:
        """Make person 0 of each account by HTTP, copy them in SQL, and push the group by HTTP."""
        addresses = [self.address(account) for account in range(self.accounts)]
        made = [send(address, "POST", "/Users", person(TEMPLATE))["id"] for address in addresses]
        copy_people(self.database, [UUID(each) for each in made], people)
        ids = self._ids(made[0])
        assert len(ids) == people, f"{len(ids)} people instead of {people}"
        require_same(addresses[0], made[0], ids[people // 2], people // 2)
        return Stock(ids=ids, group=_push_group(addresses[0], ids[:members]), members=members)

    def members(self, stock: Stock) -> set[str]:
        """Return what the group shows."""
        found = send(self.address(), "GET", f"/Groups/{stock.group}")
        return {each["value"] for each in found.get("members", ())}

    def stop(self) -> None:
        """End gunicorn."""
        if self._serving is not None:
            self._serving.stop()
            self._serving = None

    def _slugs(self) -> list[str]:
        return [f"bench{number}" for number in range(self.accounts)]

    def _is_up(self) -> bool:
        address = Address(self._port, "", "")
        try:
            return ask(address, address.request("GET", "/healthz")).status == 200
        except OSError:
            return False

    def _ids(self, template: str) -> list[str]:
        with psycopg.connect(self.database) as connection:
            rows = connection.execute(
                "select id from accounts_user where kind = 'member' and account_id = "
                "(select account_id from accounts_user where id = %s) order by user_name",
                [template],
            )
            return [str(row[0]) for row in rows.fetchall()]

    def _new_tokens(self, slugs: Sequence[str]) -> list[str]:
        # The command, once per account, in one process: starting Python a hundred times takes minutes.
        code = "from django.core.management import call_command\n"
        code += f"for slug in {list(slugs)!r}: call_command('create_api_token', account=slug, name='bench')"
        return self._manage("shell", "-v0", "-c", code).split()

    def _manage(self, *arguments: str) -> str:
        return run([sys.executable, "manage.py", *arguments], folder=ROOT, environment=self.environment())


def _push_group(address: Address, members: Sequence[str]) -> str:
    group = str(send(address, "POST", "/Groups", {"displayName": "Everybody"})["id"])
    for start in range(0, len(members), 1000):
        value = [{"value": each} for each in members[start : start + 1000]]
        operation = {"op": "add", "path": "members", "value": value}
        send(address, "PATCH", f"/Groups/{group}", {"schemas": [PATCH_OP], "Operations": [operation]})
    return group


def _running_redis() -> str:
    try:
        with redis.Redis.from_url(_REDIS, socket_connect_timeout=2, socket_timeout=2) as client:
            return _REDIS if client.ping() else ""
    except redis.RedisError:
        return ""
