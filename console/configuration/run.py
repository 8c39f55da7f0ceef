"""What the steps of applying a file share: who acts, what changed, and what stands in the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType

from audit.actors import Actor
from audit.recorder import Subject
from audit.refusals import Refused
from console.configuration.difference import Difference
from console.configuration.fetched_metadata import Fetched
from console.configuration.places import Place
from console.configuration.problems import Problem


class GuardedChange(Refused):
    """The change could lock people out of an account that is in use; ``--override`` makes it all the same (V-24)."""

    code = "configuration.guarded"


@dataclass(slots=True)
class Run:
    """One application of one file. Steps note what they find and go on, so that one run reports everything."""

    actor: Actor
    override: bool = False
    metadata: Mapping[str, Fetched] = field(default_factory=dict)  # of SAML providers, by their slug
    difference: Difference = field(default_factory=Difference)
    warnings: list[Problem] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    refusals: list[Refused] = field(default_factory=list)

    def at(self, place: Place) -> _Noting:
        """Turn a refusal of what is done inside ``with`` into a problem at ``place``; the block ends there."""
        return _Noting(self, place)

    def problem(self, place: Place, message: str) -> None:
        """Note what keeps the file from being applied."""
        self.problems.append(Problem(place, message))

    def warn(self, place: Place, message: str) -> None:
        """Note what the operator should know."""
        self.warnings.append(Problem(place, message))

    def guard(self, place: Place, message: str, *, in_use: bool, subject: Subject) -> bool:
        """Refuse a risky change of an account that is in use; on any other, or with ``--override``, only warn.

        Returns whether to go on.
        """
        if in_use and not self.override:
            with self.at(place):
                raise GuardedChange(
                    f"{message}; --override does it all the same",
                    actor=self.actor,
                    action="account.configure",
                    subject=subject,
                )
            return False
        self.warn(place, f"{message} (overridden)" if in_use else message)
        return True


@dataclass(frozen=True, slots=True)
class _Noting:
    run: Run
    place: Place

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if not isinstance(error, Refused):
            return False
        self.run.refusals.append(error)
        self.run.problem(self.place, error.message)
        return True
