"""Run one validation again and again for some seconds; print what it cost as JSON. Used by each Python library here."""

from __future__ import annotations

import json
import resource
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

WARM_UP = 20
LEAST = 20


def job() -> dict[str, Any]:
    """The response and what it must fit, as ``bench.saml`` wrote them."""
    read: dict[str, Any] = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    return read


def _cpu() -> float:
    """Processor time of this process and of the programs that it ran and waited for."""
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def report(validate: Callable[[], str], expected: str, seconds: float) -> None:
    """``validate`` returns the e-mail that it read; anything else than ``expected`` ends the measurement."""
    for _ in range(WARM_UP):
        found = validate()
        if found != expected:
            raise SystemExit(f"read {found!r} instead of {expected!r}")
    times: list[float] = []
    before, deadline = _cpu(), time.perf_counter() + seconds
    while len(times) < LEAST or time.perf_counter() < deadline:
        begun = time.perf_counter()
        validate()
        times.append(time.perf_counter() - begun)
    spent = _cpu() - before
    times.sort()
    shown = {
        "median": statistics.median(times),
        "p95": times[int(len(times) * 0.95)],
        "cpu": spent / len(times),
    }
    print(json.dumps({"count": len(times), **{name: value * 1000 for name, value in shown.items()}}))
