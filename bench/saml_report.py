"""What ``bench.saml`` found, as Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.load import Measurement
from bench.report import machine
from bench.saml_libraries import LIBRARY, OURS, Cost
from bench.saml_responses import GROUPS, SIZE, SPACES
from bench.saml_sign_ins import CONTINUE, POST

SPACES_EACH, GROUPS_EACH = len(SPACES), len(GROUPS)
GOAL_RATIO, GOAL_RATE, GOAL_ATTACK = 2.0, 150, 100


@dataclass(frozen=True, slots=True)
class Found:
    """Everything of one run. ``results`` are by row and number of connections."""

    seconds: float
    server: str
    postgres: Mapping[str, str]
    commits: Mapping[int, float]
    results: Mapping[tuple[str, int], Measurement]
    libraries: Mapping[str, Cost | str]
    slowest: Sequence[tuple[int, str]]  # milliseconds, attack


def saml_report(found: Found) -> str:
    """Everything, with what was to be reached beside it."""
    lines = [
        f"{machine()}. A signed response of {SIZE:,} bytes, {SPACES_EACH} spaces, {GROUPS_EACH} groups; "
        f"at most {found.seconds:g} s per figure.",
        "",
        "PostgreSQL " + ", ".join(f"{name} {value}" for name, value in found.postgres.items()) + ".",
        "",
        f"This server: {found.server}.",
        "",
        *_libraries(found),
        *_sign_ins(found),
        *_ratios(found),
        *_attacks(found),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _libraries(found: Found) -> list[str]:
    lines = ["| parse and validate | median | p95 | CPU | to python3-saml |", "|---|---|---|---|---|"]
    base = found.libraries[LIBRARY]
    for name, cost in found.libraries.items():
        if isinstance(cost, str):
            lines.append(f"| {name} | – | – | – | {cost} |")
            continue
        ratio = f"{cost.cpu / base.cpu:.2f} ×" if isinstance(base, Cost) else "–"
        lines.append(f"| {name} | {cost.median:.2f} ms | {cost.p95:.2f} ms | {cost.cpu:.2f} ms | {ratio} |")
    return [*lines, ""]


def _sign_ins(found: Found) -> list[str]:
    lines = [
        "| sign-ins | a second | POST | continue | CPU per sign-in | wrong |",
        "|---|---|---|---|---|---|",
    ]
    for (row, connections), each in found.results.items():
        parts = " | ".join(_part(each, kind) for kind in (POST, CONTINUE))
        rate, cpu = each.per_second / 2, each.cpu * 2
        lines.append(f"| {row}, {connections} × | {rate:.1f} | {parts} | {cpu:.2f} ms | {each.wrong} |")
    rates = ", ".join(f"{rate:,.0f} on {count}" for count, rate in found.commits.items())
    lines += [
        "",
        f"POST and continue: median / 95th percentile. Goal: {GOAL_RATE} sign-ins a second per worker.",
    ]
    lines += [f"The limit: PostgreSQL alone commits {rates} connections a second."]
    lines += [f"Wrong: {each.complaint}" for each in found.results.values() if each.complaint]
    return [*lines, ""]


def _part(each: Measurement, kind: str) -> str:
    median, high = each.by_kind.get(kind, (0.0, 0.0))
    return f"{median:.1f} / {high:.1f} ms"


def _ratios(found: Found) -> list[str]:
    base, ours = found.libraries[LIBRARY], found.libraries[OURS]
    if not isinstance(base, Cost) or not isinstance(ours, Cost):
        return []
    lines = [
        f"Time of our requests over python3-saml's validation alone ({base.median:.2f} ms; goal {GOAL_RATIO:g} ×):",
        "",
    ]
    for (row, connections), each in found.results.items():
        if connections == 1:
            post, go_on = (each.by_kind.get(kind, (0.0, 0.0))[0] for kind in (POST, CONTINUE))
            both = f"both {(post + go_on) / base.median:.1f} ×"
            lines.append(
                f"- {row}: POST {post / base.median:.1f} ×, continue {go_on / base.median:.1f} ×, {both}"
            )
    return [*lines, ""]


def _attacks(found: Found) -> list[str]:
    if not found.slowest:
        return []
    lines = [f"The slowest answers of the attack corpus (goal: {GOAL_ATTACK} ms of processor time):", ""]
    return [*lines, *(f"- {milliseconds} ms: {attack}" for milliseconds, attack in found.slowest), ""]
