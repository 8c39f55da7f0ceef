"""The six rules for spaces and roles (J-4 to J-6): a table per rule."""

from __future__ import annotations

import pytest

from spaces.assignment import (
    Assignment,
    AssignmentResult,
    NameKind,
    NameWarning,
    assign,
    split_list,
)

SPACES = ("A", "B", "C", "Trial", "DevOps")
ROLES = ("Space Admin", "Dev", "R", "S")


def sent(space_name: str, space_role: str | None) -> AssignmentResult:
    """Assign what a provider sent as two comma-separated claims."""
    roles = None if space_role is None else split_list([space_role])
    return assign(split_list([space_name]), roles, SPACES, ROLES)


def given_to(result: AssignmentResult) -> str:
    return ",".join(f"{one.space}={one.role}" for one in result.assignments)


def numbers(result: AssignmentResult) -> list[int]:
    return [int(fired.rule) for fired in result.rules]


# --- lists ---


# J-4
@pytest.mark.parametrize(
    ("values", "entries"),
    [
        (["Trial,DevOps"], ("Trial", "DevOps")),
        (["Trial", "DevOps"], ("Trial", "DevOps")),
        (["Trial,DevOps", "C"], ("Trial", "DevOps", "C")),
        (["  Trial ,\tDevOps\u00a0"], ("Trial", "DevOps")),
        (["Dev Ops"], ("Dev Ops",)),
        (["A,,B"], ("A", "", "B")),
        (["A", " ", "B"], ("A", "", "B")),
        ([",A"], ("", "A")),
        (["A,"], ("A", "")),
        (["A,B", ""], ("A", "B", "")),
        ([], ()),
        ([""], ()),
        ([" , ,"], ()),
        (["", " "], ()),
    ],
)
def test_a_claim_is_read_as_commas_several_values_or_both(
    values: list[str], entries: tuple[str, ...]
) -> None:
    assert split_list(values) == entries


# --- J-5, a table per rule ---


# J-4, J-5
@pytest.mark.parametrize(
    ("space_name", "space_role", "outcome"),
    [
        ("Trial", "Dev", "Trial=Dev"),
        ("Trial,DevOps", "Space Member,Dev", "Trial=Space Member,DevOps=Dev"),
        (" Trial , DevOps ", " R , Dev ", "Trial=R,DevOps=Dev"),
        ("DevOps,A,Trial", "R,S,Dev", "DevOps=R,A=S,Trial=Dev"),
        ("", None, ""),
        (" , ", " ", ""),
    ],
)
def test_spaces_and_roles_pair_by_position_and_no_rule_fires(
    space_name: str, space_role: str | None, outcome: str
) -> None:
    result = sent(space_name, space_role)
    assert (given_to(result), numbers(result), result.warnings) == (outcome, [], ())


# J-5 rule 1
@pytest.mark.parametrize(
    ("space_name", "space_role", "outcome", "rules"),
    [
        ("A,B", "Dev", "A=Dev,B=Dev", [1]),
        ("A,B,C", "Space Admin", "A=Space Admin,B=Space Admin,C=Space Admin", [1]),
        ("A,B", "Space Member", "A=Space Member,B=Space Member", [1]),
        ("A,Bogus", "Dev", "A=Dev", [1, 6]),  # J-6: counted before rule 6 drops anything
        ("Bogus,Wrong", "Dev", "", [1, 6]),
        ("A,B", "bad", "A=Space Member,B=Space Member", [1, 3]),
        ("A,A", "Dev", "A=Dev", [1]),
        ("A,,B", "Dev", "A=Dev,B=Dev", [1, 6]),
        ("A,", "Dev", "A=Dev", [1, 6]),
    ],
)
def test_rule_1_one_role_is_given_in_all_spaces(
    space_name: str, space_role: str, outcome: str, rules: list[int]
) -> None:
    result = sent(space_name, space_role)
    assert (given_to(result), numbers(result)) == (outcome, rules)


# J-5 rule 2, J-6
@pytest.mark.parametrize(
    ("space_name", "space_role", "outcome", "rules"),
    [
        ("A", "x,Dev", "A=Dev", [2]),
        ("A", "R,Dev", "A=R", [2]),
        ("A", "x,y,Dev,R", "A=Dev", [2]),
        ("A", ",Dev", "A=Dev", [2]),
        ("A", "x,y", "A=Space Member", [2, 3]),
        ("A", "x,Space Member,Dev", "A=Space Member", [2]),
        ("Bogus", "x,Dev", "", [6]),
        ("A,B,A", "bad,R,Dev", "A=Dev,B=R", [2]),
        ("A,B,A", "S,R,Dev", "A=S,B=R", [2]),
        ("A,A,B", "x,y,Dev", "A=Space Member,B=Dev", [2, 3]),
        ("A,B,A,A", "bad,R,,Dev", "A=Dev,B=R", [2]),
        ("A,A", "x,y,Dev", "A=Space Member", [2, 3, 5]),  # counts are raw: the third role is extra
        ("A,", "x,Dev", "A=Space Member", [3, 6]),  # the empty entry keeps its position, so A is not alone
    ],
)
def test_rule_2_the_first_valid_of_several_roles_for_one_space_counts(
    space_name: str, space_role: str, outcome: str, rules: list[int]
) -> None:
    result = sent(space_name, space_role)
    assert (given_to(result), numbers(result)) == (outcome, rules)


