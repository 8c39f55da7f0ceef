"""``make bench-oidc``: the callback of a sign-in by OpenID Connect, beside stock mozilla-django-oidc.

    python -m bench.oidc                          everything (about 3 minutes)
    python -m bench.oidc --seconds 2 --sign-ins 200
    python -m bench.oidc --profile                where our time goes, in one process

Both are asked in one run, in turn, on one PostgreSQL, each behind one gunicorn worker, with one provider in
a process of its own. Sign-ins are begun and signed beforehand; what is measured is the GET that brings the provider's
answer home, with everything that the server asks the provider meanwhile. The table goes to standard output and to
``var/bench/oidc.md``.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import urllib.request
from collections.abc import Mapping
from contextlib import ExitStack

import psycopg

from bench.load import KeptOpen, Measurement, measure
from bench.oidc_profile import statements
from bench.oidc_report import BACK, NEW, Found, Side, oidc_report
from bench.oidc_sign_ins import SignIn, begin, plan
from bench.options import numbers, say
from bench.parties.mozilla_django_oidc import MozillaDjangoOidc
from bench.parties.ours_oidc import OursOidc
from bench.parties.party import PartyFailed
from bench.places import LOGS, ROOT, WORK, free_port
from bench.postgres import Server, commit_rate, server, tidy
from bench.saml_report import GROUPS_EACH, SPACES_EACH
from bench.saml_sign_ins import Place
from bench.serving import Serving
from demo.processes import end_like_ctrl_c

WARM_UP = 20  # sign-ins on each of four connections beforehand, of people of their own
COUNTED = 40  # people whose statements are counted, in one process
_WSGI = {OursOidc: "broker.wsgi", MozillaDjangoOidc: "project.wsgi"}


class Bench:
    """One running party, and how far the numbers of people are used up."""

    def __init__(
        self, party: OursOidc | MozillaDjangoOidc, provider: int, seconds: float, sign_ins: int
    ) -> None:
        self._party = party
        self._provider = provider
        self._seconds = seconds
        self._sign_ins = sign_ins
        self._place = Place(party.address().port, party.login_path)
        self.next = 1
        self._people = range(0)
        self.results: dict[tuple[str, int], Measurement] = {}
        self.outbound: dict[tuple[str, int], Mapping[str, float]] = {}

    def warm_up(self) -> None:
        """Sign people in who don't count."""
        self._run(self._begun(range(self.next, self.next + WARM_UP * 4)), 4)
        self.next += WARM_UP * 4
        tidy(self._party.database)

    def measure(self, row: str, count: int) -> None:
        """Measure new people on ``count`` connections; or, afterwards, the same people again."""
        if row == NEW:
            self._people = range(self.next, self.next + self._sign_ins)
            self.next += self._sign_ins
        begun = self._begun(self._people)
        _counts(self._provider)
        found = self._run(begun, count)
        told = _counts(self._provider)
        made = sum(found.used)
        self._people = range(self._people.start, self._people.start + made)
        self.results[row, count] = found
        self.outbound[row, count] = {name: times / made for name, times in told.items()}
        say(
            f"{row}, {count} ×: {self._party.name} {found.per_second:.1f}/s, {found.cpu:.2f} ms CPU {found.complaint}"
        )

    def require_people(self) -> None:
        """Look whether everybody has what their provider said."""
        query = """
            select count(*) from accounts_user where kind = 'member'
            and (select count(*) from spaces_spacemembership where user_id = accounts_user.id) = %s
            and (select count(*) from accounts_groupmembership where user_id = accounts_user.id) = %s
        """
        made = sum(sum(found.used) for (row, _), found in self.results.items() if row == NEW)
        with psycopg.connect(self._party.database) as connection:
            row = connection.execute(query, [SPACES_EACH, GROUPS_EACH]).fetchone()
        complete = row[0] if row else 0
        say(f"{complete} people with {SPACES_EACH} spaces and {GROUPS_EACH} groups, {made} were measured")
        if complete < made:
            raise PartyFailed(f"only {complete} of {made} people have their spaces and groups")

    def _begun(self, people: range) -> list[SignIn]:
        with KeptOpen(self._place.port) as connection, KeptOpen(self._provider) as provider:
            return [begin(connection.ask, self._place, provider, number) for number in people]

    def _run(self, sign_ins: list[SignIn], connections: int) -> Measurement:
        # Interleaved, so that the first ``sum(used)`` people are nearly those who signed in.
        plans = [plan(sign_ins[start::connections]) for start in range(connections)]
        return measure(
            self._party.address(), plans, seconds=self._seconds, warm_up=0.0, server=self._party.processes()
        )


