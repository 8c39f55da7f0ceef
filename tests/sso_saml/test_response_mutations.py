"""Whatever happens to a valid response on its way: it is refused, or signs in whom the provider named, unchanged."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sso_saml.errors import RefusalCode, SamlRefusal
from sso_saml.toolkit import VerifiedAssertion, validate_response
from tests.sso_saml.forge import Recipe, config, expected

HONEST = Recipe()
BYTES = HONEST.document()
MARKUP = [b"<", b">", b'"', b"&lt;", b"<!--", b"-->", b"<x/>", b'ID="_assertion1"', b"mallory@acme.example"]


def signed_in_or_code(recipe: Recipe) -> VerifiedAssertion | RefusalCode:
    try:
        return validate_response(config(), recipe.post(), expected())
    except SamlRefusal as refusal:
        return refusal.code


@settings(max_examples=400, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(
    start=st.integers(0, len(BYTES)),
    length=st.integers(0, 40),
    text=st.one_of(
        st.binary(max_size=8),
        st.sampled_from(MARKUP),
        st.builds(lambda at, size: BYTES[at : at + size], st.integers(0, len(BYTES)), st.integers(1, 2000)),
    ),
)
def test_mutation_is_refused_or_changes_nothing_that_counts(
    start: int, length: int, text: bytes
) -> None:  # S-8
    mutated = HONEST.but(on_bytes=lambda document: document[:start] + text + document[start + length :])

    outcome = signed_in_or_code(mutated)

    assert outcome is not RefusalCode.UNEXPECTED
    if isinstance(outcome, VerifiedAssertion):
        # Only the assertion is signed: the Response's own ID is anyone's.
        assert replace(outcome, response_id="_response1") == signed_in_or_code(HONEST)


@pytest.mark.parametrize("text", ["\ud800", "é", "PHNhbWxwOg==", "%3C", "A", "=", "\x00", "null"])
def test_garbage_is_a_refusal(text: str) -> None:  # S-8
    with pytest.raises(SamlRefusal):
        validate_response(config(), text, expected())