# J-5 rule 3
@pytest.mark.parametrize(
    ("space_name", "space_role", "outcome", "rules"),
    [
        ("A", "bad", "A=Space Member", [3]),
        ("A,B", "bad,Dev", "A=Space Member,B=Dev", [3]),
        ("A,B", "bad,worse", "A=Space Member,B=Space Member", [3]),
        ("A,B", ",Dev", "A=Space Member,B=Dev", [3]),  # J-6: an empty entry keeps its position
        ("A,B", "Dev,", "A=Dev,B=Space Member", [3]),  # and is not rule 1
        ("A,B,C", "R,,Dev", "A=R,B=Space Member,C=Dev", [3]),
        ("A,Bogus", "Dev,bad", "A=Dev", [6]),  # the bad role goes with its space
    ],
)
def test_rule_3_an_unknown_role_becomes_space_member(
    space_name: str, space_role: str, outcome: str, rules: list[int]
) -> None:
    result = sent(space_name, space_role)
    assert (given_to(result), numbers(result)) == (outcome, rules)


# J-5 rule 4
@pytest.mark.parametrize(
    ("space_name", "space_role", "outcome", "rules"),
    [
        ("A,B,C", "R,Dev", "A=R,B=Dev,C=Space Member", [4]),
        ("A,B,C,Trial", "R,Dev", "A=R,B=Dev,C=Space Member,Trial=Space Member", [4]),
        ("A", None, "A=Space Member", [4]),
        ("A,B", None, "A=Space Member,B=Space Member", [4]),
        ("A,B", "", "A=Space Member,B=Space Member", [4]),
        ("A,B", ",", "A=Space Member,B=Space Member", [4]),
        ("A,B,A", "R,Dev", "A=R,B=Dev", [4]),
        ("A,B,A", "bad,Dev", "A=Space Member,B=Dev", [3, 4]),
        ("A,B,Bogus", "R,Dev", "A=R,B=Dev", [4, 6]),
        ("A,Bogus", None, "A=Space Member", [4, 6]),
    ],
)
def test_rule_4_spaces_without_a_role_get_space_member(
    space_name: str, space_role: str | None, outcome: str, rules: list[int]
) -> None:
    result = sent(space_name, space_role)
    assert (given_to(result), numbers(result)) == (outcome, rules)


# J-5 rule 5
@pytest.mark.parametrize(
    ("space_name", "space_role", "outcome", "rules"),
    [
        ("A,B", "R,Dev,S", "A=R,B=Dev", [5]),
        ("A,B", "R,Dev,S,bad", "A=R,B=Dev", [5]),
        ("A,B", "bad,Dev,S", "A=Space Member,B=Dev", [3, 5]),
        ("A,Bogus", "R,Dev,S", "A=R", [5, 6]),
        ("A,B", "R,Dev,", "A=R,B=Dev", [5]),
        ("", "Dev", "", [5]),
        (",", "R,Dev", "", [5]),
    ],
)
def test_rule_5_roles_beyond_the_spaces_are_ignored(
    space_name: str, space_role: str, outcome: str, rules: list[int]
) -> None:
    result = sent(space_name, space_role)
    assert (given_to(result), numbers(result)) == (outcome, rules)


# J-5 rule 6
@pytest.mark.parametrize(
    ("space_name", "space_role", "outcome", "rules"),
    [
        ("Bogus", "Dev", "", [6]),
        ("Bogus,B", "R,Dev", "B=Dev", [6]),
        ("A,Bogus,B", "R,S,Dev", "A=R,B=Dev", [6]),
        ("A,,B", "R,S,Dev", "A=R,B=Dev", [6]),  # J-6: an empty entry keeps its position
        (",B", "R,Dev", "B=Dev", [6]),
        ("A,B,", "R,Dev,S", "A=R,B=Dev", [6]),
    ],
)
def test_rule_6_an_unknown_space_is_ignored_together_with_its_role(
    space_name: str, space_role: str, outcome: str, rules: list[int]
) -> None:
    result = sent(space_name, space_role)
    assert (given_to(result), numbers(result)) == (outcome, rules)


# --- J-6, names ---


