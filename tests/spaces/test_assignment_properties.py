"""The six rules for spaces and roles (J-4 to J-6): what holds for every pair of claims, with an oracle."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from spaces.assignment import Assignment, AssignmentResult, NameKind, assign, split_list

MEMBER = "Space Member"


def numbers(result: AssignmentResult) -> list[int]:
    return [int(fired.rule) for fired in result.rules]


# Small pools, so that repeats, other spellings, ambiguity, unknown and empty entries meet often. All ASCII,
# so the oracle below may use lower() instead of the folding of the product.
space_entries = st.sampled_from(["Trial", "trial", "DevOps", "Ops", "ops", "OPS", "Bogus", ""])
role_entries = st.sampled_from([MEMBER, "space member", "Dev", "dev", "DEV", "R", "r", "bad", ""])
space_lists = st.lists(space_entries, max_size=6).map(tuple)
role_lists = st.lists(role_entries, max_size=7).map(tuple)
known_space_lists = st.lists(st.sampled_from(["Trial", "DevOps", "Ops", "ops"]), unique=True).map(tuple)
known_role_lists = st.lists(st.sampled_from([MEMBER, "Dev", "dev", "R"]), unique=True).map(tuple)

Names = tuple[str, ...]


def own_name(entry: str, known: Names) -> str | None:
    if entry in known:
        return entry
    alike = {name for name in known if entry and name.lower() == entry.lower()}
    return alike.pop() if len(alike) == 1 else None


def role_entries_by_space(spaces: Names, roles: Names, known: Names) -> dict[str, list[str]]:
    """Read J-5 and J-6 independently: for each known space, in order, the role entries that speak for it."""
    found: dict[str, list[str]] = {}
    for space in [name for name in (own_name(entry, known) for entry in spaces) if name]:
        places = [place for place, entry in enumerate(spaces) if own_name(entry, known) == space]
        if len(roles) == 1:
            found[space] = [roles[0]]
        elif len(spaces) == 1:
            found[space] = list(roles)
        else:
            found[space] = [roles[place] for place in places if place < len(roles)]
    return found


def something(entries: Names | None) -> Names:
    return entries if entries and any(entries) else ()


def expected_rules(
    spaces: Names, roles: Names, offered: dict[str, list[str]], known: Names, valid: Names
) -> set[int]:
    alone = len(spaces) == 1
    held = {
        1: len(spaces) > 1 and len(roles) == 1,
        2: any(len(entries) >= 2 for entries in offered.values()),
        3: any(
            entries and all(own_name(entry, valid) is None for entry in entries)
            for entries in offered.values()
        ),
        4: len(spaces) > len(roles) and len(roles) != 1,
        5: len(roles) > len(spaces) and not alone,
        6: any(own_name(entry, known) is None for entry in spaces),
    }
    return {number for number, fired in held.items() if fired}


# J-5, J-6
@given(space_lists, st.none() | role_lists, known_space_lists, known_role_lists)
def test_every_sign_in_gets_the_spaces_and_rules_that_an_independent_reading_gives(
    spaces: Names, roles: Names | None, known_spaces: Names, known_roles: Names
) -> None:
    result = assign(spaces, roles, known_spaces, known_roles)

    raw_spaces, raw_roles = something(spaces), something(roles)
    valid = (*known_roles, MEMBER)
    offered = role_entries_by_space(raw_spaces, raw_roles, known_spaces)
    expected = [
        Assignment(space, next((name for entry in entries if (name := own_name(entry, valid))), MEMBER))
        for space, entries in offered.items()
    ]
    assert list(result.assignments) == expected
    reported = numbers(result)
    assert reported == sorted(expected_rules(raw_spaces, raw_roles, offered, known_spaces, valid))


# J-5
@given(space_lists, st.none() | role_lists, known_space_lists, known_role_lists)
def test_nobody_gets_more_memberships_than_spaces_named_nor_a_name_the_account_does_not_have(
    spaces: Names, roles: Names | None, known_spaces: Names, known_roles: Names
) -> None:
    result = assign(spaces, roles, known_spaces, known_roles)
    got = [one.space for one in result.assignments]
    assert len(got) == len(set(got)) <= len({entry for entry in spaces if entry})
    assert set(got) <= set(known_spaces)
    assert {one.role for one in result.assignments} <= {*known_roles, MEMBER}


# J-5
@given(space_lists, st.none() | role_lists, known_space_lists, known_role_lists)
def test_spaces_keep_the_order_in_which_they_were_first_named(
    spaces: Names, roles: Names | None, known_spaces: Names, known_roles: Names
) -> None:
    got = [one.space for one in assign(spaces, roles, known_spaces, known_roles).assignments]
    first_named = {
        space: min(place for place, entry in enumerate(spaces) if own_name(entry, known_spaces) == space)
        for space in got
    }
    assert got == sorted(got, key=first_named.__getitem__)


# J-5 rule 6, J-6, J-9: lists that pair one to one; one entry more in unequal raw lists may change the rule
@given(
    st.lists(st.tuples(space_entries, role_entries), max_size=6),
    st.integers(0, 6),
    role_entries,
    known_space_lists,
    known_role_lists,
)
def test_an_unknown_space_sent_with_its_role_changes_nothing_for_the_other_spaces(
    pairs: list[tuple[str, str]], place: int, role: str, known_spaces: Names, known_roles: Names
) -> None:
    longer = [*pairs[:place], ("Nowhere", role), *pairs[place:]]

    def assigned(sent_pairs: list[tuple[str, str]]) -> tuple[Assignment, ...]:
        spaces, roles = tuple(pair[0] for pair in sent_pairs), tuple(pair[1] for pair in sent_pairs)
        return assign(spaces, roles, known_spaces, known_roles).assignments

    assert assigned(longer) == assigned(pairs)


# J-5 rule 1, J-6
@given(st.lists(space_entries, min_size=2, max_size=6).map(tuple), known_space_lists, known_role_lists)
def test_one_role_for_all_reaches_every_space_even_beside_unknown_ones(
    spaces: Names, known_spaces: Names, known_roles: Names
) -> None:
    assume(any(spaces))
    result = assign((*spaces, "Nowhere"), ("R",), known_spaces, (*known_roles, "R"))
    assert {one.role for one in result.assignments} <= {"R"}
    assert {one.space for one in result.assignments} == {
        own_name(entry, known_spaces) for entry in spaces
    } - {None}


# J-6
@given(space_lists, st.none() | role_lists, known_space_lists, known_role_lists)
def test_a_warning_names_only_what_was_sent_in_another_spelling_and_took_effect(
    spaces: Names, roles: Names | None, known_spaces: Names, known_roles: Names
) -> None:
    result = assign(spaces, roles, known_spaces, known_roles)
    assert len(set(result.warnings)) == len(result.warnings)
    for warning in result.warnings:
        of_space = warning.kind is NameKind.SPACE
        assert warning.sent in (spaces if of_space else roles or ())
        assert warning.sent != warning.matched
        assert warning.matched in {one.space if of_space else one.role for one in result.assignments}


# J-9
@given(
    st.lists(st.text(), max_size=4),
    st.none() | st.lists(st.text(), max_size=4),
    st.lists(st.text(), max_size=4),
)
def test_no_text_whatever_makes_a_sign_in_fail(
    space_name: list[str], space_role: list[str] | None, known: list[str]
) -> None:
    spaces = split_list(space_name)
    roles = None if space_role is None else split_list(space_role)
    result = assign(spaces, roles, known, known)
    assert {one.space for one in result.assignments} <= set(known)
    assert {one.role for one in result.assignments} <= {*known, MEMBER}
    assert all(fired.detail for fired in result.rules)
