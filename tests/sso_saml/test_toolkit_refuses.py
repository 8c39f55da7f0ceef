"""What a refusal tells, and refusals that no message over HTTP reaches; the attacks are in the corpus (S-8)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from sso_saml.errors import MAX_DETAIL, RefusalCode, SamlRefusal, StatusRefusal
from sso_saml.toolkit import validate_response
from tests.sso_saml.forge import (
    ADA,
    IDP,
    NOW,
    PASSWORD,
    REQUEST_ID,
    SAML,
    Recipe,
    at,
    config,
    expected,
    rsa_key,
    saml,
)

HONEST = Recipe()
STATUS = "urn:oasis:names:tc:SAML:2.0:status:"


@pytest.mark.parametrize("minutes", [-30, -4.1])
def test_person_who_did_not_sign_in_afresh_is_sent_away(minutes: float) -> None:  # S-7
    with pytest.raises(SamlRefusal) as refused:
        validate_response(
            config(),
            Recipe(authenticated=at(minutes)).post(),
            expected(authenticated_since=NOW - timedelta(minutes=2)),
        )
    assert refused.value.code is RefusalCode.AUTHN_NOT_FRESH


@pytest.mark.parametrize("context", [None, PASSWORD, "urn:oasis:names:tc:SAML:2.0:ac:classes:x509"])
def test_person_who_signed_in_by_another_context_is_sent_away(context: str | None) -> None:  # S-7
    asked = ("urn:oasis:names:tc:SAML:2.0:ac:classes:X509",)
    recipe = Recipe(context=context)
    if context is None:
        recipe = recipe.but(
            before_signing=lambda response: saml(
                next(response.iter(f"{{{SAML}}}AuthnContext")), "AuthnContextDeclRef", "urn:x"
            )
        )
    with pytest.raises(SamlRefusal) as refused:
        validate_response(config(), recipe.post(), expected(contexts=asked))
    assert refused.value.code is RefusalCode.AUTHN_CONTEXT
    assert validate_response(config(), recipe.post(), expected()).name_id == ADA


def test_reason_that_the_provider_gives_is_kept_for_the_page() -> None:  # L-10
    recipe = Recipe(
        status=(f"{STATUS}Responder", f"{STATUS}RequestDenied"),
        status_message="AADSTS50105: Your administrator\nhas configured " + "x" * 999,
    )
    with pytest.raises(StatusRefusal) as refused:
        validate_response(config(), recipe.post(), expected())

    assert refused.value.status_codes == (f"{STATUS}Responder", f"{STATUS}RequestDenied")
    assert refused.value.status_message.startswith("AADSTS50105: Your administrator has")
    assert refused.value.detail.startswith("Responder / RequestDenied; AADSTS50105")
    assert len(refused.value.detail) <= MAX_DETAIL


def test_failure_that_nobody_foresaw_is_a_refusal_without_its_text() -> None:
    naive = expected(now=NOW.replace(tzinfo=None))

    with pytest.raises(SamlRefusal) as refused:
        validate_response(config(), HONEST.post(), naive)

    assert (refused.value.code, refused.value.detail) == (RefusalCode.UNEXPECTED, "TypeError")
    assert refused.value.__context__ is None


def test_draft_without_an_entity_id_takes_nobody_for_its_provider() -> None:
    draft = replace(config(), idp_entity_id="")

    with pytest.raises(SamlRefusal) as refused:
        validate_response(draft, HONEST.but(assertion_issuer="", response_issuer=None).post(), expected())

    assert refused.value.code == RefusalCode.ISSUER
    assert validate_response(config(), HONEST.but(response_issuer=None).post(), expected()).issuer == IDP


def test_certificate_that_cannot_be_read_fits_nothing() -> None:
    broken = replace(
        config(), certificates=("-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\n",)
    )
    both = replace(config(), certificates=(*broken.certificates, *config(rsa_key("idp")).certificates))

    with pytest.raises(SamlRefusal) as refused:
        validate_response(broken, HONEST.post(), expected())

    assert refused.value.code == RefusalCode.SIGNATURE_INVALID
    assert validate_response(both, HONEST.post(), expected()).name_id == ADA


@pytest.mark.parametrize("answered", ["_other", f"{REQUEST_ID}2", ""])
def test_response_must_answer_the_request_that_the_caller_expects(answered: str) -> None:
    """Over HTTP the attempt was found by this very attribute; the check does not rely on that."""
    with pytest.raises(SamlRefusal) as refused:
        validate_response(config(), HONEST.but(response_in_response_to=answered).post(), expected())

    assert refused.value.code == (RefusalCode.IN_RESPONSE_TO if answered else RefusalCode.SCHEMA)
    assert validate_response(config(), HONEST.post(), expected()).in_response_to == REQUEST_ID
