"""What a role_mapping claim grants (R-1 to R-3)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spaces.role_mapping import MappingOutcome, MappingRoleRule, RoleMappingResult, map_roles

RULES = [
    MappingRoleRule("sales", frozenset({"Billing Viewer"}), {"Trial": frozenset({"Dev"})}),
    MappingRoleRule("Sales", frozenset({"Account Admin"}), {}),
    MappingRoleRule(
        "ops", frozenset(), {"Trial": frozenset({"Space Admin"}), "DevOps": frozenset({"Dev", "R"})}
    ),
    MappingRoleRule("Sales, EMEA", frozenset({"Member"}), {}),
    MappingRoleRule("emptied", frozenset(), {}),
]


def nothing(outcome: MappingOutcome, unmatched: tuple[str, ...]) -> RoleMappingResult[str]:
    return RoleMappingResult(outcome, frozenset(), frozenset(), (), unmatched)


def grants(result: RoleMappingResult[str]) -> tuple[set[str], set[tuple[str, str]]]:
    return set(result.account_roles), set(result.space_roles)


#
@pytest.mark.parametrize("values", [None, (), ("",), ("  ", "")])
def test_no_value_at_all_is_missing_and_grants_nothing(values: tuple[str, ...] | None) -> None:
    result = map_roles(values, RULES)
    assert result == nothing(MappingOutcome.MISSING, ())


#
@pytest.mark.parametrize(
    "value",
    [
        "SALES",  # case counts
        "sales,ops",  # never split at commas
        "ops, sales",
        " sales",  # blanks count
        "sales\u200b",
        "\uff53\uff41\uff4c\uff45\uff53",  # no Unicode folding
        "sale",
        "*",
    ],
)
def test_a_value_that_only_resembles_a_name_is_unmatched_and_grants_nothing(value: str) -> None:
    result = map_roles((value,), RULES)
    assert result == nothing(MappingOutcome.UNMATCHED, (value,))


#
@pytest.mark.parametrize(
    ("values", "account_roles", "space_roles"),
    [
        (("sales",), {"Billing Viewer"}, {("Trial", "Dev")}),
        (("Sales",), {"Account Admin"}, set()),
        (("Sales, EMEA",), {"Member"}, set()),
        (("ops",), set(), {("Trial", "Space Admin"), ("DevOps", "Dev"), ("DevOps", "R")}),
        (
            ("ops", "sales"),
            {"Billing Viewer"},
            {("Trial", "Dev"), ("Trial", "Space Admin"), ("DevOps", "Dev"), ("DevOps", "R")},
        ),
        (("sales", "sales"), {"Billing Viewer"}, {("Trial", "Dev")}),
        (("emptied",), set(), set()),
    ],
)
def test_several_values_add_up(
    values: tuple[str, ...], account_roles: set[str], space_roles: set[tuple[str, str]]
) -> None:
    result = map_roles(values, RULES)
    assert result.outcome is MappingOutcome.MATCHED
    assert grants(result) == (account_roles, space_roles)
    assert result.matched == tuple(dict.fromkeys(values))
    assert result.unmatched == ()


# R-2, J-9
def test_values_that_match_count_and_the_others_are_reported_in_the_order_sent() -> None:
    result = map_roles(("zzz", "sales", "", "aaa", "zzz"), RULES)
    assert result.outcome is MappingOutcome.MATCHED
    assert grants(result) == ({"Billing Viewer"}, {("Trial", "Dev")})
    assert (result.matched, result.unmatched) == (("sales",), ("zzz", "aaa"))


#
def test_an_account_without_mapping_roles_matches_nobody() -> None:
    no_rules: list[MappingRoleRule[str]] = []
    assert map_roles(("sales",), no_rules).outcome is MappingOutcome.UNMATCHED


names = st.sampled_from(["sales", "Sales", "ops", "Sales, EMEA", "emptied", "bad", "sales,ops", "", " "])
value_lists = st.lists(names, max_size=6).map(tuple)


#
@given(value_lists, value_lists)
def test_two_claims_together_grant_what_they_grant_alone(
    one: tuple[str, ...], other: tuple[str, ...]
) -> None:
    alone = [map_roles(one, RULES), map_roles(other, RULES)]
    both = map_roles((*one, *other), RULES)
    assert both.account_roles == alone[0].account_roles | alone[1].account_roles
    assert both.space_roles == alone[0].space_roles | alone[1].space_roles


#
@given(value_lists, st.permutations(RULES))
def test_whatever_is_sent_the_outcome_says_why_and_only_a_match_grants(
    values: tuple[str, ...], rules: list[MappingRoleRule[str]]
) -> None:
    result = map_roles(values, rules)
    said = {value for value in values if value.strip()}
    known = {rule.name for rule in RULES}
    assert set(result.matched) == said & known
    assert set(result.unmatched) == said - known
    assert (result.outcome is MappingOutcome.MATCHED) == bool(said & known)
    assert (result.outcome is MappingOutcome.MISSING) == (not said)
    if result.outcome is not MappingOutcome.MATCHED:
        assert grants(result) == (set(), set())
    assert result == map_roles(values, RULES)
