"""Honest ways to answer, each as some provider does it: all of them sign the right person in."""

from __future__ import annotations

from datetime import timedelta

from lxml import etree

from tests.sso_saml.corpus.case import ACCEPTING, BOTH_SIGNED, HONEST, RESPONSE_SIGNED, Ground, Variant
from tests.sso_saml.corpus.comments import VARIANTS as COMMENTED
from tests.sso_saml.corpus.comments import sealed_with_comments
from tests.sso_saml.corpus.edits import in_value
from tests.sso_saml.corpus.encoding import before_root, wrapped
from tests.sso_saml.corpus.structure import XML_ID
from tests.sso_saml.forge import (
    ADA,
    MORE,
    NOW,
    Key,
    Recipe,
    Seal,
    at,
    certificate,
    der_base64,
    ec_key,
    pem,
    rsa_key,
)

PSS = "http://www.w3.org/2007/05/xmldsig-more#"
XMLENC = "http://www.w3.org/2001/04/xmlenc#"
UNSPECIFIED = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
MODES = (("assertion", HONEST), ("response", RESPONSE_SIGNED), ("both", BOTH_SIGNED))
DIGESTS = (f"{XMLENC}sha256", f"{MORE}sha384", f"{XMLENC}sha512")
METHODS: tuple[tuple[Key, str], ...] = (
    *((rsa_key("idp"), f"{MORE}rsa-sha{bits}") for bits in (256, 384, 512)),
    *((ec_key("idp"), f"{MORE}ecdsa-sha{bits}") for bits in (256, 384, 512)),
    *((rsa_key("idp"), f"{PSS}sha{bits}-rsa-MGF1") for bits in (256, 384, 512)),
)


def trusting(*keys: Key) -> Ground:
    """A provider with these keys' certificates."""
    return Ground(certificates=tuple(pem(certificate(key)) for key in keys))


def by(key: Key, method: str = f"{MORE}rsa-sha256", digest: str = DIGESTS[0]) -> Recipe:
    """The honest response signed so."""
    return HONEST.but(sign_assertion=Seal(key=key, signature_method=method, digest_method=digest))


def pretty(response: etree._Element) -> None:
    etree.indent(response)


ALGORITHMS = tuple(
    Variant(
        f"{method.partition('#')[2]} of {digest.partition('#')[2]}",
        by(key, method, digest),
        ground=trusting(key),
    )
    for key, method in METHODS
    for digest in DIGESTS
)
OLD, NEW = rsa_key("old"), ec_key("new")
CERTIFICATES = (
    *(
        Variant(
            f"one of three certificates, {mode} signed", recipe, ground=trusting(OLD, rsa_key("idp"), NEW)
        )
        for mode, recipe in MODES
    ),
    Variant(
        "the last of three certificates",
        by(NEW, f"{MORE}ecdsa-sha256"),
        ground=trusting(OLD, rsa_key("idp"), NEW),
    ),
    Variant(
        "two signatures of two keys",
        BOTH_SIGNED.but(sign_assertion=Seal(key=OLD)),
        ground=trusting(rsa_key("idp"), OLD),
    ),
    Variant(
        "certificate that is over",
        HONEST,
        ground=Ground(certificates=(pem(certificate(rsa_key("idp"), NOW - timedelta(days=1))),)),
    ),
    *(
        Variant(f"KeyInfo shows {label}", HONEST.but(sign_assertion=Seal(shown_certificate=shown)))
        for label, shown in (
            ("the provider's certificate", der_base64(certificate(rsa_key("idp")))),
            ("a stranger's certificate", der_base64(certificate(rsa_key("mallory")))),
            ("nonsense", "bm9uc2Vuc2U="),
        )
    ),
)
FORMS = (
    *(
        Variant(f"prefixes kept ({prefixes}), {mode} signed", _with_prefixes)
        for prefixes in ("xs", "xs xsi", "unknown")
        for mode, recipe in MODES
        for _with_prefixes in [
            recipe.but(
                **{
                    name: Seal(prefixes=prefixes)
                    for name in ("sign_assertion", "sign_response")
                    if getattr(recipe, name)
                }
            )
        ]
    ),
    *(
        Variant(f"canonical form with comments, {mode} signed", sealed_with_comments(recipe))
        for mode, recipe in MODES
    ),
    Variant("base64 in lines", HONEST.but(on_post=wrapped)),
    Variant(
        "base64 in lines of 64 that end as in Unix", HONEST.but(on_post=lambda text: wrapped(text, 64, "\n"))
    ),
    Variant("XML declaration", before_root('<?xml version="1.0" encoding="UTF-8"?>\n')),
    Variant("byte order mark", before_root("\ufeff")),
    Variant(
        "xml:id that is no name, in a value", HONEST.but(before_signing=in_value("{urn:x}x", **{XML_ID: "#"}))
    ),
    Variant("indented and signed so", BOTH_SIGNED.but(before_signing=pretty)),
)
CONTENT = (
    *(Variant(f"{mode} signed", recipe) for mode, recipe in MODES),
    Variant(
        "Keycloak's one attribute per role",
        HONEST.but(attributes=(("Role", ("a",)), ("email", (ADA,)), ("Role", ("b", "c")), ("Role", ("a",)))),
    ),
    Variant("no attributes, the NameID is the address", HONEST.but(attributes=())),
    Variant("NameID of no format", HONEST.but(name_id_format=None)),
    Variant("NameID of unspecified format", HONEST.but(name_id_format=UNSPECIFIED)),
    Variant("persistent NameID", HONEST.but(name_id="8f2c-77", name_id_format=PERSISTENT)),
    Variant("address in capitals", HONEST.but(name_id=ADA.upper(), attributes=()), ADA.upper()),
    Variant(
        "no NameID but a subject attribute",
        HONEST.but(name_id=None),
        ground=Ground({"subject_attribute": "email"}),
    ),
    Variant(
        "nil and empty values",
        HONEST.but(attributes=(("email", (ADA,)), ("a", (None,)), ("b", ()), ("c", ("",)))),
    ),
    Variant("no session end", HONEST.but(session_until=None, session_index=None)),
    Variant(
        "only what must be there",
        HONEST.but(response_issuer=None, destination=None, valid_from=None, valid_until=None),
    ),
    Variant(
        "time with an offset and a fraction", HONEST.but(authenticated="2026-11-20T10:28:00.1234567+01:00")
    ),
    Variant(
        "valid until the end of time",
        HONEST.but(confirmed_until="9999-12-31T23:59:59.9999999Z", valid_until=at(600)),
    ),
    *(
        Variant(
            f"unasked, {mode} signed",
            recipe.but(response_in_response_to=None, in_response_to=None),
            ground=ACCEPTING,
        )
        for mode, recipe in MODES
    ),
    Variant("request named in the confirmation alone", HONEST.but(response_in_response_to=None)),
    Variant("request named in the signed Response alone", RESPONSE_SIGNED.but(in_response_to=None)),
)
VARIANTS = (*CONTENT, *ALGORITHMS, *CERTIFICATES, *FORMS, *COMMENTED)
