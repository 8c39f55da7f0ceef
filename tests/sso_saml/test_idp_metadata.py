"""Federation Metadata XML fills in the three values, with the right keys and without surprises (S-2)."""

from __future__ import annotations

import time

import pytest

from sso_saml.certificates import CertificateError, CertificateProblem
from sso_saml.idp_metadata import (
    MetadataError,
    MetadataProblem,
    looks_like_metadata,
    parse_idp_metadata,
)
from tests.sso_saml.forge import IDP, Key, certificate, der_base64, ec_key, pem, rsa_key

REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
SAML2 = "urn:oasis:names:tc:SAML:2.0:protocol"
SSO = "https://idp.acme.example/sso"


def key(owner: Key | str, use: str | None = "signing") -> str:
    text = owner if isinstance(owner, str) else der_base64(certificate(owner))
    wrapped = "\n      ".join(text[start : start + 64] for start in range(0, len(text), 64))
    attribute = f' use="{use}"' if use else ""
    return (
        f"<md:KeyDescriptor{attribute}><ds:KeyInfo><ds:X509Data><ds:X509Certificate>\n      {wrapped}\n"
        "</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
    )


def service(name: str, location: str, binding: str = REDIRECT) -> str:
    return f'<md:{name} Binding="{binding}" Location="{location}"/>'


SIGN_ON = service("SingleSignOnService", SSO)
KEY = key(rsa_key("idp"))


def role(*content: str, protocols: str = SAML2) -> str:
    inner = "".join(content or (KEY, SIGN_ON))
    return f'<md:IDPSSODescriptor protocolSupportEnumeration="{protocols}">{inner}</md:IDPSSODescriptor>'


def entity(*roles: str, entity_id: str = IDP) -> str:
    return f'<md:EntityDescriptor entityID="{entity_id}">{"".join(roles or (role(),))}</md:EntityDescriptor>'


def document(*entities: str) -> bytes:
    inner = "".join(entities or (entity(),))
    return (
        '<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata"'
        f' xmlns:ds="http://www.w3.org/2000/09/xmldsig#">{inner}</md:EntitiesDescriptor>'
    ).encode()


def problem(data: bytes, entity_id: str | None = None) -> MetadataError:
    with pytest.raises(MetadataError) as refused:
        parse_idp_metadata(data, entity_id)
    return refused.value


def test_metadata_fills_in_the_three_values() -> None:  # S-2
    described = parse_idp_metadata(document())

    assert (described.entity_id, described.sso_url, described.slo_url) == (IDP, SSO, None)
    assert [found.pem for found in described.certificates] == [pem(certificate(rsa_key("idp")))]


def test_root_may_be_the_entity_with_a_byte_order_mark() -> None:
    alone = entity().replace(
        "<md:EntityDescriptor",
        '<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata"'
        ' xmlns:ds="http://www.w3.org/2000/09/xmldsig#"',
        1,
    )
    data = b'\xef\xbb\xbf<?xml version="1.0" encoding="utf-8"?>\n' + alone.encode()

    assert looks_like_metadata(data)
    assert not looks_like_metadata(pem(certificate(rsa_key("idp"))).encode())
    assert parse_idp_metadata(data).entity_id == IDP


def test_adfs_puts_other_roles_with_other_keys_first() -> None:
    federation = f'<md:RoleDescriptor protocolSupportEnumeration="http://docs.oasis-open.org/wsfed">{key(ec_key("x"))}</md:RoleDescriptor>'
    own_side = (
        f'<md:SPSSODescriptor protocolSupportEnumeration="{SAML2}">{key(ec_key("y"))}</md:SPSSODescriptor>'
    )
    old = role(key(ec_key("z")), SIGN_ON, protocols="urn:oasis:names:tc:SAML:1.1:protocol")
    described = parse_idp_metadata(document(entity(federation, own_side, old, role())))

    assert [found.pem for found in described.certificates] == [pem(certificate(rsa_key("idp")))]


