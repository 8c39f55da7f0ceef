"""Signatures of another shape than the one accepted: transforms, references, algorithms, places, what KeyInfo holds."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

from lxml import etree

from sso_saml.errors import RefusalCode as C
from tests.sso_saml.corpus.case import HONEST, Case
from tests.sso_saml.corpus.edits import ds, find, signature_of, value_of
from tests.sso_saml.forge import (
    DS,
    ENVELOPED,
    EXC_C14N,
    MORE,
    Recipe,
    Seal,
    TreeHook,
    certificate,
    pem,
    rsa_key,
)

XSLT = "http://www.w3.org/TR/1999/REC-xslt-19991116"
XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"
XPATH_FILTER = "http://www.w3.org/2002/06/xmldsig-filter2"
C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
BASE64 = f"{DS}base64"
XENC = "http://www.w3.org/2001/04/xmlenc#"
DSIG11 = "http://www.w3.org/2009/xmldsig11#"
KEY_NAME = f"{{{DS}}}KeyName"


def seal(**changes: object) -> Recipe:
    """The honest response with another seal on its assertion."""
    return HONEST.but(sign_assertion=replace(Seal(), **changes))  # type: ignore[arg-type]


def on_the_way(edit: TreeHook) -> Recipe:
    """The honest response, edited after it was signed."""
    return HONEST.but(after_signing=edit)


def move_signature(response: etree._Element) -> None:
    find(response, "Subject").append(signature_of(response[-1]))


def signature_in_status(response: etree._Element) -> None:
    response[1].append(signature_of(response[-1]))


def second_signature(response: etree._Element) -> None:
    response[-1].insert(1, deepcopy(signature_of(response[-1])))


def foreign_signature(response: etree._Element) -> None:
    value_of(response).append(deepcopy(signature_of(response[-1])))


def no_digest(signature: etree._Element) -> None:
    find(signature, "Reference", DS).remove(find(signature, "DigestValue", DS))


def no_signed_info(response: etree._Element) -> None:
    signature = signature_of(response[-1])
    signature.remove(signature[0])


def bomb(signature: etree._Element) -> None:
    """A stylesheet that would run for hours."""
    transform = find(signature, "Transforms", DS)[-1]
    sheet = etree.SubElement(transform, "{http://www.w3.org/1999/XSL/Transform}stylesheet", version="1.0")
    template = etree.SubElement(sheet, "{http://www.w3.org/1999/XSL/Transform}template", match="/")
    for _ in range(9):
        template = etree.SubElement(
            template, "{http://www.w3.org/1999/XSL/Transform}for-each", select="//. | //@* | //namespace::*"
        )


def xpath(signature: etree._Element) -> None:
    """A filter that leaves out of the digest what the stranger wants to change."""
    transform = find(signature, "Transforms", DS)[-1]
    ds(transform, "XPath").text = "not(ancestor-or-self::*[local-name()='Subject'])"


def in_key_info(name: str, **attributes: str) -> TreeHook:
    return lambda signature: etree.SubElement(ds(signature, "KeyInfo"), name, attributes)


def in_signature(name: str) -> TreeHook:
    return lambda signature: ds(signature, name)


def key_named(name: str, **attributes: str) -> Recipe:
    """A signature whose KeyInfo holds this element."""
    return seal(edit=in_key_info(name, **attributes))


def method_with_content(signature: etree._Element) -> None:
    ds(find(signature, "SignatureMethod", DS), "HMACOutputLength").text = "1"


def many_prefixes(count: int) -> Recipe:
    return seal(prefixes=" ".join(f"p{number}" for number in range(count)))


KEY_IS_NAMED = key_named(KEY_NAME)
PUBLIC_SECRET = pem(certificate(rsa_key("idp"))).encode()
CASES = (
    *(
        Case(label, C.ALGORITHM, seal(**changes))
        for label, changes in (
            ("secret that everyone knows", {"key": PUBLIC_SECRET, "signature_method": f"{MORE}hmac-sha256"}),
            ("secret by SHA-1", {"key": PUBLIC_SECRET, "signature_method": f"{DS}hmac-sha1"}),
            ("signature by SHA-1", {"signature_method": f"{DS}rsa-sha1"}),
            ("signature by MD5", {"signature_method": f"{MORE}rsa-md5"}),
            ("signature by SHA-224", {"signature_method": f"{MORE}rsa-sha224"}),
            ("signature by DSA", {"signature_method": f"{DS}dsa-sha1"}),
            ("signature by DSA with SHA-256", {"signature_method": f"{DSIG11}dsa-sha256"}),
            ("no algorithm", {"signature_method": ""}),
            ("algorithm in capitals", {"signature_method": f"{MORE}RSA-SHA256"}),
            ("digest by SHA-1", {"digest_method": f"{DS}sha1"}),
            ("digest by MD5", {"digest_method": f"{MORE}md5"}),
            ("SignedInfo in inclusive form", {"canonicalization": C14N}),
        )
    ),
    Case(
        "stylesheet bomb",
        C.TRANSFORM,
        seal(transforms=(ENVELOPED, EXC_C14N, XSLT), edit=bomb),
        seal(transforms=(ENVELOPED, EXC_C14N)),
    ),
    Case("stylesheet in place", C.TRANSFORM, seal(transforms=(ENVELOPED, XSLT), edit=bomb)),
    Case("stylesheet inside a good transform", C.TRANSFORM, seal(edit=bomb)),
    Case("XPath", C.TRANSFORM, seal(transforms=(ENVELOPED, XPATH), edit=xpath)),
    Case("XPath after the good ones", C.TRANSFORM, seal(transforms=(ENVELOPED, EXC_C14N, XPATH), edit=xpath)),
    Case("XPath filter", C.TRANSFORM, seal(transforms=(ENVELOPED, XPATH_FILTER), edit=xpath)),
    Case("XPath inside a good transform", C.TRANSFORM, seal(edit=xpath)),
    Case("base64 decoded before the digest", C.TRANSFORM, seal(transforms=(ENVELOPED, BASE64))),
    Case("inclusive form", C.TRANSFORM, seal(transforms=(ENVELOPED, C14N))),
    Case("third transform", C.TRANSFORM, seal(transforms=(ENVELOPED, EXC_C14N, EXC_C14N))),
    Case("a thousand transforms", C.TRANSFORM, seal(transforms=(ENVELOPED, *(EXC_C14N,) * 1000))),
    Case("one transform", C.TRANSFORM, seal(transforms=(ENVELOPED,))),
    Case("no transform", C.TRANSFORM, seal(transforms=())),
    Case("transforms in another order", C.TRANSFORM, seal(transforms=(EXC_C14N, ENVELOPED))),
    Case("enveloped twice", C.TRANSFORM, seal(transforms=(ENVELOPED, ENVELOPED))),
    Case("endless prefixes", C.TRANSFORM, many_prefixes(13), many_prefixes(12)),
    Case("prefix that is none", C.TRANSFORM, seal(prefixes="a:b"), seal(prefixes="a.b")),
    Case("prefixes kept in SignedInfo", C.SCHEMA, seal(info_prefixes="unknown"), seal(prefixes="unknown")),
    Case("two references", C.REFERENCE_COUNT, seal(references=2), seal(references=1)),
    Case("three hundred references", C.REFERENCE_COUNT, seal(references=300), seal(references=1)),
    Case("no reference", C.REFERENCE_COUNT, seal(references=0), seal(references=1)),
    *(
        Case(label, C.REFERENCE_URI, seal(reference_uri=uri))
        for label, uri in (
            ("reference to the document", ""),
            ("reference to the Response", "#_response1"),
            ("reference to nothing", "#_nowhere"),
            ("reference by xpointer", "#xpointer(id('_assertion1'))"),
            ("reference to the root by xpointer", "#xpointer(/)"),
            ("reference to a file", "file:///etc/passwd"),
            ("reference to the web", "http://127.0.0.1:1/"),
            ("reference with a space", "#_assertion1 "),
            ("reference without a hash", "_assertion1"),
            ("reference with an address before it", "http://localhost:8000/#_assertion1"),
        )
    ),
    Case("no digest", C.SIGNATURE_SHAPE, seal(edit=no_digest)),
    Case("no SignedInfo", C.SIGNATURE_SHAPE, on_the_way(no_signed_info)),
    Case("object in the signature", C.SIGNATURE_SHAPE, seal(edit=in_signature("Object")), KEY_IS_NAMED),
    Case("secret of one bit", C.SIGNATURE_SHAPE, seal(edit=method_with_content)),
    Case("second method", C.SIGNATURE_SHAPE, seal(edit=lambda s: s[0].insert(0, deepcopy(s[0][0])))),
    Case("methods in another order", C.SIGNATURE_SHAPE, seal(edit=lambda s: s[0].insert(0, s[0][1]))),
    Case("second SignedInfo", C.SIGNATURE_SHAPE, seal(edit=in_signature("SignedInfo"))),
    Case("second SignatureValue", C.SIGNATURE_SHAPE, seal(edit=in_signature("SignatureValue"))),
    Case(
        "key by reference",
        C.SIGNATURE_SHAPE,
        key_named(f"{{{DSIG11}}}KeyInfoReference", URI="#x"),
        KEY_IS_NAMED,
    ),
    Case("key from elsewhere", C.KEY_INFO, key_named(f"{{{DS}}}RetrievalMethod", URI="#x"), KEY_IS_NAMED),
    Case(
        "key from the web",
        C.KEY_INFO,
        key_named(f"{{{DS}}}RetrievalMethod", URI="http://127.0.0.1:1/"),
        KEY_IS_NAMED,
    ),
    Case("encrypted key", C.KEY_INFO, key_named(f"{{{XENC}}}EncryptedKey"), KEY_IS_NAMED),
    Case("key of PGP", C.KEY_INFO, key_named(f"{{{DS}}}PGPData"), KEY_IS_NAMED),
    Case("key that nobody knows", C.KEY_INFO, key_named("{urn:x}Key"), KEY_IS_NAMED),
    Case("signature of the subject", C.SIGNATURE_PLACE, on_the_way(move_signature)),
    Case("signature of the status", C.SIGNATURE_PLACE, on_the_way(signature_in_status)),
    Case("signature in a value", C.SIGNATURE_PLACE, on_the_way(foreign_signature)),
    Case("two signatures of one element", C.SIGNATURE_PLACE, on_the_way(second_signature)),
)
