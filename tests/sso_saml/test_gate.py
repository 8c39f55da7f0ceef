"""What the gate tells of a document that passes it, and that decrypted documents pass the same one (S-8).

What it refuses is in the corpus (``test_corpus``).
"""

from __future__ import annotations

import pytest
from lxml import etree

from sso_saml.errors import RefusalCode, SamlRefusal
from sso_saml.gate import CheckedResponse, check_decrypted, check_encoded, claimed_in_response_to
from tests.sso_saml.forge import ADA, REQUEST_ID, SAML, Recipe, Seal, saml

HONEST = Recipe()


def name_id(checked: CheckedResponse) -> str | None:
    assert checked.assertion is not None
    return checked.assertion.findtext(f".//{{{SAML}}}NameID")


def test_answer_with_an_error_passes_without_an_assertion() -> None:
    status = "urn:oasis:names:tc:SAML:2.0:status:"
    recipe = Recipe(
        status=(f"{status}Responder", f"{status}AuthnFailed"), status_message="AADSTS50105: not assigned"
    )

    checked = check_encoded(recipe.post())

    assert not checked.is_success
    assert checked.status_codes == (f"{status}Responder", f"{status}AuthnFailed")
    assert checked.status_message == "AADSTS50105: not assigned"
    assert claimed_in_response_to(checked) == REQUEST_ID


def test_attempt_is_found_by_the_response_else_by_the_confirmation() -> None:  # V-19
    both = HONEST.but(response_in_response_to="_outer", in_response_to="_inner")

    assert claimed_in_response_to(check_encoded(both.post())) == "_outer"
    assert claimed_in_response_to(check_encoded(both.but(response_in_response_to=None).post())) == "_inner"
    assert claimed_in_response_to(check_encoded(HONEST.but(response_in_response_to="").post())) == ""
    unsolicited = HONEST.but(response_in_response_to=None, in_response_to=None)
    assert claimed_in_response_to(check_encoded(unsolicited.post())) is None


def test_encrypted_assertion_takes_the_place_of_a_plain_one() -> None:
    def encrypt(response: etree._Element) -> None:
        response.remove(response[-1])
        saml(response, "EncryptedAssertion")

    checked = check_encoded(HONEST.but(after_signing=encrypt).post())

    assert checked.assertion is None
    assert checked.encrypted_assertion is not None


def test_decrypted_document_takes_the_same_gate() -> None:
    assert name_id(check_decrypted(HONEST.document())) == ADA
    with pytest.raises(SamlRefusal) as bomb:
        check_decrypted(b"<!DOCTYPE x>" + HONEST.document())
    with pytest.raises(SamlRefusal) as many:
        check_decrypted(HONEST.but(sign_assertion=Seal(references=2)).document())

    assert (bomb.value.code, many.value.code) == (RefusalCode.DTD, RefusalCode.REFERENCE_COUNT)


def test_decrypted_document_holds_no_encrypted_assertion() -> None:
    def encrypt(response: etree._Element) -> None:
        response.remove(response[-1])
        saml(response, "EncryptedAssertion")

    with pytest.raises(SamlRefusal) as refused:
        check_decrypted(HONEST.but(after_signing=encrypt).document())

    assert refused.value.code == RefusalCode.ENCRYPTED
