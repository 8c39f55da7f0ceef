"""What is wrong with a configuration file, and where: file, line and path of the key.

Every problem reads ``demo/broker.yaml:12 accounts[0].identity_providers[1].oidc.flow: must be code or hybrid``. Texts
never quote a value of the file, which may be a password in the wrong place.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from console.configuration.places import Place


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend, or (as a warning) to know."""

    place: Place
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


class ConfigurationError(Exception):
    """The file can't be applied; nothing was changed. ``problems`` are in the order of the file."""

    code = "configuration.invalid"

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: problem.place.line))
        super().__init__("\n".join(map(str, self.problems)))


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ``; did you mean x?`` for a near match, "" when there is none."""
    close = get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"; did you mean {close[0]}?" if close else ""


def one_of(choices: Sequence[str]) -> str:
    """Return ``a, b or c``."""
    return " or ".join(filter(None, (", ".join(choices[:-1]), *choices[-1:])))
