"""What the mapping roles named by a ``role_mapping`` claim grant: a pure look-up, nothing is written here.

Where "Single Sign-On Authorization" is on, the account and space roles of a person are exactly those of the
mapping roles whose names the provider sent (R-2), and a sign-in that names none is refused (R-3). This module
answers which ones were named and what they add up to; whether authorization is on, and that it then decides
alone while group roles come on top (R-7), is the planner's business.

A value is one name. It is compared exactly: case counts, blanks count, Unicode forms count, and it is never
split at commas, so a mapping role may be called ``Sales, EMEA``. This strictness is on purpose and unlike
``spaces.assignment``: a near miss here could hand out Account Admin, so it grants nothing.

Outcomes: ``MISSING`` when no claim came, or one without any value that is not blank; ``UNMATCHED`` when
values came and none is the name of a mapping role; ``MATCHED`` when at least one is, the others being
reported, not refused (J-9).
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

Id = TypeVar("Id", bound=Hashable)


class MappingOutcome(StrEnum):
    """What the claim came to; the two refusals have messages of their own (R-3, L-10)."""

    MATCHED = "matched"
    MISSING = "missing"
    UNMATCHED = "unmatched"


@dataclass(frozen=True, slots=True)
class MappingRoleRule(Generic[Id]):
    """One mapping role of the account (R-1).

    ``account_roles`` are ids of account roles, ``space_roles`` ids of space roles by id of the space. A rule
    whose scopes were all deleted since is legal here: it matches and grants nothing.
    """

    name: str
    account_roles: frozenset[Id]
    space_roles: Mapping[Id, frozenset[Id]]


@dataclass(frozen=True, slots=True)
class RoleMappingResult(Generic[Id]):
    """What the values add up to.

    ``account_roles`` are ids, ``space_roles`` pairs of space id and role id; both are empty unless
    ``outcome`` is ``MATCHED``. ``matched`` and ``unmatched`` are the values sent, each once, in the order
    sent.
    """

    outcome: MappingOutcome
    account_roles: frozenset[Id]
    space_roles: frozenset[tuple[Id, Id]]
    matched: tuple[str, ...]
    unmatched: tuple[str, ...]


def map_roles(values: tuple[str, ...] | None, rules: Sequence[MappingRoleRule[Id]]) -> RoleMappingResult[Id]:
    """Add up the mapping roles that ``values`` name (R-2, R-3).

    ``values`` are the claim's values as sent, ``None`` when no claim arrived. ``rules`` are all mapping roles
    of the account, in any order. Raises nothing; a refusal is an outcome.
    """
    sent = tuple(dict.fromkeys(value for value in values or () if value.strip()))
    wanted = frozenset(sent)
    named = [rule for rule in rules if rule.name in wanted]
    names = {rule.name for rule in named}
    if not sent:
        outcome = MappingOutcome.MISSING
    elif not named:
        outcome = MappingOutcome.UNMATCHED
    else:
        outcome = MappingOutcome.MATCHED
    return RoleMappingResult(
        outcome=outcome,
        account_roles=frozenset(role for rule in named for role in rule.account_roles),
        space_roles=frozenset(
            (space, role) for rule in named for space, roles in rule.space_roles.items() for role in roles
        ),
        matched=tuple(value for value in sent if value in names),
        unmatched=tuple(value for value in sent if value not in names),
    )
