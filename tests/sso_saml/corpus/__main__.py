"""``python -m tests.sso_saml.corpus``: plays the corpus, prints its classes and the slowest answers.

The slowest of the first round are played four times more and given with their median and their slowest: a single
answer may have met the collector of Python's garbage, or a neighbour of the processor's cache.
"""

from __future__ import annotations

import statistics
import time

from tests.sso_saml.corpus.standing import rolled_back, standing

SHOWN = 5
AGAIN = 25  # of the slowest


def main() -> None:
    """Play everything once."""
    with standing():
        from tests.sso_saml.corpus.everything import ATTACKS, TWINS, VARIANTS
        from tests.sso_saml.corpus.stage import leave, refused, welcome

        begun = time.process_time()
        visit = leave()
        seconds: dict[str, list[float]] = {}
        played = {}
        for family, cases in ATTACKS.items():
            for case in cases:
                with rolled_back():
                    name = f"{family}: {case}"
                    seconds[name], played[name] = [refused(case, visit).seconds], case
            print(f"{len(cases):4}  {family}", flush=True)
        print(f"{len(seconds):4}  attacks")
        for label, variants in (("twins", TWINS), ("honest variants", VARIANTS)):
            for variant in variants:
                with rolled_back():
                    welcome(variant)
            print(f"{len(variants):4}  {label}", flush=True)
        print(f"{time.process_time() - begun:4.0f} s of CPU time")
        for name in sorted(seconds, key=seconds.__getitem__, reverse=True)[:AGAIN]:
            for _ in range(4):
                with rolled_back():
                    seconds[name].append(refused(played[name], visit).seconds)
        again = {name: found for name, found in seconds.items() if len(found) > 1}
        print("slowest answers to an attack (CPU time, median of five; the slowest of them):")
        for name in sorted(again, key=lambda each: statistics.median(again[each]), reverse=True)[:SHOWN]:
            median, most = statistics.median(again[name]) * 1000, max(again[name]) * 1000
            print(f"{median:7.0f} ms  {name} ({most:.0f} ms)")


main()
