"""Federation Metadata XML fills in the three values, with the right keys and without surprises (S-2)."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from sso_saml.certificates import CertificateError, CertificateProblem
from sso_saml.idp_metadata import (
    IdpDescription,
    MetadataError,
    MetadataProblem,
    looks_like_metadata,
    parse_idp_metadata,
)
from sso_saml.models import Binding
from tests.sso_saml.forge import IDP, NOW, certificate, der_base64, ec_key, pem, rsa_key
from tests.sso_saml.metadata_documents import (
    KEY,
    POST,
    SAML2,
    SIGN_ON,
    SSO,
    document,
    entity,
    key,
    role,
    service,
    small_key,
)


def problem(data: bytes, entity_id: str | None = None) -> MetadataError:
    with pytest.raises(MetadataError) as refused:
        parse_idp_metadata(data, entity_id, now=NOW)
    return refused.value


def test_metadata_fills_in_the_three_values() -> None:  # S-2
    found = parse_idp_metadata(document())

    assert (found.entity_id, found.sso_url, found.slo_url) == (IDP, SSO, None)
    assert [one.pem for one in found.certificates] == [pem(certificate(rsa_key("idp")))]


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
    found = parse_idp_metadata(document(entity(federation, own_side, old, role())))

    assert [one.pem for one in found.certificates] == [pem(certificate(rsa_key("idp")))]


def test_keys_for_encryption_are_not_for_signatures() -> None:  # S-7
    both = role(key(rsa_key("old"), "encryption"), KEY, key(ec_key("idp"), None), KEY, SIGN_ON)
    found = parse_idp_metadata(document(entity(both)))

    assert [one.pem for one in found.certificates] == [
        pem(certificate(rsa_key("idp"))),
        pem(certificate(ec_key("idp"))),
    ]
    only = role(key(rsa_key("idp"), "encryption"), SIGN_ON)
    assert problem(document(entity(only))).code == MetadataProblem.NO_SIGNING_CERTIFICATE


def described(*content: str, **attributes: str) -> IdpDescription:
    text = role(*content)
    for name, value in attributes.items():
        text = text.replace("<md:IDPSSODescriptor", f'<md:IDPSSODescriptor {name}="{value}"', 1)
    return parse_idp_metadata(document(entity(text)), now=NOW)


def test_both_bindings_are_read_and_logout_prefers_redirect() -> None:  # S-7
    found = described(
        KEY,
        service("SingleLogoutService", "https://idp.acme.example/slo-post", POST),
        service("SingleLogoutService", "https://idp.acme.example/slo?a=1&amp;b=2").replace(
            "/>", ' ResponseLocation="https://idp.acme.example/slo-answer"/>'
        ),
        service("SingleSignOnService", "https://idp.acme.example/post", POST),
        SIGN_ON,
    )

    assert (found.sso_url, found.sso_post_url) == (SSO, "https://idp.acme.example/post")
    assert (found.slo_url, found.slo_binding) == ("https://idp.acme.example/slo?a=1&b=2", "redirect")
    assert found.slo_response_url == "https://idp.acme.example/slo-answer"


def test_provider_that_takes_only_post_is_described_as_such() -> None:
    found = described(
        KEY,
        service("SingleSignOnService", SSO, POST),
        service("SingleLogoutService", "https://idp.acme.example/slo", POST),
    )

    assert (found.sso_url, found.sso_post_url, found.bindings) == (SSO, SSO, frozenset({Binding.POST}))
    assert (found.slo_url, found.slo_binding) == ("https://idp.acme.example/slo", "post")
    artifact = service("SingleSignOnService", SSO, "urn:oasis:names:tc:SAML:2.0:bindings:SOAP")
    assert problem(document(entity(role(KEY, artifact)))).code == MetadataProblem.NO_SIGN_ON_URL


def test_provider_says_that_it_wants_requests_signed() -> None:  # S-7
    assert described(KEY, SIGN_ON, WantAuthnRequestsSigned="true").wants_signed_requests
    assert described(KEY, SIGN_ON, WantAuthnRequestsSigned="1").wants_signed_requests
    assert not described(KEY, SIGN_ON, WantAuthnRequestsSigned="false").wants_signed_requests
    assert not described(KEY, SIGN_ON).wants_signed_requests


@pytest.mark.parametrize("where", ["EntitiesDescriptor", "EntityDescriptor", "IDPSSODescriptor"])
def test_metadata_past_its_validity_is_refused_wherever_that_stands(where: str) -> None:
    def until(moment: str) -> bytes:
        return document().replace(f"<md:{where}".encode(), f'<md:{where} validUntil="{moment}"'.encode(), 1)

    assert problem(until("2026-11-20T09:27:59Z")).code == MetadataProblem.EXPIRED
    assert problem(until("tomorrow")).code == MetadataProblem.BAD_TIME
    twin = parse_idp_metadata(until("2026-11-21T00:00:00Z"), now=NOW)
    assert twin.valid_until == datetime(2026, 11, 21, tzinfo=UTC)


def test_earliest_validity_and_cache_duration_count() -> None:
    sent = document().replace(
        b"<md:EntitiesDescriptor",
        b'<md:EntitiesDescriptor validUntil="2026-12-01T00:00:00Z" cacheDuration="P1D"',
    )
    sent = sent.replace(
        b"<md:EntityDescriptor",
        b'<md:EntityDescriptor validUntil="2026-11-25T00:00:00Z" cacheDuration="PT6H"',
    )
    found = parse_idp_metadata(sent, now=NOW)

    assert found.valid_until == datetime(2026, 11, 25, tzinfo=UTC)
    assert found.cache_duration == timedelta(hours=6)


def test_first_valid_role_of_several_is_taken_and_not_mixed_with_the_others() -> None:
    over = role(key(ec_key("over")), SIGN_ON).replace(
        "<md:IDPSSODescriptor", '<md:IDPSSODescriptor validUntil="2020-01-01T00:00:00Z"'
    )
    no_way_in = role(key(ec_key("lost")))
    second = role(key(ec_key("second")), service("SingleSignOnService", "https://second.example/"))
    found = parse_idp_metadata(document(entity(over, no_way_in, role(), second)), now=NOW)

    assert found.sso_url == SSO
    assert [one.pem for one in found.certificates] == [pem(certificate(rsa_key("idp")))]
    assert problem(document(entity(over))).code == MetadataProblem.EXPIRED


def test_entity_hidden_in_an_extension_is_none() -> None:
    hidden = f"<md:Extensions>{entity(entity_id='urn:hidden')}</md:Extensions>"
    found = parse_idp_metadata(document(hidden, entity()))

    assert found.entity_id == IDP
    assert problem(document(hidden, entity()), "urn:hidden").code == MetadataProblem.UNKNOWN_ENTITY


def test_weak_certificate_is_left_out_beside_a_good_one_and_refused_alone() -> None:
    weak = der_base64(certificate(small_key()))
    found = described(key(weak), KEY, SIGN_ON)

    assert [one.pem for one in found.certificates] == [pem(certificate(rsa_key("idp")))]
    assert found.skipped_certificates == (CertificateProblem.WEAK_KEY,)
    with pytest.raises(CertificateError) as refused:
        described(key(weak), SIGN_ON)
    assert refused.value.code == CertificateProblem.WEAK_KEY


def test_aggregate_in_an_aggregate_is_searched_and_the_provider_in_use_is_preferred() -> None:
    inner = f"<md:EntitiesDescriptor>{entity(entity_id='urn:a')}{entity(entity_id='urn:b')}</md:EntitiesDescriptor>"
    nested = document(inner, entity(entity_id="urn:c"))

    assert problem(nested).entity_ids == ("urn:a", "urn:b", "urn:c")
    assert parse_idp_metadata(nested, preferred="urn:b").entity_id == "urn:b"
    assert parse_idp_metadata(nested, "urn:c", preferred="urn:b").entity_id == "urn:c"
    with pytest.raises(MetadataError) as asked:
        parse_idp_metadata(nested, preferred="urn:x")
    assert asked.value.code == MetadataProblem.SEVERAL_ENTITIES


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
