"""``make bench-scim-million``: does the SCIM server keep its speed at 1,000,000 users?

    python -m bench.million                                  100 accounts of 10,000 beside one (about 15 minutes)
    python -m bench.million --accounts 5 --users 1000 --seconds 2

Two of our servers on one PostgreSQL server take turns: one account of 10,000 users, and 100 of them. Requests to the
large one go round all its accounts, so that no cache holds just what is asked for. No row may take more than 1.5 times
as long as in the small one, and a worker's memory must stay what it was while all users are paged through.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

from bench.load import Address, KeptOpen, Measurement, Plan, measure
from bench.options import add_common, say
from bench.parties.ours import Ours
from bench.places import LOGS, WORK
from bench.postgres import server, tidy
from bench.report import figure, machine
from bench.rows import PAGE, TITLES, Row, Share, Stock, plan
from demo.processes import end_like_ctrl_c

LIMIT = 1.5  # times the small one's time per request
_ROWS = (Row.GET, Row.FILTER, Row.CURSOR, Row.FIRST_PAGE, Row.ACTIVE, Row.ATTRIBUTE, Row.CREATE)
_WARM_UP = 1.0  # seconds
_NUMBERS_APART = 100_000  # new people's numbers of one phase and of the next


@dataclass(slots=True)
class Side:
    """One of the two servers, with what each of its accounts holds."""

    name: str
    party: Ours
    stocks: list[Stock]

    def plan(self, row: Row, share: Share) -> Plan:
        """Return requests that go round the accounts, beginning somewhere else on each connection."""
        count = len(self.stocks)
        first = share.number * count // share.of
        order = [(first + step) % count for step in range(count)]
        return _round([plan(row, self.party.address(each), self.stocks[each], share) for each in order])

    def settle(self) -> None:
        """Leave the numbers behind that a phase may have used."""
        for stock in self.stocks:
            stock.next_new += _NUMBERS_APART
            stock.next_patch += 1 + len(stock.ids) // 7


def _round(plans: Sequence[Plan]) -> Plan:
    waiting = [next(each) for each in plans]
    while True:
        for place, each in enumerate(plans):
            answer = yield waiting[place]
            waiting[place] = each.send(answer)


@dataclass(frozen=True, slots=True)
class Verdict:
    """A row's two medians over the rounds."""

    row: Row
    connections: int
    small: Measurement
    large: Measurement
    ratio: float  # of the time that one request takes


def main() -> int:
    """Run what the options ask for; return 1 if a row is over the limit."""
    options = _options()
    end_like_ctrl_c()
    LOGS.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        where = stack.enter_context(server())
        sides = []
        for name, accounts in (("small", 1), ("large", options.accounts)):
            database = f"bench_scim_{os.getpid()}_{name}"
            url = stack.enter_context(where.fresh_database(database, keep=options.keep))
            party = Ours(url, accounts=accounts, folder=WORK / name)
            stack.callback(party.stop)
            sides.append(_fill(name, party, options.users))
        small, large = sides
        verdicts = [
            _compare(row, count, small, large, options)
            for row in options.rows
            for count in options.connections
        ]
        memory = _page_through(large, options.read)
        text = _report(options, where.settings(), party.describe(), verdicts, memory)
    (WORK / "million.md").write_text(text, encoding="utf-8")
    print(f"\n{text}\nAlso in {WORK / 'million.md'}")
    return 1 if any(verdict.ratio > LIMIT for verdict in verdicts) else 0


def _fill(name: str, party: Ours, people: int) -> Side:
    say(f"{name}: {party.accounts} accounts of {people:,} users")
    party.start()
    started = time.monotonic()
    party.seed(people, 0)
    say(f"{name}: stored in {time.monotonic() - started:.0f} s")
    tidy(party.database)
    say(f"{name}: vacuumed and analyzed after {time.monotonic() - started:.0f} s")
    return Side(name, party, _stocks(party))


def _stocks(party: Ours) -> list[Stock]:
    """Return what each account holds, in the order of their names."""
    found: dict[str, list[str]] = {f"bench{number}": [] for number in range(party.accounts)}
    with psycopg.connect(party.database) as connection, connection.cursor(name="ids") as rows:
        rows.itersize = 50_000
        rows.execute(
            "select a.slug, u.id::text from accounts_user u join accounts_account a on a.id = u.account_id "
            "where u.kind = 'member' order by u.user_name"
        )
        for slug, found_id in rows:
            found[slug].append(found_id)
    return [Stock(ids=ids, group="", members=0) for ids in found.values()]


