"""Mutates valid SAML responses against the HTTP surface: ``python -m tests.fuzz.saml_responses --minutes 10 --seed 1``.

Whatever is done to a response: never a 5xx, never more than two seconds of work, never a session of anyone but the
person whom the original was signed for, and a refusal always has a code. A violation is written to a file that says how
to repeat it, and the exit status is 1.

Every execution has a random source of its own, made of the seed and its number, so that any one can be repeated alone
(``--first N --count 1``). Keys and request IDs are fresh each time, which changes no choice.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from sso_saml.errors import RefusalCode
from tests.sso_saml.corpus.standing import rolled_back, standing

if TYPE_CHECKING:
    from tests.fuzz.originals import Mutant

BATCH = 40  # executions on one open sign-in
SLOW = 2.0  # seconds of work
OUT = Path("var/fuzz")


@dataclass
class Report:
    """What a run saw."""

    executions: int = 0
    seconds: float = 0.0
    accepted: Counter[str] = field(default_factory=Counter)  # by mutation
    tried: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)  # by code
    slowest: float = 0.0
    slowest_what: str = ""
    violations: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """The report for people."""
        accepted = sum(self.accepted.values())
        rate = self.executions / self.seconds if self.seconds else 0.0
        share = 100 * accepted / self.executions if self.executions else 0.0
        yield f"{self.executions} executions in {self.seconds:.0f} s, {rate:.1f}/s"
        yield f"still accepted, as the person signed for: {accepted} ({share:.1f} %)"
        for name, count in sorted(self.tried.items()):
            yield f"  {self.accepted[name]:6} of {count:6}  {name}"
        yield "refused:"
        for code, count in self.refused.most_common():
            yield f"  {count:6}  {code}"
        yield f"slowest answer: {self.slowest * 1000:.0f} ms of CPU time ({self.slowest_what})"
        yield f"violations: {len(self.violations)}"


class Fuzzer:
    """Runs executions on the standing stage and keeps the report."""

    def __init__(self, seed: int, out: Path) -> None:
        from tests.fuzz.originals import originals

        self.seed = seed
        self.out = out
        self.originals = originals()
        self.report = Report()

    def run(self, first: int, more: Callable[[int], bool]) -> Report:
        """Execute from ``first`` on while ``more(number)``."""
        begun = time.perf_counter()
        number = first
        while more(number):
            number = self._batch(number, more)
        self.report.seconds = time.perf_counter() - begun
        return self.report

    def _batch(self, number: int, more: Callable[[int], bool]) -> int:
        from tests.fuzz.originals import Makings
        from tests.sso_saml.corpus.stage import leave

        with rolled_back():
            visit, other = leave(), leave()
            makings = Makings(visit, other.request_id)
            for _ in range(BATCH):
                if not more(number):
                    break
                random = Random(f"{self.seed}:{number}")
                with rolled_back():
                    self._execute(number, makings.mutant(random, self.originals), visit)
                number += 1
        return number

    def _execute(self, number: int, mutant: Mutant, visit: Any) -> None:
        from tests.sso_saml.corpus.stage import send, signed_in

        report = self.report
        report.executions += 1
        report.tried.update(set(mutant.mutations))
        cookies = visit.browser.cookies.copy()
        answer = None
        try:
            answer = send(visit, mutant.form)
            who = signed_in(visit, answer)
            wrong = self._wrong(answer, who, mutant)
        except Exception:
            wrong, who = f"exception\n{traceback.format_exc()}", None
        visit.browser.cookies = cookies
        if answer is not None and answer.seconds > report.slowest:
            report.slowest, report.slowest_what = answer.seconds, f"execution {number}: {mutant.variant}"
        if wrong:
            self._keep(number, mutant, wrong)
        elif who is not None:
            report.accepted.update(set(mutant.mutations))

    def _wrong(self, answer: Any, who: str | None, mutant: Mutant) -> str | None:
        if answer.seconds > SLOW:
            return f"{answer.seconds:.1f} s"
        if who is not None:
            return None if mutant.person in (None, who) else f"signed in {who}, not {mutant.person}"
        if answer.page.status == 303:
            location = answer.page.headers["Location"]
            if location.startswith("/sso/saml/") and location.endswith("?restart=1"):
                self.report.refused["(sent round: nobody asked)"] += 1
                return None
            code = _reason("")
        elif not 400 <= answer.page.status < 500:
            return f"status {answer.page.status}"
        else:
            code = _reason(answer.page.headers.get("X-Track-Id", ""))
        if not code or code == RefusalCode.UNEXPECTED:
            return f"a refusal for {code or 'nothing'}: no check foresaw it"
        self.report.refused[code] += 1
        return None

    def _keep(self, number: int, mutant: Mutant, wrong: str) -> None:
        self.out.mkdir(parents=True, exist_ok=True)
        path = self.out / f"saml-{self.seed}-{number}.json"
        kept = {
            "wrong": wrong,
            "repeat": f"python -m tests.fuzz.saml_responses --seed {self.seed} --first {number} --count 1",
            "variant": mutant.variant,
            "mutations": mutant.mutations,
            "form": mutant.form,
        }
        path.write_text(json.dumps(kept, indent=1))
        self.report.violations.append(f"{path}: {wrong.splitlines()[0]}")


def _reason(track_id: str) -> str:
    """The code of the refusal: under the track ID of the page, or the latest of this (rolled back) execution."""
    from audit.models import AuditEvent, FailureLogEntry

    if track_id:
        found = FailureLogEntry.objects.filter(track_id=track_id).values_list("code", flat=True).first()
        if found:
            return str(found)
    return str(
        AuditEvent.objects.exclude(reason="").order_by("-created_at").values_list("reason", flat=True).first()
        or ""
    )


def main(arguments: list[str] | None = None) -> int:
    """Run as asked; 1 when something is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, help="executions; instead of minutes")
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args(arguments)
    with standing():
        until = time.perf_counter() + options.minutes * 60
        last = None if options.count is None else options.first + options.count
        fuzzer = Fuzzer(options.seed, options.out)
        report = fuzzer.run(
            options.first, lambda number: number < last if last is not None else time.perf_counter() < until
        )
    print(f"seed {options.seed}")
    for line in (*report.lines(), *report.violations):
        print(line)
    return 1 if report.violations else 0


if __name__ == "__main__":
    sys.exit(main())
