"""What ``bench.oidc`` found, as Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bench.load import Measurement
from bench.report import machine
from bench.saml_report import GROUPS_EACH, SPACES_EACH

NEW, BACK = "new people", "people who come back"
GOAL_RATIO = 2.0
Row = tuple[str, int]  # of people, and on how many connections


@dataclass(frozen=True, slots=True)
class Side:
    """One party. ``outbound`` are connections and requests to the provider per sign-in, by path; ``counted`` are
    statements and milliseconds of processor time of one callback."""

    name: str
    described: str
    results: Mapping[Row, Measurement]
    outbound: Mapping[Row, Mapping[str, float]]
    counted: Mapping[str, list[float]]


@dataclass(frozen=True, slots=True)
class Found:
    """Everything of one run."""

    seconds: float
    postgres: Mapping[str, str]
    commits: Mapping[int, float]
    ours: Side
    peer: Side


def oidc_report(found: Found) -> str:
    """Everything, with what was to be reached beside it."""
    lines = [
        f"{machine()}. {SPACES_EACH} spaces and {GROUPS_EACH} groups in each ID token; at most {found.seconds:g} s per "
        "figure.",
        "",
        "PostgreSQL " + ", ".join(f"{name} {value}" for name, value in found.postgres.items()) + ".",
        "",
        *(f"- {side.name}: {side.described}" for side in (found.ours, found.peer)),
        "",
        "| sign-ins a second | " + " | ".join(side.name for side in (found.ours, found.peer)) + " | ratio |",
        "|---|---|---|---|",
    ]
    for row, ours in found.ours.results.items():
        theirs = found.peer.results[row]
        ratio = ours.per_second / theirs.per_second if theirs.per_second else 0.0
        name = f"{row[0]}, {row[1]} ×"
        lines.append(f"| {name} | {ours.per_second:.1f} | {theirs.per_second:.1f} | {ratio:.2f} × |")
    lines += [
        "",
        "| of one sign-in | " + " | ".join(side.name for side in (found.ours, found.peer)) + " |",
        "|---|---|---|",
    ]
    for row in found.ours.results:
        name = f"{row[0]}, {row[1]} ×"
        for title, tell in (("median / 95th percentile", _latency), ("processor time", _cpu)):
            cells = " | ".join(tell(side.results[row]) for side in (found.ours, found.peer))
            lines.append(f"| {name}: {title} | {cells} |")
        for title, names in (
            ("connections to the provider", ("connections",)),
            ("requests to the provider", ("/token", "/userinfo", "/keys")),
        ):
            cells = " | ".join(_asked(side.outbound[row], names) for side in (found.ours, found.peer))
            lines.append(f"| {name}: {title} | {cells} |")
    for people in (NEW, BACK):
        cells = " | ".join(f"{side.counted[people][0]:.0f}" for side in (found.ours, found.peer))
        lines.append(f"| {people}: statements | {cells} |")
    rates = ", ".join(f"{rate:,.0f} on {count}" for count, rate in found.commits.items())
    lines += ["", f"Goal: {GOAL_RATIO:g} × the peer's sign-ins a second."]
    lines += [f"The limit: PostgreSQL alone commits {rates} connections a second."]
    lines += [
        f"Wrong at {side.name}: {each.complaint}"
        for side in (found.ours, found.peer)
        for each in side.results.values()
        if each.complaint
    ]
    return "\n".join(lines) + "\n"


def _latency(each: Measurement) -> str:
    return f"{each.p50:.1f} / {each.p95:.1f} ms"


def _cpu(each: Measurement) -> str:
    return f"{each.cpu:.2f} ms"


def _asked(outbound: Mapping[str, float], names: tuple[str, ...]) -> str:
    if names == ("connections",):
        return f"{outbound.get('connections', 0.0):.2f}"
    return ", ".join(f"{name} {outbound.get(name, 0.0):.2f}" for name in names)