def _compare(row: Row, count: int, small: Side, large: Side, options: argparse.Namespace) -> Verdict:
    found: dict[str, list[Measurement]] = {small.name: [], large.name: []}
    for number in range(options.rounds):
        for side in (small, large):
            shares = [Share(each, count, number * 1000 + count * 10 + each) for each in range(count)]
            plans = [side.plan(row, share) for share in shares]
            measured = measure(
                side.party.address(),
                plans,
                seconds=options.seconds,
                warm_up=_WARM_UP,
                server=side.party.processes(),
            )
            side.settle()
            found[side.name].append(measured)
            told = f"{figure(measured)}, {measured.cpu:.2f} ms CPU {measured.complaint[:300]}"
            say(f"{TITLES[row]:24} {count} × {side.name:6} {told}")
    first, second = (_median(found[side.name]) for side in (small, large))
    ratio = first.per_second / second.per_second if second.per_second else float("inf")
    return Verdict(row, count, first, second, ratio)


def _median(found: Sequence[Measurement]) -> Measurement:
    middle = statistics.median_low(each.per_second for each in found)
    return next(each for each in found if each.per_second == middle)


def _page_through(side: Side, accounts: int) -> list[tuple[int, float]]:
    """Read all people of some accounts by cursor; return (people read, worker's memory in MB) as it went."""
    worker = side.party.processes()[0]
    found: list[tuple[int, float]] = []
    read = 0
    steps = max(1, accounts // 10)
    for number, stock in enumerate(side.stocks[:accounts]):
        address = side.party.address(number)
        with KeptOpen(address.port) as connection:
            ids = _all_ids(address, connection)
        if missing := set(stock.ids) - ids:
            raise SystemExit(
                f"{len(missing)} of {len(stock.ids)} people never came while paging through an account"
            )
        read += len(ids)
        if number % steps == 0 or number == accounts - 1:
            found.append((read, _memory(worker)))
            say(f"{read:,} people read, worker has {found[-1][1]:.1f} MB")
    return found


def _all_ids(address: Address, connection: KeptOpen) -> set[str]:
    ids: set[str] = set()
    cursor = ""
    while True:
        path = f"/Users?cursor={quote(cursor, safe='')}&count={PAGE}"
        answer = connection.ask(address.request("GET", path))
        if answer.status != 200:
            raise SystemExit(f"a page by cursor: {answer.status} {answer.body[:300]!r}")
        body: dict[str, Any] = json.loads(answer.body)
        ids.update(each["id"] for each in body["Resources"])
        cursor = body.get("nextCursor", "")
        if not cursor:
            return ids


def _memory(process: int) -> float:
    """Return a process's resident memory in megabytes."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


def _report(
    options: argparse.Namespace,
    postgres: Mapping[str, str],
    described: str,
    verdicts: Sequence[Verdict],
    memory: Sequence[tuple[int, float]],
) -> str:
    total = options.accounts * options.users
    lines = [
        f"{machine()}. {options.rounds} rounds of {options.seconds:g} s per figure, the median of them.",
        "",
        "PostgreSQL " + ", ".join(f"{name} {value}" for name, value in postgres.items()) + f". {described}.",
        "",
        f"| row, connections | {options.users:,} users in 1 account | {total:,} in {options.accounts} "
        "| time per request | CPU per request |",
        "|---|---|---|---|---|",
    ]
    for each in verdicts:
        over = " **over the limit**" if each.ratio > LIMIT else ""
        cpu = each.large.cpu / each.small.cpu if each.small.cpu else 0.0
        lines.append(
            f"| {TITLES[each.row]}, {each.connections} | {figure(each.small)} | {figure(each.large)} "
            f"| {each.ratio:.2f} ×{over} | {cpu:.2f} × |"
        )
    if memory:
        first, last = memory[0], memory[-1]
        lines += [
            "",
            f"Memory of the worker while all users of {options.read} accounts are read by cursor:",
            "",
        ]
        lines += [", ".join(f"{read:,}: {size:.1f} MB" for read, size in memory) + "."]
        lines += ["", f"From {first[0]:,} to {last[0]:,} users read: {last[1] - first[1]:+.1f} MB."]
    wrong = [
        f"- {TITLES[each.row]}, {each.connections}: {found.wrong} wrong, the first: {found.complaint}"
        for each in verdicts
        for found in (each.small, each.large)
        if found.complaint
    ]
    return "\n".join([*lines, *(["", "Wrong answers:", "", *wrong] if wrong else [])]) + "\n"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench.million", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--accounts", type=int, default=100)
    parser.add_argument("--users", type=int, default=10_000, help="per account (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="the median counts (default: %(default)s)")
    parser.add_argument(
        "--read", type=int, help="accounts to read whole for the memory (default: all; 0: none)"
    )
    add_common(parser, _ROWS)
    options = parser.parse_args()
    options.read = options.accounts if options.read is None else min(options.read, options.accounts)
    return options


if __name__ == "__main__":
    sys.exit(main())
