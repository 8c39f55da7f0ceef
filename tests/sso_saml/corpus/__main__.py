"""``python -m tests.sso_saml.corpus``: plays the corpus, prints its classes and the slowest answers."""

from __future__ import annotations

import time

from tests.sso_saml.corpus.standing import rolled_back, standing

SHOWN = 5


def main() -> None:
    """Play everything once."""
    with standing():
        from tests.sso_saml.corpus.everything import ATTACKS, TWINS, VARIANTS
        from tests.sso_saml.corpus.stage import leave, refused, welcome

        begun = time.process_time()
        visit = leave()
        seconds: dict[str, float] = {}
        for family, cases in ATTACKS.items():
            for case in cases:
                with rolled_back():
                    seconds[f"{family}: {case}"] = refused(case, visit).seconds
            print(f"{len(cases):4}  {family}", flush=True)
        print(f"{len(seconds):4}  attacks")
        for label, variants in (("twins", TWINS), ("honest variants", VARIANTS)):
            for variant in variants:
                with rolled_back():
                    welcome(variant)
            print(f"{len(variants):4}  {label}", flush=True)
        print(f"{time.process_time() - begun:4.0f} s of CPU time")
        print("slowest answers to an attack (CPU time):")
        for name in sorted(seconds, key=seconds.__getitem__, reverse=True)[:SHOWN]:
            print(f"{seconds[name] * 1000:7.0f} ms  {name}")


main()
