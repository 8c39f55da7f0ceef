"""A directory whose rows are committed, for tests of what several requests do to each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from django.db import connections

from accounts.lifecycle.tokens import TOKEN_KIND
from accounts.models import Account, ApiToken
from audit.maintenance import SWITCH
from audit.models import AuditMaintenance
from foundation.secret_tokens import make_token
from scim import request_log
from tests.scim.directory import Directory

_Result = TypeVar("_Result")


def committed_directory() -> Iterator[Directory]:
    """Yield a directory; the switch lets the flush after the test pass the audit trail."""
    account = Account.objects.create(slug="acme", name="Acme", sso_module=True, sso_ready=True)
    new = make_token(TOKEN_KIND)
    row = ApiToken.objects.create(account=account, name="directory", lookup=new.lookup, digest=new.digest)
    yield Directory(account, new.plain, row)
    request_log.flush()
    AuditMaintenance.objects.update_or_create(name=SWITCH, defaults={"is_open": True})


def at_once(tasks: Sequence[Callable[[], _Result]]) -> list[_Result]:
    """Run all tasks in threads that begin together, each with a connection of its own."""
    start = Barrier(len(tasks))

    def run(task: Callable[[], _Result]) -> _Result:
        try:
            start.wait(timeout=20)
            return task()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(tasks)) as pool:
        return list(pool.map(run, tasks))
