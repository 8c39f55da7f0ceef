"""``make bench-saml``: a sign-in by SAML from the provider's POST to the signed-in redirect, beside four libraries.

    python -m bench.saml                          everything (about 4 minutes)
    python -m bench.saml --seconds 2 --sign-ins 200 --no-corpus
    python -m bench.saml --profile                where our time goes, in one process

Sign-ins are begun and their responses signed beforehand; what is measured is the POST and the GET that follows it, on
PostgreSQL, behind one gunicorn worker. The table goes to standard output and to ``var/bench/saml.md``.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack

import psycopg

from bench.load import KeptOpen, Measurement, measure
from bench.options import numbers, say
from bench.parties.ours_saml import OursSaml
from bench.parties.party import PartyFailed, run
from bench.places import LOGS, ROOT, WORK
from bench.postgres import Server, commit_rate, server, tidy
from bench.saml_libraries import measure_libraries
from bench.saml_profile import profile
from bench.saml_report import GROUPS_EACH, SPACES_EACH, Found, saml_report
from bench.saml_sign_ins import Place, SignIn, begin, plan
from demo.processes import end_like_ctrl_c

NEW, BACK = "new people", "people who come back"
WARM_UP = 20  # sign-ins on each connection beforehand, of people of their own
_SLOWEST = re.compile(r"^ *(\d+) ms  (.+)$", re.MULTILINE)
_CORPUS = ROOT / "tests" / "sso_saml" / "corpus" / "__main__.py"


class Bench:
    """The running server, and how far the numbers of people are used up."""

    def __init__(self, party: OursSaml, seconds: float, sign_ins: int) -> None:
        self._party = party
        self._seconds = seconds
        self._sign_ins = sign_ins
        self._place = Place(party.address().port, party.path)
        self._next = 1
        self.results: dict[tuple[str, int], Measurement] = {}

    def measure(self, connections: Sequence[int]) -> None:
        """New people on each number of connections, then the same people again."""
        self._run(self._begun(range(WARM_UP * 2)), 2)
        self._next += WARM_UP * 2
        tidy(self._party.database)
        for count in connections:
            people = range(self._next, self._next + self._sign_ins)
            self._next += self._sign_ins
            for row in (NEW, BACK):
                say(f"{row}, {count} ×: beginning {len(people)} sign-ins")
                found = self._run(self._begun(people), count)
                self.results[row, count] = found
                people = range(people.start, people.start + sum(found.used) // 2)
                say(
                    f"{row}, {count} ×: {found.per_second / 2:.1f}/s, {found.cpu * 2:.2f} ms CPU {found.complaint}"
                )
        self._require_people()

    def _begun(self, people: range) -> list[SignIn]:
        with KeptOpen(self._place.port) as connection:
            return [begin(connection.ask, self._place, self._party.provider, number) for number in people]

    def _run(self, sign_ins: list[SignIn], connections: int) -> Measurement:
        size = -(-len(sign_ins) // connections)
        plans = [plan(sign_ins[start : start + size]) for start in range(0, len(sign_ins), size)]
        return measure(
            self._party.address(), plans, seconds=self._seconds, warm_up=0.0, server=self._party.processes()
        )

    def _require_people(self) -> None:
        """Look whether everybody has what their provider said."""
        query = """
            select count(*) from accounts_user where kind = 'member'
            and (select count(*) from spaces_spacemembership where user_id = accounts_user.id) = %s
            and (select count(*) from accounts_groupmembership where user_id = accounts_user.id) = %s
        """
        made = sum(sum(found.used) // 2 for (row, _), found in self.results.items() if row == NEW)
        with psycopg.connect(self._party.database) as connection:
            row = connection.execute(query, [SPACES_EACH, GROUPS_EACH]).fetchone()
        complete = row[0] if row else 0
        say(f"{complete} people with {SPACES_EACH} spaces and {GROUPS_EACH} groups, {made} were measured")
        if complete < made:
            raise PartyFailed(f"only {complete} of {made} people have their spaces and groups")


def main() -> int:
    """Run what the options ask for; return the exit status."""
    options = _options()
    end_like_ctrl_c()
    LOGS.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        where = stack.enter_context(server())
        database = f"bench_saml_{os.getpid()}"
        url = stack.enter_context(where.fresh_database(database, keep=options.keep))
        party = OursSaml(url)
        if options.profile:
            print(profile(party, count=options.sign_ins))
            return 0
        text = saml_report(_measure(stack, where, party, options))
    (WORK / "saml.md").write_text(text, encoding="utf-8")
    print(f"\n{text}\nAlso in {WORK / 'saml.md'}")
    return 0


def _measure(stack: ExitStack, where: Server, party: OursSaml, options: argparse.Namespace) -> Found:
    say("installing and measuring libraries")
    libraries = measure_libraries(options.seconds)
    for name, cost in libraries.items():
        say(f"{name}: {cost}")
    limit = stack.enter_context(where.fresh_database(f"bench_saml_{os.getpid()}_limit"))
    commits = {count: commit_rate(limit, connections=count, seconds=2) for count in options.connections}
    stack.callback(party.stop)
    party.start()
    bench = Bench(party, options.seconds, options.sign_ins)
    bench.measure(options.connections)
    described, settings = party.describe(), where.settings()
    party.stop()
    return Found(
        seconds=options.seconds,
        server=described,
        postgres=settings,
        commits=commits,
        results=bench.results,
        libraries=libraries,
        slowest=list(_slowest_attacks()) if options.corpus else [],
    )


def _slowest_attacks() -> Iterator[tuple[int, str]]:
    """What the attack corpus says of its slowest answers: milliseconds of processor time, and which attack."""
    if not _CORPUS.exists():
        return
    say("playing the attack corpus")
    try:
        told = run([sys.executable, "-m", "tests.sso_saml.corpus"], folder=ROOT, environment={})
    except PartyFailed as problem:
        say(str(problem)[-1000:])
        return
    for milliseconds, attack in _SLOWEST.findall(told):
        yield int(milliseconds), attack


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.saml", description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--seconds", type=float, default=5.0, help="at most, per figure (default: %(default)s)"
    )
    parser.add_argument(
        "--sign-ins", type=int, default=600, help="at most, per figure (default: %(default)s)"
    )
    parser.add_argument("--connections", type=numbers, default=[1, 4], help="default: 1,4")
    parser.add_argument(
        "--no-corpus", dest="corpus", action="store_false", help="don't play the attack corpus"
    )
    parser.add_argument(
        "--profile", action="store_true", help="in one process: queries and the top functions"
    )
    parser.add_argument("--keep", action="store_true", help="don't drop the database")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
