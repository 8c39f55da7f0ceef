"""What one entry of the corpus is: an attack with the code that it must meet and its twin, or an honest variant."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tests.sso_saml.forge import ADA, Recipe, Seal, certificate, pem, rsa_key

OTHER_REQUEST = "_request_of_another_browser"  # a stand-in in recipes, as REQUEST_ID is
OTHER_RELAY_STATE = "relay-state-of-another-browser"  # the same in forms
HONEST = Recipe()
RESPONSE_SIGNED = HONEST.but(sign_assertion=None, sign_response=Seal())
BOTH_SIGNED = HONEST.but(sign_response=Seal())
UNSOLICITED = HONEST.but(response_in_response_to=None, in_response_to=None)

Fields = Mapping[str, Any]
FormHook = Callable[[Fields], Fields]


def as_it_is(fields: Fields) -> Fields:
    """The form as the provider's page would post it."""
    return fields


@dataclass(frozen=True)
class Ground:
    """How the provider is set for a case: columns of its settings, and whose certificates are trusted."""

    settings: Mapping[str, object] = field(default_factory=dict)
    certificates: tuple[str, ...] = field(default_factory=lambda: (pem(certificate(rsa_key("idp"))),))


USUAL = Ground()
ACCEPTING = Ground({"idp_initiated": "accept"})


@dataclass(frozen=True)
class Case:
    """An attack with the one ``code`` it must meet; ``twin`` is equal but for the defect and signs ``person`` in.

    ``first`` is what somebody else's browser brought before: a sign-in of its own, for what can't be used twice.
    ``beside`` is the provider that another browser left for, whose request and RelayState the attack may name.
    """

    name: str
    code: str
    attack: Recipe
    twin: Recipe = HONEST
    person: str = ADA
    ground: Ground = USUAL
    form: FormHook = as_it_is
    twin_form: FormHook = as_it_is
    first: Recipe | None = None
    beside: str | None = None

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Variant:
    """An honest way to answer: it signs ``person`` in."""

    name: str
    recipe: Recipe
    person: str = ADA
    ground: Ground = USUAL
    form: FormHook = as_it_is
    first: Recipe | None = None

    def __str__(self) -> str:
        return self.name


def twins_of(cases: Iterable[Case]) -> list[Variant]:
    """What signs in beside the attacks, each once, however many attacks it is the twin of."""
    twins: list[Variant] = []
    for case in cases:
        twin = Variant(f"twin of {case}", case.twin, case.person, case.ground, case.twin_form, case.first)
        if all(replace(twin, name=other.name) != other for other in twins):
            twins.append(twin)
    return twins
