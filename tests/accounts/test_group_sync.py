"""Which group memberships a sign-in adds and removes (G-1, G-2, G-5, J-10)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.group_sync import (
    GroupDiff,
    HeldMembership,
    MappedGroup,
    SkipReason,
    diff_groups,
    identifier_key,
)
from accounts.sources import Source

GUID = "5d0e1f2a-00ab-4000-8000-0000000000cd"
OTHER_GUID = "11111111-2222-4333-8444-555555555555"

ENGINEERS = MappedGroup("engineers", GUID)
SALES = MappedGroup("sales", "Sales")
OPS = MappedGroup("ops", "ops")
MAPPED = [ENGINEERS, SALES, OPS]


def holds(group: str, source: Source) -> HeldMembership[str]:
    return HeldMembership(group, source)


def sign_in(
    claimed: tuple[str, ...] | None, *held: HeldMembership[str], overage: bool = False
) -> GroupDiff[str]:
    return diff_groups(claimed, overage, MAPPED, held)


# --- identifiers ---


# G-1
@pytest.mark.parametrize(
    "spelling",
    [GUID, GUID.upper(), "{" + GUID + "}", "{" + GUID.upper() + "}", f"  {GUID} ", "\t{" + GUID + "}\n"],
)
def test_every_spelling_of_a_guid_is_one_identifier(spelling: str) -> None:
    assert identifier_key(spelling) == GUID


# G-1
@pytest.mark.parametrize(
    "identifier",
    [
        "Sales",
        "SALES",
        "CN=Sales,OU=Groups,DC=corp,DC=example",
        GUID.upper().replace("-", ""),  # bare hexadecimal may be anything
        "{" + GUID.upper(),
        GUID.upper() + "}",
        GUID.upper() + "0",
        "S-1-5-21-1004336348-1177238915-682003330-512",
        "GUID " + GUID.upper(),
        GUID.upper().replace("5", "\u0665", 1),  # a digit, but not an ASCII one
    ],
)
def test_every_other_identifier_keeps_its_case(identifier: str) -> None:
    assert identifier_key(f" {identifier} ") == identifier


# G-1
def test_blanks_are_no_identifier() -> None:
    assert identifier_key(" \t ") == ""


# G-1
@given(st.text() | st.uuids().map(str) | st.uuids().map(lambda guid: "{" + str(guid).upper() + "}"))
def test_the_key_of_a_key_is_itself(identifier: str) -> None:
    assert identifier_key(identifier_key(identifier)) == identifier_key(identifier)


# --- one sign-in ---


# G-2
def test_an_employee_joins_the_groups_that_the_claim_names() -> None:
    diff = sign_in(("Sales", GUID))
    assert diff == GroupDiff(frozenset({"engineers", "sales"}), frozenset(), ("Sales", GUID), (), None)


# G-1, G-4
@pytest.mark.parametrize("spelling", [GUID.upper(), "{" + GUID + "}", f" {GUID} "])
def test_an_object_id_matches_in_any_spelling(spelling: str) -> None:
    diff = sign_in((spelling,))
    assert diff.add == {"engineers"}
    assert diff.received == (GUID,)


# G-1
def test_a_group_name_matches_only_in_its_own_case() -> None:
    diff = sign_in(("sales", "OPS"), holds("sales", Source.CLAIMS))
    assert diff.add == frozenset()
    assert diff.remove == {("sales", Source.CLAIMS)}
    assert diff.unmatched == ("sales", "OPS")


# G-2
@pytest.mark.parametrize("source", [Source.CLAIMS, Source.MANUAL])
def test_an_employee_leaves_a_mapped_group_that_the_claim_no_longer_names(source: Source) -> None:
    diff = sign_in(("ops",), holds("sales", source), holds("ops", source))
    assert diff.add == frozenset()
    assert diff.remove == {("sales", source)}


# G-2
def test_both_rows_of_a_group_no_longer_named_go() -> None:
    diff = sign_in((), holds("sales", Source.CLAIMS), holds("sales", Source.MANUAL))
    assert diff.remove == {("sales", Source.CLAIMS), ("sales", Source.MANUAL)}


# G-2, P-12
def test_an_employee_whom_scim_put_into_a_group_stays_although_the_claim_is_silent_about_it() -> None:
    diff = sign_in((), holds("sales", Source.DIRECTORY), holds("sales", Source.CLAIMS))
    assert diff.remove == {("sales", Source.CLAIMS)}


# G-2, P-12: a second row would outlive the directory's removal until the next sign-in
@pytest.mark.parametrize("source", [Source.MANUAL, Source.CLAIMS, Source.DIRECTORY])
def test_who_is_in_a_group_already_gets_no_second_row(source: Source) -> None:
    diff = sign_in(("Sales",), holds("sales", source))
    assert (diff.add, diff.remove) == (frozenset(), frozenset())


# G-2, P-12
def test_the_claim_brings_back_an_employee_once_the_directory_row_is_gone() -> None:
    assert sign_in(("Sales",), holds("sales", Source.DIRECTORY)).add == frozenset()
    assert sign_in(("Sales",)).add == {"sales"}


# G-2
@pytest.mark.parametrize("claimed", [(), ("Sales",), ("by hand",), None])
def test_groups_without_an_identifier_are_never_touched(claimed: tuple[str, ...] | None) -> None:
    diff = sign_in(claimed, holds("by hand", Source.MANUAL), holds("by hand", Source.CLAIMS))
    assert "by hand" not in diff.add
    assert diff.remove == frozenset()


# G-2
def test_a_group_with_a_blank_identifier_counts_as_having_none() -> None:
    blank = [MappedGroup("by hand", " ")]
    diff = diff_groups(("", " "), False, blank, [holds("by hand", Source.MANUAL)])
    assert diff == GroupDiff(frozenset(), frozenset(), (), (), None)
    assert diff_groups((" ",), False, blank, []).add == frozenset()


# J-10
def test_an_absent_claim_changes_nothing_and_says_so() -> None:
    diff = sign_in(None, holds("sales", Source.CLAIMS), holds("ops", Source.MANUAL))
    assert diff == GroupDiff(frozenset(), frozenset(), (), (), SkipReason.ABSENT)


# J-10
@pytest.mark.parametrize("claimed", [(), ("",), (" ", "")])
def test_a_claim_that_is_present_and_empty_removes_every_mapped_group(claimed: tuple[str, ...]) -> None:
    diff = sign_in(claimed, holds("sales", Source.CLAIMS), holds("ops", Source.MANUAL))
    assert diff.remove == {("sales", Source.CLAIMS), ("ops", Source.MANUAL)}
    assert diff.skipped_reason is None


# G-5
@pytest.mark.parametrize("claimed", [None, ()])
def test_overage_without_a_list_changes_nothing(claimed: tuple[str, ...] | None) -> None:
    diff = sign_in(claimed, holds("sales", Source.CLAIMS), overage=True)
    assert diff == GroupDiff(frozenset(), frozenset(), (), (), SkipReason.OVERAGE)


# G-5
def test_overage_with_a_part_of_the_list_adds_what_it_names_and_removes_nothing() -> None:
    diff = sign_in(("ops", "unheard of"), holds("sales", Source.CLAIMS), overage=True)
    assert diff == GroupDiff(
        frozenset({"ops"}), frozenset(), ("ops", "unheard of"), ("unheard of",), SkipReason.OVERAGE
    )


# G-6, G-7
def test_identifiers_are_reported_once_each_in_the_order_sent() -> None:
    diff = sign_in((OTHER_GUID.upper(), " Sales ", "Sales", "", GUID, "{" + OTHER_GUID + "}"))
    assert diff.received == (OTHER_GUID, "Sales", GUID)
    assert diff.unmatched == (OTHER_GUID,)


# --- properties ---

identifiers = st.sampled_from(
    [GUID, GUID.upper(), "{" + OTHER_GUID + "}", "Sales", "sales", "ops", "x", "", " "]
)
claims = st.none() | st.lists(identifiers, max_size=6).map(tuple)
group_ids = st.integers(1, 6)
mapped_groups = st.lists(
    st.builds(MappedGroup, group_ids, identifiers.map(identifier_key).filter(bool)),
    unique_by=(lambda group: group.id, lambda group: group.key),
)
held_rows = st.lists(st.builds(HeldMembership, group_ids, st.sampled_from(Source)), unique=True)

Groups = list[MappedGroup[int]]
Rows = list[HeldMembership[int]]


def applied(held: Rows, diff: GroupDiff[int]) -> Rows:
    kept = [row for row in held if (row.group_id, row.source) not in diff.remove]
    return kept + [HeldMembership(group_id, Source.CLAIMS) for group_id in sorted(diff.add)]


# G-2
@given(claims, st.booleans(), mapped_groups, held_rows)
def test_signing_in_again_with_the_same_claim_changes_nothing_more(
    claimed: tuple[str, ...] | None, overage: bool, mapped: Groups, held: Rows
) -> None:
    first = diff_groups(claimed, overage, mapped, held)
    second = diff_groups(claimed, overage, mapped, applied(held, first))
    assert (second.add, second.remove) == (frozenset(), frozenset())


# G-2, P-12
@given(claims, st.booleans(), mapped_groups, held_rows)
def test_no_sign_in_touches_rows_of_the_directory_or_groups_that_are_not_mapped(
    claimed: tuple[str, ...] | None, overage: bool, mapped: Groups, held: Rows
) -> None:
    diff = diff_groups(claimed, overage, mapped, held)
    mapped_ids = {group.id for group in mapped}
    assert {source for _, source in diff.remove} <= {Source.CLAIMS, Source.MANUAL}
    assert diff.add <= mapped_ids
    assert {group_id for group_id, _ in diff.remove} <= mapped_ids
    assert diff.remove <= {(row.group_id, row.source) for row in held}


# J-10, G-5
@given(claims, st.booleans(), mapped_groups, held_rows)
def test_an_absent_or_cut_claim_never_removes(
    claimed: tuple[str, ...] | None, overage: bool, mapped: Groups, held: Rows
) -> None:
    diff = diff_groups(claimed, overage, mapped, held)
    complete = claimed is not None and not overage
    assert (diff.skipped_reason is None) == complete
    if not complete:
        assert diff.remove == frozenset()
    if claimed is None:
        assert diff.add == frozenset()


# G-2
@given(st.lists(identifiers, max_size=6).map(tuple), mapped_groups, held_rows)
def test_after_a_complete_claim_an_employee_is_in_exactly_the_groups_named_or_kept_by_others(
    claimed: tuple[str, ...], mapped: Groups, held: Rows
) -> None:
    after = applied(held, diff_groups(claimed, False, mapped, held))
    named = {group.id for group in mapped if group.key in {identifier_key(sent) for sent in claimed}}
    kept_by_others = {row.group_id for row in held if row.source not in (Source.CLAIMS, Source.MANUAL)}
    for group in mapped:
        is_in = any(row.group_id == group.id for row in after)
        assert is_in == (group.id in named | kept_by_others)