def main() -> int:
    """Run what the options ask for; return the exit status."""
    options = _options()
    end_like_ctrl_c()
    LOGS.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        provider = free_port()
        serving = Serving(
            [sys.executable, "-m", "bench.openid_provider", str(provider)],
            folder=ROOT,
            environment={},
            log=LOGS / "openid_provider.log",
            is_up=lambda: _is_up(provider),
        )
        stack.callback(serving.stop)
        where = stack.enter_context(server())
        databases = [
            stack.enter_context(where.fresh_database(f"bench_oidc_{os.getpid()}_{name}", keep=options.keep))
            for name in ("ours", "peer", "limit")
        ]
        ours, peer = OursOidc(databases[0], provider), MozillaDjangoOidc(databases[1], provider)
        if options.profile:
            ours.prepare()
            told = statements(ours, _WSGI[OursOidc], provider, first=1, count=options.sign_ins, profile=True)
            print(told.pop("profile"), told)
            return 0
        text = oidc_report(_measure(where, ours, peer, provider, databases[2], options))
    (WORK / "oidc.md").write_text(text, encoding="utf-8")
    print(f"\n{text}\nAlso in {WORK / 'oidc.md'}")
    return 0


def _measure(
    where: Server,
    ours: OursOidc,
    peer: MozillaDjangoOidc,
    provider: int,
    limit: str,
    options: argparse.Namespace,
) -> Found:
    commits = {count: commit_rate(limit, connections=count, seconds=2) for count in options.connections}
    parties: tuple[OursOidc | MozillaDjangoOidc, ...] = (ours, peer)
    benches: list[Bench] = []
    try:
        for party in parties:
            party.start()
            benches.append(Bench(party, provider, options.seconds, options.sign_ins))
            benches[-1].warm_up()
        # In turn, so that whatever else the machine does meanwhile meets both.
        for count in options.connections:
            for row in (NEW, BACK):
                for bench in benches:
                    bench.measure(row, count)
        benches[0].require_people()
    finally:
        ours.stop()
        peer.stop()
    sides = [
        Side(
            party.name,
            party.describe(),
            bench.results,
            bench.outbound,
            statements(party, _WSGI[type(party)], provider, first=bench.next, count=COUNTED),
        )
        for party, bench in zip(parties, benches, strict=True)
    ]
    return Found(options.seconds, where.settings(), commits, sides[0], sides[1])


def _is_up(port: int) -> bool:
    try:
        return bool(_counts(port))
    except OSError:
        return False


def _counts(port: int) -> dict[str, int]:
    """What the provider was asked since the last time, this question left out."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/counts", timeout=10) as answer:
        found: dict[str, int] = json.load(answer)
    found["connections"] -= 1
    found["/counts"] -= 1
    return found


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.oidc", description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--seconds", type=float, default=5.0, help="at most, per figure (default: %(default)s)"
    )
    parser.add_argument(
        "--sign-ins", type=int, default=600, help="at most, per figure (default: %(default)s)"
    )
    parser.add_argument("--connections", type=numbers, default=[1, 4], help="default: 1,4")
    parser.add_argument(
        "--profile", action="store_true", help="in one process: queries and the top functions"
    )
    parser.add_argument("--keep", action="store_true", help="don't drop the databases")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
