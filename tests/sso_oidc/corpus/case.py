"""What one entry of the corpus is: a defect with the code that it must meet and its twin, or an honest variant."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from tests.sso_oidc.corpus.provider import ADA, Token

if TYPE_CHECKING:
    from tests.sso_oidc.corpus.scene import Scene


class Way(StrEnum):
    """The flow, and in hybrid which half of it is spoiled: what comes by the browser, or from the token endpoint."""

    CODE = "code"
    FRONT = "hybrid, browser"
    BACK = "hybrid, token endpoint"

    @property
    def flow(self) -> str:
        """The product's name of the flow."""
        return "code" if self is Way.CODE else "hybrid"

    @property
    def token(self) -> Token:
        """The ID token that is spoiled."""
        return Token.FRONT if self is Way.FRONT else Token.BACK


TOKENS = (Way.CODE, Way.FRONT, Way.BACK)  # for what is in an ID token
ANSWERS = (Way.CODE, Way.FRONT)  # for what the browser brings, and for what comes before it
DIRECT = (Way.CODE, Way.BACK)  # for what we fetch ourselves once the browser was here

Hook = Callable[["Scene"], None]


def nothing(scene: Scene) -> None:
    """Leave the provider honest."""


@dataclass(frozen=True)
class Case:
    """A defect with the one ``code`` it must meet; ``twin`` is equal but for the defect and signs ``person`` in.

    ``row`` is the requirement. ``codes`` differ from ``code`` where a way meets another check first. ``down`` marks
    what is an outage of the provider, for which a page may say 503. ``look`` is asked after the refusal.
    """

    name: str
    row: str
    code: str
    spoil: Hook
    twin: Hook = nothing
    ways: tuple[Way, ...] = TOKENS
    person: str = ADA
    codes: Mapping[Way, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    down: bool = False
    look: Hook = nothing

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Variant:
    """An honest way to answer: it signs ``person`` in."""

    name: str
    row: str
    behave: Hook
    ways: tuple[Way, ...] = TOKENS
    person: str = ADA
    settings: Mapping[str, Any] = field(default_factory=dict)
    look: Hook = nothing

    def __str__(self) -> str:
        return self.name


def twins_of(cases: Iterable[Case]) -> list[tuple[Case, Way]]:
    """What signs in beside the defects, each once in each way, however many defects it is the twin of."""
    found: list[tuple[Case, Way]] = []
    for case in cases:
        for way in case.ways:
            same = (
                way is each
                and (case.twin, case.person, case.settings) == (other.twin, other.person, other.settings)
                for other, each in found
            )
            if not any(same):
                found.append((case, way))
    return found
