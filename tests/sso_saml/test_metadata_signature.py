"""Metadata whose signature is asked for counts only as far as it was signed with the key that an admin gave (S-2)."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace

import pytest
from lxml import etree

from sso_saml.idp_metadata import IdpDescription, MetadataError, MetadataProblem, parse_idp_metadata
from tests.sso_saml.forge import (
    DS,
    ENVELOPED,
    EXC_C14N,
    IDP,
    NOW,
    Seal,
    certificate,
    der_base64,
    pem,
    rsa_key,
    sign,
)
from tests.sso_saml.metadata_documents import SIGN_ON, document, entity, key, role

MD = "urn:oasis:names:tc:SAML:2.0:metadata"
FEDERATION = rsa_key("federation")
CERTIFICATE = pem(certificate(FEDERATION))
SEAL = Seal(key=FEDERATION)


def tree(*entities: str) -> etree._Element:
    root = etree.fromstring(document(*entities))
    root.set("ID", "_federation")
    return root


def signed(seal: Seal = SEAL, *entities: str) -> etree._Element:
    root = tree(*entities)
    sign(root, seal)
    return root


def read(root: etree._Element, certificate_pem: str = CERTIFICATE) -> IdpDescription:
    return parse_idp_metadata(etree.tostring(root), certificate_pem=certificate_pem, now=NOW)


def refused(root: etree._Element, certificate_pem: str = CERTIFICATE) -> MetadataError:
    with pytest.raises(MetadataError) as error:
        read(root, certificate_pem)
    return error.value


def test_signed_aggregate_and_signed_entity_are_read() -> None:
    assert read(signed()).entity_id == IDP

    alone = etree.fromstring(document())[0]
    alone.set("ID", "_idp")
    sign(alone, SEAL)
    assert read(alone).entity_id == IDP


def test_signature_of_a_large_aggregate_is_checked_within_its_limits() -> None:
    many = [entity(entity_id=f"urn:{number}") for number in range(400)]
    root = signed(SEAL, *many)

    found = parse_idp_metadata(etree.tostring(root), "urn:7", certificate_pem=CERTIFICATE, now=NOW)
    assert found.entity_id == "urn:7"


def test_unsigned_metadata_is_refused_when_a_signature_is_asked_for() -> None:
    assert refused(tree()).code == MetadataProblem.NOT_SIGNED
    assert read(tree(), "").entity_id == IDP  # the twin: nobody asked


def test_metadata_signed_by_an_unrelated_key_is_refused_whatever_key_info_shows() -> None:
    mallory = rsa_key("mallory")
    for shown in (None, der_base64(certificate(mallory)), der_base64(certificate(FEDERATION))):
        error = refused(signed(Seal(key=mallory, shown_certificate=shown)))
        assert (error.code, error.detail) == (MetadataProblem.BAD_SIGNATURE, "saml.signature_invalid")
    assert read(signed(), CERTIFICATE).entity_id == IDP


def test_key_that_was_swapped_after_signing_is_refused() -> None:
    root = signed()
    for element in root.iter(f"{{{DS}}}X509Certificate"):
        if element.getparent().getparent().getparent().tag == f"{{{MD}}}KeyDescriptor":  # type: ignore[union-attr]
            element.text = etree.fromstring(
                document(entity(role(key(rsa_key("mallory")), SIGN_ON)))
            ).findtext(f".//{{{DS}}}X509Certificate")
    assert refused(root).code == MetadataProblem.BAD_SIGNATURE


def wrapped_in_extensions(root: etree._Element) -> etree._Element:
    """The signed aggregate moves into an unsigned one that reuses its signature."""
    evil = tree(entity(role(key(rsa_key("mallory")), SIGN_ON)))
    evil.set("ID", "_evil")
    signature = deepcopy(root.find(f"{{{DS}}}Signature"))
    assert signature is not None
    evil.insert(0, signature)
    extensions = etree.SubElement(evil, f"{{{MD}}}Extensions")
    extensions.append(root)
    return evil


def same_id_twice(root: etree._Element) -> etree._Element:
    evil = wrapped_in_extensions(root)
    evil.set("ID", "_federation")
    return evil


def signed_entity_in_an_unsigned_group(root: etree._Element) -> etree._Element:
    inner = root[-1]
    root.remove(root[0])
    inner.set("ID", "_inner")
    sign(inner, SEAL)
    return root


def two_signatures(root: etree._Element) -> etree._Element:
    root.insert(0, deepcopy(root[0]))
    return root


def no_id(root: etree._Element) -> etree._Element:
    del root.attrib["ID"]
    return root


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (wrapped_in_extensions, MetadataProblem.BAD_SIGNATURE),
        (same_id_twice, MetadataProblem.BAD_SIGNATURE),
        (signed_entity_in_an_unsigned_group, MetadataProblem.NOT_SIGNED),
        (two_signatures, MetadataProblem.BAD_SIGNATURE),
        (no_id, MetadataProblem.BAD_SIGNATURE),
    ],
)
def test_signature_of_something_else_than_the_root_counts_for_nothing(
    change: Callable[[etree._Element], etree._Element], code: MetadataProblem
) -> None:
    assert refused(change(signed())).code == code
    assert read(signed()).entity_id == IDP


@pytest.mark.parametrize(
    ("seal", "detail"),
    [
        (
            replace(SEAL, transforms=(ENVELOPED, "http://www.w3.org/TR/1999/REC-xslt-19991116")),
            "saml.transform",
        ),
        (replace(SEAL, transforms=(EXC_C14N,)), "saml.transform"),
        (replace(SEAL, references=2), "saml.reference_count"),
        (replace(SEAL, reference_uri=""), "saml.reference_uri"),
        (replace(SEAL, reference_uri="https://evil.example/"), "saml.reference_uri"),
        (replace(SEAL, signature_method=f"{DS}rsa-sha1"), "saml.algorithm"),
        (replace(SEAL, digest_method=f"{DS}sha1"), "saml.algorithm"),
        (replace(SEAL, key=b"secret", signature_method=f"{DS}hmac-sha1"), "saml.algorithm"),
    ],
)
def test_metadata_signature_has_the_same_strict_shape_as_a_response(seal: Seal, detail: str) -> None:  # S-8
    error = refused(signed(seal))
    assert (error.code, error.detail) == (MetadataProblem.BAD_SIGNATURE, detail)
    assert read(signed()).entity_id == IDP
