"""What holds for every sequence of PATCH operations (P-8; RFC 7644 §3.5.2), without a database."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scim.documents import changes_between
from scim.errors import ScimError
from scim.patch import Draft, cleaned_document
from scim.patch_body import read_operations
from scim.schema import ENTERPRISE_URN

START: dict[str, Any] = {
    "userName": "ada",
    "active": True,
    "name": {"givenName": "Ada"},
    "emails": [
        {"value": "w@x.example", "type": "work", "primary": True},
        {"value": "h@x.example", "type": "home"},
    ],
    ENTERPRISE_URN: {"department": "Engines"},
}
ENTRIES = st.fixed_dictionaries(
    {"value": st.sampled_from(["w@x.example", "n@x.example", ""])},
    optional={"type": st.sampled_from(["work", "home", "other"]), "primary": st.booleans()},
)
OPERATIONS = st.one_of(
    st.fixed_dictionaries(
        {
            "op": st.sampled_from(["add", "Replace"]),
            "path": st.sampled_from(["emails", 'emails[type eq "work"]']),
            "value": st.one_of(ENTRIES, st.lists(ENTRIES, max_size=3)),
        }
    ),
    st.fixed_dictionaries(
        {
            "op": st.sampled_from(["add", "replace"]),
            "path": st.sampled_from(
                [
                    'emails[type eq "other"].value',
                    'emails[type eq "home"].value',
                    "title",
                    "name.givenName",
                    "nickName",
                ]
            ),
            "value": st.sampled_from(["x", "", None, "n@x.example"]),
        }
    ),
    st.fixed_dictionaries(
        {
            "op": st.just("remove"),
            "path": st.sampled_from(["emails", "emails[primary eq true]", "name", "title", ENTERPRISE_URN]),
        }
    ),
    st.fixed_dictionaries(
        {"op": st.just("replace"), "path": st.just('emails[type eq "home"].primary'), "value": st.booleans()}
    ),
)
SEQUENCES = st.lists(OPERATIONS, min_size=1, max_size=5)


def _applied(document: dict[str, Any], operations: list[dict[str, Any]]) -> dict[str, Any]:
    draft = Draft(document)
    for operation in read_operations({"Operations": operations}):
        draft.apply(operation)
    return draft.finished()


def _outcome(operations: list[dict[str, Any]]) -> dict[str, Any] | None:
    try:
        return _applied(START, operations)
    except ScimError:
        return None


@given(operations=SEQUENCES)
def test_result_is_clean_and_has_at_most_one_primary_value(operations: list[dict[str, Any]]) -> None:
    found = _outcome(operations)
    if found is None:
        return
    emails = found.get("emails", [])
    assert sum(bool(entry.get("primary")) for entry in emails) <= 1
    assert all(entry.get("value") for entry in emails)
    assert "" not in found.values()
    assert {} not in found.values()
    assert cleaned_document(found) == found
    assert (found["userName"], found["active"]) == ("ada", True)


@given(operations=SEQUENCES)
def test_the_document_that_was_given_is_never_changed(operations: list[dict[str, Any]]) -> None:
    before = repr(START)
    _outcome(operations)
    assert repr(START) == before


@given(first=SEQUENCES, second=SEQUENCES)
def test_one_request_or_two_make_no_difference(
    first: list[dict[str, Any]], second: list[dict[str, Any]]
) -> None:
    """Values without an address exist only until the request ends, so only clean halves are compared."""
    halfway = _outcome(first)
    if halfway is None or any(entry.get("value") in ("", None) for entry in _raw(first).get("emails") or ()):
        return
    try:
        expected = _applied(halfway, second)
    except ScimError:
        with pytest.raises(ScimError):
            _applied(START, [*first, *second])
        return
    assert _applied(START, [*first, *second]) == expected


@given(operations=SEQUENCES)
def test_putting_back_what_was_read_changes_nothing(operations: list[dict[str, Any]]) -> None:
    found = _outcome(operations)
    if found is None:
        return
    draft = Draft(found, replacing=True)
    draft.merge(found)
    assert changes_between(found, draft.finished()) == {}


def _raw(operations: list[dict[str, Any]]) -> dict[str, Any]:
    draft = Draft(START)
    for operation in read_operations({"Operations": operations}):
        draft.apply(operation)
    return draft.document
