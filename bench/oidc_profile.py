"""Statements and processor time of a callback in one process, without a socket between: ours and the peer's alike.

``python -m bench.oidc_profile TASK`` in the environment of a party; the task names the WSGI module, the port, the login
path and how many people. With ``profile`` it also prints the top functions of ``cProfile``, whose times tell shares.
"""

from __future__ import annotations

import cProfile
import importlib
import io
import json
import pstats
import re
import statistics
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from bench.load import Address, KeptOpen
from bench.oidc_sign_ins import begin, check_signed_in
from bench.parties.party import run
from bench.places import ROOT, WORK
from bench.profiling import ask_application
from bench.saml_sign_ins import Place

_SHOWN = 45
_WARM_UP = 10  # sign-ins


class Party(Protocol):
    """What is asked of either side."""

    login_path: str

    def environment(self) -> dict[str, str]:
        """Return its settings."""

    def address(self) -> Address:
        """Return where it listens."""


def statements(
    party: Party, wsgi: str, provider_port: int, *, first: int, count: int, profile: bool = False
) -> dict[str, Any]:
    """Return ``{"new people": [statements, CPU ms], "people who come back": …, "profile": text}`` for people from
    ``first`` on. The party's tables are there, and nothing else runs on them.
    """
    task = WORK / "oidc-profile.json"
    job = {"wsgi": wsgi, "port": party.address().port, "path": party.login_path, "provider": provider_port}
    task.write_text(json.dumps({**job, "first": first, "count": count, "profile": profile}), encoding="utf-8")
    environment = party.environment()
    environment["PYTHONPATH"] = ":".join(filter(None, (environment.get("PYTHONPATH"), str(ROOT))))
    told = run([sys.executable, "-m", "bench.oidc_profile", task], folder=ROOT, environment=environment)
    found: dict[str, Any] = json.loads(told.splitlines()[-1])
    return found


def _here(
    wsgi: str, port: int, path: str, provider: int, first: int, count: int, profile: bool
) -> dict[str, Any]:
    application = importlib.import_module(wsgi).application
    ask, place = partial(ask_application, application), Place(port, path)
    found: dict[str, Any] = {}
    with KeptOpen(provider) as connection:
        people = range(first, first + count + _WARM_UP)
        for row in ("new people", "people who come back"):
            sign_ins = [begin(ask, place, connection, number) for number in people]
            found[row] = _counted(ask, [each.callback for each in sign_ins])
        if profile:
            sign_ins = [begin(ask, place, connection, number) for number in people]
            profiler = cProfile.Profile()
            for each in sign_ins:
                profiler.runcall(ask, each.callback)
            found["profile"] = _shown(profiler)
    return found


def _counted(ask: Any, callbacks: list[bytes]) -> list[float]:
    from django.db import connection

    times, counts = [], []
    for callback in callbacks:
        counted = 0

        def count(execute: Any, *arguments: Any) -> Any:
            nonlocal counted
            counted += 1
            return execute(*arguments)

        with connection.execute_wrapper(count):
            begun = time.process_time()
            answer = ask(callback)
            times.append(time.process_time() - begun)
        counts.append(counted)
        if complaint := check_signed_in(answer):
            raise SystemExit(complaint)
    return [statistics.median(counts[_WARM_UP:]), statistics.median(times[_WARM_UP:]) * 1000]


def _shown(profiler: cProfile.Profile) -> str:
    text = io.StringIO()
    stats = pstats.Stats(profiler, stream=text)
    stats.sort_stats("tottime").print_stats(_SHOWN)
    stats.sort_stats("cumulative").print_stats(f"{re.escape(str(ROOT))}/(?!.venv)", _SHOWN)
    return text.getvalue().replace(f"{ROOT}/", "")


if __name__ == "__main__":
    print(json.dumps(_here(**json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))))
