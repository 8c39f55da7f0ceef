"""``python -m tests.sso_oidc.corpus``: plays the corpus, prints its classes by flow and the slowest answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import tests.conftest  # noqa: F401  (prepares the environment and starts Django; before anything of the product)

if TYPE_CHECKING:
    from tests.sso_oidc.corpus.stage import Stage

SHOWN = 5


def main() -> None:
    """Play everything once."""
    from tests.sso_oidc.corpus.case import Way
    from tests.sso_oidc.corpus.everything import DEFECTS, TWINS, VARIANTS
    from tests.sso_oidc.corpus.stage import refused, twin_signs_in, welcome
    from tests.sso_saml.corpus.standing import rolled_back

    seconds: dict[str, float] = {}
    total: Counter[Way] = Counter()

    def row(label: str, ways: Counter[Way], defects: int) -> None:
        print(f"{defects:4} " + "".join(f"{ways[way]:>9}" for way in Way) + f"   {label}", flush=True)

    with _standing() as stage:
        print("case      code   hybrid   hybrid\n               browser   token endpoint")
        for family, cases in DEFECTS.items():
            ways = Counter(way for case in cases for way in case.ways)
            for case in cases:
                for way in case.ways:
                    with rolled_back():
                        seconds[f"{family}: {case}: {way}"] = refused(case, way, stage).slowest
            total += ways
            row(family, ways, len(cases))
        row("refused", total, sum(map(len, DEFECTS.values())))
        for case, way in TWINS:
            with rolled_back():
                twin_signs_in(case, way, stage)
        row("twins sign in", Counter(way for _, way in TWINS), len(TWINS))
        for variant in VARIANTS:
            for way in variant.ways:
                with rolled_back():
                    welcome(variant, way, stage)
        row("honest variants sign in", Counter(w for each in VARIANTS for w in each.ways), len(VARIANTS))
    print("slowest answers:")
    for name in sorted(seconds, key=seconds.__getitem__, reverse=True)[:SHOWN]:
        print(f"{seconds[name] * 1000:7.0f} ms  {name}")


@contextmanager
def _standing() -> Iterator[Stage]:
    """The stage in a fresh database."""
    import logging

    from django.db import connection
    from django.test.utils import (
        setup_databases,
        setup_test_environment,
        teardown_databases,
        teardown_test_environment,
    )

    from tests.sso_oidc.corpus.stage import standing_stage
    from tests.sso_saml.corpus.standing import rolled_back

    logging.disable(logging.CRITICAL)
    setup_test_environment()
    made = setup_databases(verbosity=0, interactive=False)
    try:
        with rolled_back(), standing_stage() as stage:
            yield stage
    finally:
        connection.close()
        teardown_databases(made, verbosity=0)
        teardown_test_environment()
        logging.disable(logging.NOTSET)


main()