def test_keys_for_encryption_are_not_for_signatures() -> None:  # S-7
    both = role(key(rsa_key("old"), "encryption"), KEY, key(ec_key("idp"), None), KEY, SIGN_ON)
    described = parse_idp_metadata(document(entity(both)))

    assert [found.pem for found in described.certificates] == [
        pem(certificate(rsa_key("idp"))),
        pem(certificate(ec_key("idp"))),
    ]
    only = role(key(rsa_key("idp"), "encryption"), SIGN_ON)
    assert problem(document(entity(only))).code == MetadataProblem.NO_SIGNING_CERTIFICATE


def test_redirect_endpoints_are_taken() -> None:
    described = parse_idp_metadata(
        document(
            entity(
                role(
                    KEY,
                    service("SingleLogoutService", "https://idp.acme.example/slo-post", POST),
                    service("SingleLogoutService", "https://idp.acme.example/slo?a=1&amp;b=2"),
                    service("SingleSignOnService", "https://idp.acme.example/post", POST),
                    SIGN_ON,
                )
            )
        )
    )

    assert (described.sso_url, described.slo_url) == (SSO, "https://idp.acme.example/slo?a=1&b=2")
    posting = role(KEY, service("SingleSignOnService", SSO, POST))
    assert problem(document(entity(posting))).code == MetadataProblem.NO_SIGN_ON_URL


def test_aggregate_asks_which_provider() -> None:
    aggregate = document(
        entity(entity_id="urn:b"), entity(entity_id="urn:a"), entity("<x/>", entity_id="urn:sp")
    )
    asked = problem(aggregate)

    assert (asked.code, asked.entity_ids) == (MetadataProblem.SEVERAL_ENTITIES, ("urn:a", "urn:b"))
    assert parse_idp_metadata(aggregate, "urn:b").entity_id == "urn:b"
    for wrong in ("urn:c", "urn:sp", "urn:a' or '1'='1", ""):
        assert problem(aggregate, wrong).code == MetadataProblem.UNKNOWN_ENTITY


@pytest.mark.parametrize(
    "location",
    [
        "",
        "/sso",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "https://user@idp.acme.example/",
        "https://idp.acme.example/#x",
        "https://",
        "https://[broken/",
        "https://idp.acme.example/a b",
        f"https://idp.acme.example/{'x' * 2000}",
    ],
)
def test_sign_on_url_is_a_web_address(location: str) -> None:  # V-23
    sent = document(entity(role(KEY, service("SingleSignOnService", location))))

    assert problem(sent).code == MetadataProblem.BAD_URL


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>" + document(), MetadataProblem.UNSAFE_XML),
        (document() + b"<", MetadataProblem.UNSAFE_XML),
        (b"", MetadataProblem.UNSAFE_XML),
        (b"<a>" * 200 + b"</a>" * 200, MetadataProblem.UNSAFE_XML),
        (document() + b" " * 2 * 1024 * 1024, MetadataProblem.TOO_LARGE),
        (b"<html/>", MetadataProblem.NO_IDENTITY_PROVIDER),
        (document(entity("<x/>")), MetadataProblem.NO_IDENTITY_PROVIDER),
        (document(entity(entity_id="")), MetadataProblem.NO_IDENTITY_PROVIDER),
        (document(entity(entity_id="u" * 1025)), MetadataProblem.NO_IDENTITY_PROVIDER),
        (document(entity(), entity()), MetadataProblem.NO_IDENTITY_PROVIDER),
    ],
    ids=["dtd", "cut", "empty", "deep", "large", "page", "no role", "no name", "long name", "name twice"],
)
def test_unusable_document_is_refused_at_once(data: bytes, code: MetadataProblem) -> None:
    begun = time.monotonic()

    assert problem(data).code == code
    assert time.monotonic() - begun < 2


def test_broken_or_endless_certificates_are_refused() -> None:
    with pytest.raises(CertificateError) as broken:
        parse_idp_metadata(document(entity(role(key("QUJD"), SIGN_ON))))
    with pytest.raises(CertificateError) as many:
        parse_idp_metadata(document(entity(role(*(key(ec_key(str(n))) for n in range(11)), SIGN_ON))))

    assert broken.value.code == CertificateProblem.NOT_A_CERTIFICATE
    assert many.value.code == CertificateProblem.TOO_MANY
