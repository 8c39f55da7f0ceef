"""The checks of a sign-in, one by one, as the result of a test lists them (S-3).

A protocol verifies in a fixed order and stops at the first refusal. From that order and the refusal's code follows what
had passed and what was not looked at any more; ``outcomes`` works that out for any protocol. What is stored are names
and codes; the words for them are the protocol's and are chosen when the page is shown, in the reader's language.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    """How a check ended."""

    PASSED = "passed"
    WEAK = "weak"  # passed, and ought to be better
    FAILED = "failed"
    NOT_REACHED = "not_reached"


@dataclass(frozen=True, slots=True)
class Check:
    """One check. ``detail`` is what was found, for an admin; never a secret."""

    name: str
    outcome: Outcome
    detail: str = ""

    def stored(self) -> dict[str, Any]:
        """Return it as JSON."""
        return asdict(self)


def outcomes(
    order: Sequence[str],
    *,
    failed: str = "",
    detail: str = "",
    found: Mapping[str, str] | None = None,
    weak: Mapping[str, str] | None = None,
) -> tuple[Check, ...]:
    """Return the checks in ``order``: those before ``failed`` passed, those behind it were not reached.

    ``found`` says what the passed ones saw; ``weak`` names those that passed with a reservation.
    """
    seen, reserved = found or {}, weak or {}
    checks: list[Check] = []
    over = False
    for name in order:
        if over:
            checks.append(Check(name, Outcome.NOT_REACHED))
        elif name == failed:
            over = True
            checks.append(Check(name, Outcome.FAILED, detail))
        elif name in reserved:
            checks.append(Check(name, Outcome.WEAK, reserved[name]))
        else:
            checks.append(Check(name, Outcome.PASSED, seen.get(name, "")))
    return tuple(checks)
