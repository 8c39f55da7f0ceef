"""Attacks on the signature: unsigned, stripped, wrapped, another key, weak or slow algorithms (S-8).

Each case names the one code that it must meet and has a twin, equal but for the defect, that is accepted as the person
whom the provider named.
"""

from __future__ import annotations

import time
from copy import deepcopy
from dataclasses import dataclass, replace

import pytest
from lxml import etree

from sso_saml.errors import RefusalCode, SamlRefusal
from sso_saml.toolkit import validate_response
from tests.sso_saml.forge import (
    ADA,
    DS,
    ENVELOPED,
    EXC_C14N,
    MORE,
    SAML,
    Recipe,
    Seal,
    TreeHook,
    certificate,
    config,
    der_base64,
    ec_key,
    expected,
    pem,
    rsa_key,
)
from tests.sso_saml.wrappings import (
    ds,
    encrypted_wrapping,
    find,
    hidden_as,
    same_id,
    signature_of,
    xsw1,
    xsw2,
    xsw3,
    xsw4,
    xsw5,
    xsw6,
    xsw7,
    xsw8,
)

HONEST = Recipe()
RESPONSE_SIGNED = HONEST.but(sign_assertion=None, sign_response=Seal())
BOTH_SIGNED = HONEST.but(sign_response=Seal())
MALLORY = rsa_key("mallory")
HER_CERTIFICATE = der_base64(certificate(MALLORY))
XSLT = "http://www.w3.org/TR/1999/REC-xslt-19991116"
XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"
C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
HMAC = f"{MORE}hmac-sha256"
C = RefusalCode


@dataclass(frozen=True)
class Case:
    name: str
    code: RefusalCode
    attack: Recipe
    twin: Recipe = HONEST


def seal(**changes: object) -> Recipe:
    """The honest response with another seal on its assertion."""
    return HONEST.but(sign_assertion=replace(Seal(), **changes))  # type: ignore[arg-type]


def strip(response: etree._Element) -> None:
    for signature in list(response.iter(f"{{{DS}}}Signature")):
        parent = signature.getparent()
        assert parent is not None
        parent.remove(signature)


def rename_person(response: etree._Element) -> None:
    find(response, "NameID").text = "mallory@acme.example"


def touch_status(response: etree._Element) -> None:
    response.set("Consent", "urn:oasis:names:tc:SAML:2.0:consent:obtained")


def move_signature(response: etree._Element) -> None:
    find(response, "Subject").append(signature_of(response[-1]))


def second_signature(response: etree._Element) -> None:
    response[-1].insert(1, deepcopy(signature_of(response[-1])))


def foreign_signature(response: etree._Element) -> None:
    find(response, "AttributeValue").append(deepcopy(signature_of(response[-1])))


def empty_value(signature: etree._Element) -> None:
    find(signature, "Reference", DS).remove(find(signature, "DigestValue", DS))


def no_signed_info(response: etree._Element) -> None:
    signature = signature_of(response[-1])
    signature.remove(signature[0])


def bomb(signature: etree._Element) -> None:
    transform = find(signature, "Transforms", DS)[-1]
    sheet = etree.SubElement(transform, "{http://www.w3.org/1999/XSL/Transform}stylesheet", version="1.0")
    template = etree.SubElement(sheet, "{http://www.w3.org/1999/XSL/Transform}template", match="/")
    for _ in range(9):
        template = etree.SubElement(
            template, "{http://www.w3.org/1999/XSL/Transform}for-each", select="//. | //@* | //namespace::*"
        )


def in_key_info(name: str, **attributes: str) -> TreeHook:
    return lambda signature: etree.SubElement(ds(signature, "KeyInfo"), name, attributes)


def in_signature(name: str) -> TreeHook:
    return lambda signature: ds(signature, name)


def many_prefixes(count: int) -> Recipe:
    return seal(prefixes=" ".join(f"p{number}" for number in range(count)))


