"""The gate refuses documents that no honest provider builds, before any signature is looked at (S-8)."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from lxml import etree

from sso_saml.errors import RefusalCode, SamlRefusal
from sso_saml.gate import CheckedResponse, check_decrypted, check_encoded, claimed_in_response_to
from tests.sso_saml.forge import ADA, DS, REQUEST_ID, SAML, SAMLP, Recipe, Seal, TreeHook, saml, samlp

HONEST = Recipe()
XML_ID = "{http://www.w3.org/XML/1998/namespace}id"
C = RefusalCode


@dataclass(frozen=True)
class Case:
    """One attack with the code that it must meet, and its twin that passes."""

    name: str
    code: RefusalCode
    attack: Recipe
    twin: Recipe


def name_id(checked: CheckedResponse) -> str | None:
    assert checked.assertion is not None
    return checked.assertion.findtext(f".//{{{SAML}}}NameID")


def but(edit: TreeHook) -> Recipe:
    """The honest response, edited after it was signed."""
    return HONEST.but(after_signing=edit)


def one_more(parent: str, child: str, **attributes: str) -> TreeHook:
    def edit(response: etree._Element) -> None:
        target = response if parent == "." else response.find(parent)
        assert target is not None
        etree.SubElement(target, child, attributes)

    return edit


def renamed(response: etree._Element) -> None:
    response.tag = f"{{{SAMLP}}}ArtifactResponse"


def drop_assertion(response: etree._Element) -> None:
    response.remove(response[-1])


def move_assertion(response: etree._Element) -> None:
    extensions = samlp(response, "Extensions")
    extensions.append(response[-2])


def duplicate(name: str) -> TreeHook:
    return lambda response: response[-1][2].set(name, response.get("ID") or "")


def unique(name: str) -> TreeHook:
    return lambda response: response[-1][2].set(name, "_other")


CASES = [
    Case("another message", C.ROOT, but(renamed), HONEST),
    Case("SAML 1.1", C.VERSION, HONEST.but(version="1.1"), HONEST),
    Case("assertion of another version", C.VERSION, but(lambda r: r[-1].set("Version", "1.1")), HONEST),
    Case("no Response ID", C.BAD_ID, HONEST.but(response_id=""), HONEST),
    Case("ID that is an xpointer", C.BAD_ID, HONEST.but(assertion_id="xpointer(/)"), HONEST),
    Case(
        "ID with a line break",
        C.BAD_ID,
        HONEST.but(assertion_id="_a\n"),
        HONEST.but(assertion_id="_a"),
    ),
    Case(
        "endless ID",
        C.BAD_ID,
        HONEST.but(assertion_id="_" * 257),
        HONEST.but(assertion_id="_" * 256),
    ),
    Case("ID twice", C.DUPLICATE_ID, but(duplicate("ID")), but(unique("ID"))),
    Case("Id equal to an ID", C.DUPLICATE_ID, but(duplicate("Id")), but(unique("Id"))),
    Case("id equal to an ID", C.DUPLICATE_ID, but(duplicate("id")), but(unique("id"))),
    Case("xml:id equal to an ID", C.DUPLICATE_ID, but(duplicate(XML_ID)), but(unique(XML_ID))),
    Case(
        "foreign ID equal to an ID",
        C.DUPLICATE_ID,
        but(duplicate("{urn:x}ID")),
        but(unique("{urn:x}ID")),
    ),
    Case("no assertion", C.ASSERTION_COUNT, but(drop_assertion), HONEST),
    Case(
        "two assertions",
        C.ASSERTION_COUNT,
        but(one_more(".", f"{{{SAML}}}Assertion", ID="_a2")),
        but(one_more(".", f"{{{SAML}}}AssertionIDRef")),
    ),
    Case(
        "plain and encrypted",
        C.ASSERTION_COUNT,
        but(one_more(".", f"{{{SAML}}}EncryptedAssertion")),
        HONEST,
    ),
    Case(
        "assertion in an attribute",
        C.ASSERTION_COUNT,
        but(one_more(f".//{{{SAML}}}AttributeValue", f"{{{SAML}}}Assertion", ID="_a2")),
        but(one_more(f".//{{{SAML}}}AttributeValue", f"{{{SAML}}}AssertionIDRef")),
    ),
    Case(
        "assertion in Extensions",
        C.ASSERTION_PLACE,
        but(move_assertion),
        but(lambda r: samlp(r, "Extensions")),
    ),
    Case(
        "Response in the assertion",
        C.ASSERTION_PLACE,
        but(one_more(f".//{{{SAML}}}AttributeValue", f"{{{SAMLP}}}Response")),
        but(one_more(f".//{{{SAML}}}AttributeValue", f"{{{SAMLP}}}Request")),
    ),
    Case(
        "manifest somewhere",
        C.SIGNATURE_SHAPE,
        but(one_more(f".//{{{SAML}}}AttributeValue", f"{{{DS}}}Manifest")),
        but(one_more(f".//{{{SAML}}}AttributeValue", "{urn:x}Manifest")),
    ),
    Case(
        "cipher text fetched from elsewhere",
        C.SIGNATURE_SHAPE,
        but(
            one_more(".//*", "{http://www.w3.org/2001/04/xmlenc#}CipherReference", URI="http://127.0.0.1:1/")
        ),
        but(one_more(".//*", "{http://www.w3.org/2001/04/xmlenc#}CipherData")),
    ),
    Case(
        "key fetched from elsewhere",
        C.KEY_INFO,
        but(one_more(".//*", f"{{{DS}}}RetrievalMethod", URI="http://127.0.0.1:1/")),
        but(one_more(".//*", f"{{{DS}}}RetrievalMethod", URI="#_key1")),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_attack_is_refused_and_its_twin_passes(case: Case) -> None:  # S-8
    with pytest.raises(SamlRefusal) as refused:
        check_encoded(case.attack.post())

    assert refused.value.code == case.code
    assert name_id(check_encoded(case.twin.post())) == ADA


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
