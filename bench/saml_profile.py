"""Where the time of a sign-in goes: POST and continuation answered in one process, without a socket between.

``--profile`` of ``bench.saml``. First without a profiler: processor time and queries of each; then under ``cProfile``,
whose times include its own cost and so tell shares, not speeds.
"""

from __future__ import annotations

import cProfile
import io
import json
import pstats
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from bench.load import Answer
from bench.parties.ours_saml import OursSaml
from bench.parties.party import run
from bench.places import ROOT, WORK
from bench.profiling import ask_application
from bench.saml_responses import Provider
from bench.saml_sign_ins import CONTINUE, POST, Place, SignIn, begin, check_posted, check_signed_in

_SHOWN = 50
_WARM_UP = 20  # sign-ins


def profile(party: OursSaml, *, count: int) -> str:
    """Prepare the party's database, and return what a fresh process with its settings found."""
    party.prepare()
    task = WORK / "saml-profile.json"
    job = {
        "port": party.address().port,
        "path": party.path,
        "pem": party.provider.pem,
        "count": count,
        "first": 1,
    }
    task.write_text(json.dumps(job), encoding="utf-8")
    command: list[str | Path] = [sys.executable, "-m", "bench.saml_profile", task]
    return run(command, folder=ROOT, environment=party.environment())


def _profile_here(port: int, path: str, provider: Provider, *, count: int, first: int) -> None:
    """Print figures and the top functions, for people who are new and for people who come back."""
    from broker.wsgi import application

    ask = partial(ask_application, application)
    place = Place(port, path)
    each = count + _WARM_UP
    for title in ("new people", "people who come back"):
        for start, profiler in ((first, None), (first + each, cProfile.Profile())):
            sign_ins = [begin(ask, place, provider, number) for number in range(start, start + each)]
            print(f"=== {title}{'' if profiler is None else ', profiled'}")
            _run(ask, sign_ins, profiler)
            if profiler is not None:
                _show(profiler)


def _run(ask: Callable[[bytes], Answer], sign_ins: list[SignIn], profiler: cProfile.Profile | None) -> None:
    from django.db import connection

    cpu: dict[str, list[float]] = {POST: [], CONTINUE: []}
    queries: dict[str, set[int]] = {POST: set(), CONTINUE: set()}

    def timed(kind: str, request: bytes) -> Answer:
        counted = 0

        def count(execute: Any, *arguments: Any) -> Any:
            nonlocal counted
            counted += 1
            return execute(*arguments)

        with connection.execute_wrapper(count):
            begun = time.process_time()
            answer = ask(request) if profiler is None else profiler.runcall(ask, request)
            cpu[kind].append(time.process_time() - begun)
        queries[kind].add(counted)
        return answer

    for number, sign_in in enumerate(sign_ins):
        if number == _WARM_UP:
            for found in cpu.values():
                found.clear()
        posted = timed(POST, sign_in.post)
        done = timed(CONTINUE, sign_in.go_on(posted))
        if complaint := check_posted(posted) or check_signed_in(done):
            print(f"wrong: {complaint}")
            return
    for kind, found in cpu.items():
        median, mean = statistics.median(found) * 1000, statistics.fmean(found) * 1000
        print(
            f"{kind:10} {len(found)} ×: CPU {median:.2f} ms median, {mean:.2f} ms mean; queries {sorted(queries[kind])}"
        )


def _show(profiler: cProfile.Profile) -> None:
    for order in ("tottime", "cumulative"):
        text = io.StringIO()
        pstats.Stats(profiler, stream=text).sort_stats(order).print_stats(_SHOWN)
        lines = [line for line in text.getvalue().splitlines() if line.strip()]
        print("\n".join(line.replace(f"{ROOT}/", "") for line in lines[2:]))


if __name__ == "__main__":
    read = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    _profile_here(read["port"], read["path"], Provider(read["pem"]), count=read["count"], first=read["first"])
