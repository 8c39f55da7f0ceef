"""Claims survive being parked, whatever text a provider put into them (V-17, J-9)."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foundation.encryption import decrypt, encrypt
from sso import claims_json
from sso.claims import NO_SESSION, Claims, ClaimWarning, ProviderSession, SubjectSource

FULL = Claims(
    issuer="https://idp.example",
    subject="subject",
    subject_source=SubjectSource.SUB,
    email_verified=True,
    space_names=("Trial", ""),
    groups=(),
    session=ProviderSession(
        sid="sid", id_token="a.b.c", not_on_or_after=dt.datetime(2027, 1, 1, 12, tzinfo=dt.UTC)
    ),
    warnings=(ClaimWarning("timezone_unknown", "Mars/Olympus_Mons"),),
    raw={"groups": (), "name": ("Mia",)},
)


def test_what_is_parked_comes_back_as_it_was() -> None:
    # J-10: absent, empty and given stay what they are
    again = claims_json.load(claims_json.dump(FULL))
    assert again == FULL
    assert again.groups == ()
    assert again.role_mapping is None


@given(text=st.text(alphabet=st.characters(codec=None), max_size=40))
@settings(max_examples=200)
def test_any_text_can_be_parked_encrypted(text: str) -> None:
    # lone surrogates and null characters included
    claims = Claims(
        issuer="i", subject="s", subject_source=SubjectSource.SUB, display_name=text, raw={text: (text,)}
    )
    assert claims_json.load(decrypt(encrypt(claims_json.dump(claims)))) == claims


def test_lone_surrogate_can_be_parked() -> None:
    claims = Claims(issuer="i", subject="s", subject_source=SubjectSource.SUB, raw={"x": ("\ud800",)})
    assert claims_json.load(decrypt(encrypt(claims_json.dump(claims)))) == claims


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"issuer": "x"}', "null"])
def test_what_was_not_parked_by_us_is_not_claims(text: str) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        claims_json.load(text)


def test_admin_sees_neither_the_providers_session_nor_its_tokens() -> None:
    # design rule 8
    shown = claims_json.without_session_secrets(FULL)
    assert "session" not in shown
    assert "a.b.c" not in str(shown)
    assert FULL.session != NO_SESSION
