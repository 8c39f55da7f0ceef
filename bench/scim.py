"""``make bench-scim``: our SCIM server beside two others, on one PostgreSQL server, side by side.

    python -m bench.scim                                   everything (about 10 minutes)
    python -m bench.scim --only ours --users 5000 --seconds 3 --rows create,filter
    python -m bench.scim --only ours --users 5000 --rows create --profile

Row by row the parties take turns, so that whatever else the machine does hits all alike; one is busy at a time. The
table goes to standard output and to ``var/bench/scim.md``.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from types import MappingProxyType

from bench.load import Address, Measurement, ask, measure
from bench.options import add_common, names_of, say
from bench.parties.django_scim2 import DjangoScim2
from bench.parties.ours import Ours
from bench.parties.party import Party
from bench.parties.saml_jackson import SamlJackson
from bench.people import user_name
from bench.places import LOGS, WORK
from bench.postgres import Server, commit_rate, server, tidy
from bench.profiling import profile
from bench.report import Header, figure, table
from bench.rows import TITLES, Row, Share, Stock, plan, settle
from demo.processes import end_like_ctrl_c

WARM_UP = 1.0  # seconds
_PARTIES: Mapping[str, Callable[[str], Party]] = MappingProxyType(
    {"ours": Ours, "django_scim2": DjangoScim2, "saml_jackson": SamlJackson}
)


class Contest:
    """The parties that run, what each holds, and what was measured."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.running: list[tuple[Party, Address, Stock]] = []
        self.results: dict[tuple[Row, int, str], Measurement | None] = {}
        self._phase = 0

    def add(self, party: Party, people: int, members: int, database: str) -> None:
        """Start and fill a party."""
        say(f"{party.name}: starting")
        address = party.start()
        say(f"{party.name}: storing {people:,} users and a group of {members:,}")
        started = time.monotonic()
        stock = party.seed(people, members)
        tidy(database)
        say(f"{party.name}: filled in {time.monotonic() - started:.0f} s")
        self.running.append((party, address, stock))

    def measure(self, rows: Sequence[Row], connections: Sequence[int]) -> None:
        """Measure everything, the parties taking turns."""
        for row in rows:
            for count in connections:
                for party, address, stock in self.running:
                    self._measure_one(row, count, party, address, stock)
        for party, address, stock in self.running:
            _require_kept(party, address, stock)

    def _measure_one(self, row: Row, count: int, party: Party, address: Address, stock: Stock) -> None:
        if row in party.missing:
            self.results[row, count, party.name] = None
            return
        self._phase += 1
        shares = [Share(number, count, self._phase * 100 + number) for number in range(count)]
        plans = [plan(row, address, stock, share) for share in shares]
        warm_up = min(WARM_UP, self.seconds)
        found = measure(address, plans, seconds=self.seconds, warm_up=warm_up, server=party.processes())
        settle(row, stock, found)
        self.results[row, count, party.name] = found
        told = f"{figure(found)}, {found.cpu:.2f} ms CPU {found.complaint[:300]}"
        say(f"{TITLES[row]:24} {count} × {party.name:14} {told}")


def _require_kept(party: Party, address: Address, stock: Stock) -> None:
    """Look whether what was answered is also stored; say so where it isn't."""
    if stock.added:
        missing = set(stock.added) - set(stock.deleted) - party.members(stock)
        say(f"{party.name}: {len(stock.added)} members added, {len(missing)} of them not found in the group")
    if stock.deleted:
        some = random.Random(1).sample(stock.deleted, min(20, len(stock.deleted)))
        left = [each for each in some if ask(address, address.request("GET", f"/Users/{each}")).status != 404]
        say(f"{party.name}: {len(stock.deleted)} people deleted, {len(left)} of {len(some)} still there")
    if stock.next_new > len(stock.ids):
        wanted = f"/Users?filter=userName%20eq%20%22{user_name(len(stock.ids))}%22"
        found = ask(address, address.request("GET", wanted))
        state = "found" if b'"totalResults":1' in found.body.replace(b" ", b"") else "NOT found"
        say(f"{party.name}: {stock.next_new - len(stock.ids)} people made, the first is {state}")


def main() -> int:
    """Run what the options ask for; return the exit status."""
    options = _options()
    end_like_ctrl_c()
    LOGS.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        where = stack.enter_context(server())
        if options.profile:
            url = stack.enter_context(
                where.fresh_database(f"bench_scim_{os.getpid()}_profile", keep=options.keep)
            )
            profile(url, people=options.users, members=options.members, rows=options.rows)
            return 0
        text = _contest(stack, where, options)
    (WORK / "scim.md").write_text(text, encoding="utf-8")
    print(f"\n{text}\nAlso in {WORK / 'scim.md'}")
    return 0


def _contest(stack: ExitStack, where: Server, options: argparse.Namespace) -> str:
    limit = stack.enter_context(where.fresh_database(f"bench_scim_{os.getpid()}_limit"))
    commits: dict[int, tuple[float, ...]] = {
        count: (commit_rate(limit, connections=count, seconds=options.seconds),)
        for count in options.connections
    }
    contest = Contest(options.seconds)
    for name in options.only:
        database = f"bench_scim_{os.getpid()}_{name}"
        url = stack.enter_context(where.fresh_database(database, keep=options.keep))
        party = _PARTIES[name](url)
        stack.callback(party.stop)
        contest.add(party, options.users, options.members, url)
    contest.measure(options.rows, options.connections)
    for count in options.connections:
        commits[count] += (commit_rate(limit, connections=count, seconds=options.seconds),)
    header = Header(
        people=options.users,
        members=options.members,
        seconds=options.seconds,
        postgres=where.settings(),
        parties={party.name: party.describe() for party, _, _ in contest.running},
        commits=commits,
    )
    return table(header, contest.results)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.scim", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--users", type=int, default=50_000, help="default: %(default)s")
    parser.add_argument("--members", type=int, help="of the group (default: 10,000, or half of the users)")
    parser.add_argument(
        "--only", type=names_of(_PARTIES), default=list(_PARTIES), help=f"of {', '.join(_PARTIES)}"
    )
    parser.add_argument("--profile", action="store_true", help="ours only, in one process: the top functions")
    add_common(parser, Row)
    options = parser.parse_args()
    options.members = options.members or min(10_000, options.users // 2)
    return options


if __name__ == "__main__":
    sys.exit(main())