# J-6
@pytest.mark.parametrize(
    ("space_name", "known", "space", "warned"),
    [
        ("trial", ("Trial",), "Trial", True),
        ("Trial", ("Trial",), "Trial", False),
        ("ops", ("Ops", "ops"), "ops", False),
        ("Ops", ("Ops", "ops"), "Ops", False),
        ("STRASSE", ("Straße",), "Straße", True),
        ("\uff34\uff52\uff49\uff41\uff4c", ("Trial",), "Trial", True),
        ("e\u0301quipe", ("\u00e9quipe",), "\u00e9quipe", True),
        ("ΟΔΟΣ", ("οδος",), "οδος", True),
    ],
)
def test_a_space_is_found_exactly_first_then_without_case_and_with_a_warning(
    space_name: str, known: tuple[str, ...], space: str, warned: bool
) -> None:
    result = assign((space_name,), ("Dev",), known, ROLES)
    assert result.assignments == (Assignment(space, "Dev"),)
    assert result.warnings == ((NameWarning(NameKind.SPACE, space_name, space),) if warned else ())
    assert result.rules == ()


# J-6
def test_a_space_that_fits_two_names_without_case_is_unknown() -> None:
    result = assign(("OPS", "B"), ("Dev", "R"), ("Ops", "ops", "B"), ROLES)
    assert (given_to(result), numbers(result), result.warnings) == ("B=R", [6], ())
    assert result.rules[0].detail == "'OPS' fits several spaces without case, ignored with its role 'Dev'"


# J-6
def test_a_role_is_found_without_case_and_with_a_warning() -> None:
    result = assign(("A",), ("space admin",), SPACES, ROLES)
    assert given_to(result) == "A=Space Admin"
    assert result.warnings == (NameWarning(NameKind.ROLE, "space admin", "Space Admin"),)


# J-6
def test_a_role_that_fits_two_names_without_case_becomes_space_member() -> None:
    result = assign(("A",), ("DEV",), SPACES, ("Dev", "dev"))
    assert (given_to(result), numbers(result), result.warnings) == ("A=Space Member", [3], ())
    assert "fits several roles" in result.rules[0].detail


# J-6
def test_a_space_repeated_in_another_spelling_is_the_same_space() -> None:
    result = assign(("a", "B", "A", "a"), ("bad", "R", "Dev", "S"), SPACES, ROLES)
    assert (given_to(result), numbers(result)) == ("A=Dev,B=R", [2])
    assert result.warnings == (NameWarning(NameKind.SPACE, "a", "A"),)


# J-6
def test_spaces_of_an_account_that_differ_only_by_case_are_two_spaces() -> None:
    result = assign(("Ops", "ops"), ("Dev", "R"), ("Ops", "ops"), ROLES)
    assert given_to(result) == "Ops=Dev,ops=R"
    assert result.warnings == ()


# J-6
def test_a_role_that_is_not_looked_at_gives_no_warning() -> None:
    assert assign(("Bogus", "A"), ("dev", "R"), SPACES, ROLES).warnings == ()
    assert assign(("A",), ("R", "dev"), SPACES, ROLES).warnings == ()


# J-5
def test_space_member_is_a_role_of_every_account_and_may_have_another_name() -> None:
    assert given_to(assign(("A",), ("Space Member",), SPACES, ())) == "A=Space Member"
    renamed = assign(("A", "B"), ("bad", "Visitor"), SPACES, (), member_role="Visitor")
    assert given_to(renamed) == "A=Visitor,B=Visitor"
    assert numbers(renamed) == [3]


# --- details ---


# J-6, J-9
@pytest.mark.parametrize(
    ("space_name", "space_role", "detail"),
    [
        ("A,B", "Dev", "spaces: 2, roles: 1; 'Dev' for all"),
        ("A", "x,Dev", "'A' was given 'x', 'Dev': took 'Dev'"),
        ("A", "bad", "'A' gets 'Space Member': 'bad' is not a role of this account"),
        ("A,B", "Dev,", "'B' gets 'Space Member': '' names no role"),
        ("A,B,C", "R,Dev", "spaces: 3, roles: 2; no role came for 'C'"),
        ("A,B", "R,Dev,S", "spaces: 2, roles: 3; ignored 'S'"),
        ("A,Bogus", "R,Dev", "'Bogus' is not a space of this account, ignored with its role 'Dev'"),
        ("A,,B", "R,S,Dev", "'' names no space, ignored with its role 'S'"),
        ("Bogus", None, "'Bogus' is not a space of this account, ignored"),
    ],
)
def test_an_admin_reads_what_was_sent_and_what_became_of_it(
    space_name: str, space_role: str | None, detail: str
) -> None:
    assert detail in [fired.detail for fired in sent(space_name, space_role).rules]


# J-9
def test_a_detail_stays_short_and_harmless_whatever_was_sent() -> None:
    names = tuple(f"\u202e{'x' * 500}\n{number}" for number in range(1000))
    result = assign(names, (*names, "Dev"), ("A",), ROLES)
    assert numbers(result) == [5, 6]
    assert all(len(fired.detail) < 1500 for fired in result.rules)
    assert all(fired.detail.isprintable() for fired in result.rules)
    assert result.rules[-1].detail.endswith("; and 995 more")
