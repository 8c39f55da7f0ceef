"""No signature, a broken one, or one by a key that the administrator did not configure."""

from __future__ import annotations

from datetime import timedelta

from lxml import etree

from sso_saml.errors import RefusalCode as C
from tests.sso_saml.corpus.case import BOTH_SIGNED, HONEST, RESPONSE_SIGNED, Case, Ground
from tests.sso_saml.corpus.edits import find, rename_person, strip_signatures
from tests.sso_saml.corpus.signature_shape import seal
from tests.sso_saml.forge import (
    DS,
    MORE,
    NOW,
    Recipe,
    Seal,
    certificate,
    der_base64,
    ec_key,
    pem,
    rsa_key,
)

MALLORY = rsa_key("mallory")
HER_CERTIFICATE = der_base64(certificate(MALLORY))
TWO = Ground(certificates=(pem(certificate(rsa_key("idp"))), pem(certificate(rsa_key("next")))))
OVER = Ground(certificates=(pem(certificate(rsa_key("idp"), NOW - timedelta(days=1))),))


def touch_response(response: etree._Element) -> None:
    """A harmless change of the Response itself, outside the assertion."""
    response.set("Consent", "urn:oasis:names:tc:SAML:2.0:consent:obtained")


def touch_value(name: str) -> Recipe:
    """One character of a signature's text changed."""

    def edit(response: etree._Element) -> None:
        element = find(response, name, DS)
        text = element.text or ""
        element.text = ("B" if text.startswith("A") else "A") + text[1:]

    return HONEST.but(after_signing=edit)


def no_value(response: etree._Element) -> None:
    find(response, "SignatureValue", DS).text = ""


def signature_of_other_content(response: etree._Element) -> None:
    """A good signature of the provider's, taken from another answer of theirs."""
    other = HONEST.but(name_id="other@acme.example").tree()
    mine = response[-1].find(f"{{{DS}}}Signature")
    assert mine is not None
    response[-1].replace(mine, find(other, "Signature", DS))


CASES = (
    Case("unsigned", C.SIGNATURE_MISSING, HONEST.but(sign_assertion=None)),
    Case("stripped", C.SIGNATURE_MISSING, HONEST.but(after_signing=strip_signatures)),
    Case("both stripped", C.SIGNATURE_MISSING, BOTH_SIGNED.but(after_signing=strip_signatures), BOTH_SIGNED),
    Case(
        "Response stripped",
        C.SIGNATURE_MISSING,
        RESPONSE_SIGNED.but(after_signing=strip_signatures),
        RESPONSE_SIGNED,
    ),
    Case("signed name changed", C.SIGNATURE_INVALID, HONEST.but(after_signing=rename_person)),
    Case(
        "signed name changed, both signed",
        C.SIGNATURE_INVALID,
        BOTH_SIGNED.but(after_signing=rename_person),
        BOTH_SIGNED,
    ),
    Case(
        "signed Response changed",
        C.SIGNATURE_INVALID,
        RESPONSE_SIGNED.but(after_signing=touch_response),
        HONEST.but(after_signing=touch_response),
    ),
    Case(
        "one of two signatures broken",
        C.SIGNATURE_INVALID,
        BOTH_SIGNED.but(after_signing=touch_response),
        HONEST.but(after_signing=touch_response),
    ),
    Case("digest changed", C.SIGNATURE_INVALID, touch_value("DigestValue")),
    Case("signature value changed", C.SIGNATURE_INVALID, touch_value("SignatureValue")),
    Case("signature value empty", C.SIGNATURE_INVALID, HONEST.but(after_signing=no_value)),
    Case(
        "signature of another answer",
        C.SIGNATURE_INVALID,
        HONEST.but(after_signing=signature_of_other_content),
    ),
    Case("another key", C.SIGNATURE_INVALID, seal(key=MALLORY)),
    Case(
        "another key that KeyInfo vouches for",
        C.SIGNATURE_INVALID,
        seal(key=MALLORY, shown_certificate=HER_CERTIFICATE),
        seal(shown_certificate=HER_CERTIFICATE),
    ),
    Case(
        "another key under the provider's certificate",
        C.SIGNATURE_INVALID,
        seal(key=MALLORY, shown_certificate=der_base64(certificate(rsa_key("idp")))),
        seal(shown_certificate=der_base64(certificate(rsa_key("idp")))),
    ),
    Case("key of another customer's provider", C.SIGNATURE_INVALID, seal(key=rsa_key("globex"))),
    Case(
        "assertion signed by a stranger inside an honest Response",
        C.SIGNATURE_INVALID,
        BOTH_SIGNED.but(sign_assertion=Seal(key=MALLORY)),
        BOTH_SIGNED,
    ),
    Case(
        "honest assertion inside a Response signed by a stranger",
        C.SIGNATURE_INVALID,
        BOTH_SIGNED.but(sign_response=Seal(key=MALLORY)),
        BOTH_SIGNED,
    ),
    Case(
        "key of another kind",
        C.SIGNATURE_INVALID,
        seal(key=ec_key("x"), signature_method=f"{MORE}ecdsa-sha256"),
    ),
    Case(
        "key that was taken off the list",
        C.SIGNATURE_INVALID,
        seal(key=rsa_key("previous")),
        seal(key=rsa_key("next")),
        ground=TWO,
    ),
    Case("stranger while a certificate is over", C.SIGNATURE_INVALID, seal(key=MALLORY), ground=OVER),
    Case(
        "method of one kind, key of another",
        C.SIGNATURE_INVALID,
        seal(signature_method=f"{MORE}ecdsa-sha256"),
    ),
)