CASES = [
    Case("unsigned", C.SIGNATURE_MISSING, HONEST.but(sign_assertion=None)),
    Case("stripped", C.SIGNATURE_MISSING, HONEST.but(after_signing=strip)),
    Case("both stripped", C.SIGNATURE_MISSING, BOTH_SIGNED.but(after_signing=strip), BOTH_SIGNED),
    Case("signed text changed", C.SIGNATURE_INVALID, HONEST.but(after_signing=rename_person)),
    Case(
        "signed Response changed",
        C.SIGNATURE_INVALID,
        RESPONSE_SIGNED.but(after_signing=touch_status),
        HONEST.but(after_signing=touch_status),
    ),
    Case(
        "one of two signatures broken",
        C.SIGNATURE_INVALID,
        BOTH_SIGNED.but(after_signing=touch_status),
        HONEST.but(after_signing=touch_status),
    ),
    Case("another key", C.SIGNATURE_INVALID, seal(key=MALLORY)),
    Case(
        "another key that KeyInfo vouches for",
        C.SIGNATURE_INVALID,
        seal(key=MALLORY, shown_certificate=HER_CERTIFICATE),
        seal(shown_certificate=HER_CERTIFICATE),
    ),
    Case(
        "assertion signed by a stranger inside an honest Response",
        C.SIGNATURE_INVALID,
        BOTH_SIGNED.but(sign_assertion=Seal(key=MALLORY)),
        BOTH_SIGNED,
    ),
    Case(
        "key of another kind",
        C.SIGNATURE_INVALID,
        seal(key=ec_key("x"), signature_method=f"{MORE}ecdsa-sha256"),
    ),
    Case(
        "secret that everyone knows",
        C.ALGORITHM,
        seal(key=pem(certificate(rsa_key("idp"))).encode(), signature_method=HMAC),
    ),
    Case("signature by SHA-1", C.ALGORITHM, seal(signature_method=f"{DS}rsa-sha1")),
    Case("digest by SHA-1", C.ALGORITHM, seal(digest_method=f"{DS}sha1")),
    Case("digest by MD5", C.ALGORITHM, seal(digest_method=f"{MORE}md5")),
    Case("signature by DSA", C.ALGORITHM, seal(signature_method=f"{DS}dsa-sha1")),
    Case("no algorithm", C.ALGORITHM, seal(signature_method="")),
    Case("SignedInfo in inclusive form", C.ALGORITHM, seal(canonicalization=C14N)),
    Case(
        "stylesheet bomb",
        C.TRANSFORM,
        seal(transforms=(ENVELOPED, EXC_C14N, XSLT), edit=bomb),
        seal(transforms=(ENVELOPED, EXC_C14N)),
    ),
    Case("stylesheet in place", C.TRANSFORM, seal(transforms=(ENVELOPED, XSLT), edit=bomb)),
    Case("stylesheet inside a good transform", C.TRANSFORM, seal(edit=bomb)),
    Case("XPath filter", C.TRANSFORM, seal(transforms=(ENVELOPED, XPATH))),
    Case("inclusive form", C.TRANSFORM, seal(transforms=(ENVELOPED, C14N))),
    Case("third transform", C.TRANSFORM, seal(transforms=(ENVELOPED, EXC_C14N, EXC_C14N))),
    Case("one transform", C.TRANSFORM, seal(transforms=(ENVELOPED,))),
    Case("no transform", C.TRANSFORM, seal(transforms=())),
    Case("transforms in another order", C.TRANSFORM, seal(transforms=(EXC_C14N, ENVELOPED))),
    Case("enveloped twice", C.TRANSFORM, seal(transforms=(ENVELOPED, ENVELOPED))),
    Case("endless prefixes", C.TRANSFORM, many_prefixes(13), many_prefixes(12)),
    Case("prefix that is none", C.TRANSFORM, seal(prefixes="a:b"), seal(prefixes="a.b")),
    Case("two references", C.REFERENCE_COUNT, seal(references=2), seal(references=1)),
    Case("a thousand references", C.REFERENCE_COUNT, seal(references=500), seal(references=1)),
    Case("no reference", C.REFERENCE_COUNT, seal(references=0), seal(references=1)),
    Case("reference to the document", C.REFERENCE_URI, seal(reference_uri="")),
    Case("reference to another element", C.REFERENCE_URI, seal(reference_uri="#_response1")),
    Case("reference by xpointer", C.REFERENCE_URI, seal(reference_uri="#xpointer(id('_assertion1'))")),
    Case("reference to a file", C.REFERENCE_URI, seal(reference_uri="file:///etc/passwd")),
    Case("reference to the web", C.REFERENCE_URI, seal(reference_uri="http://127.0.0.1:1/")),
    Case("reference with a space", C.REFERENCE_URI, seal(reference_uri="#_assertion1 ")),
    Case("no digest", C.SIGNATURE_SHAPE, seal(edit=empty_value)),
    Case("no SignedInfo", C.SIGNATURE_SHAPE, HONEST.but(after_signing=no_signed_info)),
    Case(
        "object in the signature",
        C.SIGNATURE_SHAPE,
        seal(edit=in_signature("Object")),
        seal(edit=in_key_info(f"{{{DS}}}KeyName")),
    ),
    Case("second method", C.SIGNATURE_SHAPE, seal(edit=lambda s: s[0].insert(0, deepcopy(s[0][0])))),
    Case("methods in another order", C.SIGNATURE_SHAPE, seal(edit=lambda s: s[0].insert(0, s[0][1]))),
    Case("second SignedInfo", C.SIGNATURE_SHAPE, seal(edit=in_signature("SignedInfo"))),
    Case(
        "key from elsewhere",
        C.KEY_INFO,
        seal(edit=in_key_info(f"{{{DS}}}RetrievalMethod", URI="#_response1")),
        seal(edit=in_key_info(f"{{{DS}}}KeyName")),
    ),
    Case(
        "encrypted key",
        C.KEY_INFO,
        seal(edit=in_key_info("{http://www.w3.org/2001/04/xmlenc#}EncryptedKey")),
        seal(edit=in_key_info(f"{{{DS}}}KeyName")),
    ),
    Case(
        "key by reference",
        C.SIGNATURE_SHAPE,
        seal(edit=in_key_info("{http://www.w3.org/2009/xmldsig11#}KeyInfoReference", URI="#_response1")),
        seal(edit=in_key_info(f"{{{DS}}}KeyName")),
    ),
    Case("signature of the subject", C.SIGNATURE_PLACE, HONEST.but(after_signing=move_signature)),
    Case("signature in a value", C.SIGNATURE_PLACE, HONEST.but(after_signing=foreign_signature)),
    Case("two signatures of one element", C.SIGNATURE_PLACE, HONEST.but(after_signing=second_signature)),
    Case("XSW1", C.ASSERTION_COUNT, RESPONSE_SIGNED.but(after_signing=xsw1), RESPONSE_SIGNED),
    Case("XSW2", C.ASSERTION_COUNT, RESPONSE_SIGNED.but(after_signing=xsw2), RESPONSE_SIGNED),
    Case(
        "XSW1 with one ID", C.DUPLICATE_ID, RESPONSE_SIGNED.but(after_signing=same_id(xsw1)), RESPONSE_SIGNED
    ),
    Case(
        "XSW2 with one ID", C.DUPLICATE_ID, RESPONSE_SIGNED.but(after_signing=same_id(xsw2)), RESPONSE_SIGNED
    ),
    *(
        Case(wrapping.__name__.upper(), C.ASSERTION_COUNT, HONEST.but(after_signing=wrapping))
        for wrapping in (xsw3, xsw4, xsw5, xsw6, xsw7, xsw8)
    ),
    *(
        Case(
            f"{wrapping.__name__.upper()} with one ID",
            C.DUPLICATE_ID,
            HONEST.but(after_signing=same_id(wrapping)),
        )
        for wrapping in (xsw3, xsw4, xsw5, xsw6, xsw7, xsw8)
    ),
    Case(
        "wrapping under another name",
        C.REFERENCE_URI,
        HONEST.but(after_signing=hidden_as(f"{{{SAML}}}Advice")),
    ),
    Case(
        "wrapping in another namespace",
        C.REFERENCE_URI,
        HONEST.but(after_signing=hidden_as("{urn:oasis:names:tc:SAML:1.0:assertion}Assertion")),
    ),
    Case("wrapping beside cipher text", C.ASSERTION_COUNT, HONEST.but(after_signing=encrypted_wrapping)),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_attack_is_refused_and_its_twin_signs_in(
    case: Case, capfd: pytest.CaptureFixture[str]
) -> None:  # S-8
    attack = case.attack.post()
    begun = time.monotonic()
    with pytest.raises(SamlRefusal) as refused:
        validate_response(config(), attack, expected())

    assert time.monotonic() - begun < 2
    assert refused.value.code == case.code
    assert "mallory@acme.example" not in str(refused.value)
    assert capfd.readouterr() == ("", "")  # libxmlsec likes to tell stderr what it saw
    assert validate_response(config(), case.twin.post(), expected()).name_id == ADA


def test_signed_bytes_that_cannot_be_told_are_not_read() -> None:
    """ "#default" keeps an unused default namespace: libxmlsec writes it, our own canonical form does not."""
    honest = seal(prefixes="#default").but(default_namespace="urn:x")
    kept = Seal(prefixes="#default", on_canonical=lambda text: text.replace(b" ", b' xmlns="urn:x" ', 1))

    with pytest.raises(SamlRefusal) as refused:
        validate_response(config(), honest.but(sign_assertion=kept).post(), expected())

    assert refused.value.code == RefusalCode.SIGNATURE_INVALID
    assert refused.value.detail == "the content is not what was signed"
    assert validate_response(config(), honest.but(default_namespace=None).post(), expected()).name_id == ADA


@pytest.mark.parametrize(
    "recipe", [HONEST, RESPONSE_SIGNED, BOTH_SIGNED], ids=["assertion", "response", "both"]
)
def test_provider_without_a_certificate_signs_nobody_in(recipe: Recipe) -> None:
    with pytest.raises(SamlRefusal) as refused:
        validate_response(replace(config(), certificates=()), recipe.post(), expected())

    assert refused.value.code == RefusalCode.SIGNATURE_INVALID
    assert validate_response(config(), recipe.post(), expected()).name_id == ADA


@pytest.mark.parametrize("own", ["", ' n0:a="" n2:a=""'], ids=["elements", "attributes"])
def test_heaviest_document_that_passes_the_gate_is_answered_in_time(own: str) -> None:  # S-8
    """Canonical form repeats long namespaces at every element, for each of ten certificates."""
    namespaces = " ".join(f'xmlns:n{number}="urn:{number:x>120}"' for number in range(16))
    inside = f"<r {namespaces}>{f'<n1:x{own}/>' * 3300}</r>".encode()
    heavy = HONEST.but(on_bytes=lambda document: document.replace(b">Staff<", b">" + inside + b"<"))
    many = config(*(ec_key(str(number)) for number in range(9)), rsa_key("idp"))
    attack = heavy.post()
    begun = time.monotonic()
    with pytest.raises(SamlRefusal) as refused:
        validate_response(many, attack, expected())

    assert time.monotonic() - begun < 2
    assert refused.value.code == RefusalCode.SIGNATURE_INVALID
    assert validate_response(many, HONEST.post(), expected()).name_id == ADA
