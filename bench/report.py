"""Results as Markdown."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench.load import Measurement
from bench.rows import TITLES, Row

# (row, connections, party) → what was measured; None where the party has no such thing.
Results = Mapping[tuple[Row, int, str], Measurement | None]


@dataclass(frozen=True, slots=True)
class Header:
    """What a figure means nothing without."""

    people: int
    members: int
    seconds: float
    postgres: Mapping[str, str]
    parties: Mapping[str, str]  # name → description
    commits: Mapping[int, tuple[float, ...]]  # connections → rates at begin and end


def machine() -> str:
    """Return date and machine in one line."""
    model = "unknown CPU"
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    load = os.getloadavg()[0]
    return f"{now}, {os.cpu_count()} CPUs ({model}), Linux {platform.release()}, load at the end {load:.1f}"


def table(header: Header, results: Results) -> str:
    """Return everything that a run found."""
    lines = [
        f"{machine()}. {header.people:,} users, one group of {header.members:,}, {header.seconds:g} s per figure.",
        "",
        "PostgreSQL " + ", ".join(f"{name} {value}" for name, value in header.postgres.items()) + ".",
        "",
        *(f"- **{name}**: {text}" for name, text in header.parties.items()),
        "",
    ]
    for connections in sorted({key[1] for key in results}):
        lines += _one_table(header, results, connections)
    lines += _processor_table(header, results)
    lines += _wrong(results)
    return "\n".join(lines).rstrip() + "\n"


def figure(found: Measurement | None) -> str:
    """Return requests a second and latencies in milliseconds, or why there are none."""
    if found is None:
        return "–"
    if not found.requests:
        return "wrong" if found.wrong else "none left"
    mark = f" ({found.wrong} wrong)" if found.wrong else ""
    return f"{found.per_second:,.{1 if found.per_second < 100 else 0}f}/s · {found.p50:.1f} / {found.p95:.1f} ms{mark}"


def _one_table(header: Header, results: Results, connections: int) -> list[str]:
    names = list(header.parties)
    title = f"{connections} connection" + ("s" if connections > 1 else "")
    lines = [
        f"| {title} | {' | '.join(names)} | to the best peer |",
        "|---" * (len(names) + 2) + "|",
    ]
    for row in Row:
        found = [results.get((row, connections, name)) for name in names]
        if any(each is not None for each in found):
            cells = " | ".join(figure(each) for each in found)
            lines.append(f"| {TITLES[row]} | {cells} | {_ratio(found)} |")
    rates = " and ".join(f"{rate:,.0f}" for rate in header.commits.get(connections, ()))
    if rates:
        lines += [
            "",
            f"The limit: PostgreSQL alone commits {rates} small transactions a second (before and after).",
        ]
    return [*lines, ""]


def _processor_table(header: Header, results: Results) -> list[str]:
    """Return what other work on the machine changes least: processor time, without PostgreSQL's."""
    names = list(header.parties)
    connections = min(key[1] for key in results)
    lines = [
        f"| CPU of the server per request, {connections} × | {' | '.join(names)} |",
        "|---" * (len(names) + 1) + "|",
    ]
    for row in Row:
        found = [results.get((row, connections, name)) for name in names]
        if any(each is not None for each in found):
            cells = " | ".join(
                "–" if each is None or not each.requests else f"{each.cpu:.2f} ms" for each in found
            )
            lines.append(f"| {TITLES[row]} | {cells} |")
    return [*lines, ""]


def _ratio(found: Sequence[Measurement | None]) -> str:
    """Return ours (the first) over the best peer whose answers are right."""
    ours, *peers = found
    rates = [each.per_second for each in peers if each is not None and each.requests and not each.wrong]
    if ours is None or not ours.requests or not rates:
        return "–"
    return f"{ours.per_second / max(rates):.2f} ×"


def _wrong(results: Results) -> list[str]:
    lines = []
    for (row, connections, name), found in results.items():
        if found is not None and found.complaint:
            lines.append(
                f"- {name}, {TITLES[row]}, {connections}: {found.wrong} wrong, the first: {found.complaint}"
            )
    return ["Wrong answers:", "", *lines] if lines else []
