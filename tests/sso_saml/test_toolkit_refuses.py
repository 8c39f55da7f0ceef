"""What a refusal tells, and refusals that no message over HTTP reaches; the attacks are in the corpus (S-8)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sso_saml.errors import MAX_DETAIL, RefusalCode, SamlRefusal, StatusRefusal
from sso_saml.toolkit import validate_response
from tests.sso_saml.forge import (
    ADA,
    IDP,
    NOW,
    REQUEST_ID,
    Recipe,
    config,
    expected,
    rsa_key,
)

HONEST = Recipe()
STATUS = "urn:oasis:names:tc:SAML:2.0:status:"


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
