"""``python -m tests.sso_saml.corpus``: plays the corpus, prints its classes and the slowest answers."""

from __future__ import annotations

from tests.sso_saml.corpus.standing import rolled_back, standing


def main() -> None:
    """Play everything once."""
    with standing():
        from tests.sso_saml.corpus.everything import ATTACKS, VARIANTS
        from tests.sso_saml.corpus.stage import play, welcome

        seconds: dict[str, float] = {}
        for family, cases in ATTACKS.items():
            for case in cases:
                with rolled_back():
                    seconds[f"{family}: {case}"] = play(case).seconds
            print(f"{len(cases):4}  {family}")
        print(f"{len(seconds):4}  attacks")
        for variant in VARIANTS:
            with rolled_back():
                welcome(variant)
        print(f"{len(VARIANTS):4}  honest variants")
        print("slowest answers to an attack:")
        for name in sorted(seconds, key=seconds.__getitem__, reverse=True)[:5]:
            print(f"{seconds[name] * 1000:7.0f} ms  {name}")


main()
