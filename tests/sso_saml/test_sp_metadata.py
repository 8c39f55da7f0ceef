"""The metadata that a customer's administrator gives to their provider (S-1, S-7)."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
from lxml import etree

from sso_saml.sp_metadata import ServiceProviderDescription, sp_metadata
from tests.sso_saml.encryption import OAEP, XENC11
from tests.sso_saml.forge import DS, SP, der_base64, pem, sp_certificate

MD = "urn:oasis:names:tc:SAML:2.0:metadata"
POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"


def metadata_schema() -> etree.XMLSchema:
    spec = find_spec("onelogin.saml2")
    assert spec is not None
    assert spec.origin is not None
    return etree.XMLSchema(
        etree.parse(str(Path(spec.origin).parent / "schemas" / "saml-schema-metadata-2.0.xsd"))
    )


def described(**changes: object) -> ServiceProviderDescription:
    values: dict[str, object] = {
        "entity_id": SP,
        "acs_url": SP,
        "logout_url": f"{SP}logout",
        "certificates": [pem(sp_certificate()), pem(sp_certificate("next"))],
        "signs_requests": False,
        **changes,
    }
    return ServiceProviderDescription(**values)  # type: ignore[arg-type]


def test_metadata_follows_the_schema_and_names_our_addresses() -> None:
    metadata = sp_metadata(described(entity_id="urn:broker:acme?a=1&b=2"))
    entity = etree.fromstring(metadata)

    metadata_schema().assertValid(entity)
    assert metadata.startswith(b"<?xml version='1.0' encoding='UTF-8'?>")
    assert entity.get("entityID") == "urn:broker:acme?a=1&b=2"
    assert entity.get("validUntil") is None
    consumer = entity.find(f".//{{{MD}}}AssertionConsumerService")
    assert consumer is not None
    assert consumer.get("Location") == SP
    assert consumer.get("Binding") == POST
    logouts = {
        element.get("Binding"): element.get("Location")
        for element in entity.iter(f"{{{MD}}}SingleLogoutService")
    }
    assert logouts == {REDIRECT: f"{SP}logout", POST: f"{SP}logout"}  # L-12


@pytest.mark.parametrize(("signs", "said"), [(True, "true"), (False, "false")])
def test_metadata_says_whether_requests_are_signed(signs: bool, said: str) -> None:  # S-7
    role = etree.fromstring(sp_metadata(described(signs_requests=signs)))[0]
    assert role.get("AuthnRequestsSigned") == said
    assert role.get("WantAssertionsSigned") == "true"


def test_every_key_is_there_for_both_uses_and_the_algorithms_are_named() -> None:  # S-7
    entity = etree.fromstring(sp_metadata(described()))
    keys = [
        (element.get("use"), element.findtext(f".//{{{DS}}}X509Certificate"))
        for element in entity.iter(f"{{{MD}}}KeyDescriptor")
    ]
    ours, following = (der_base64(sp_certificate(name)) for name in ("sp", "next"))
    assert keys == [
        ("signing", ours),
        ("signing", following),
        ("encryption", ours),
        ("encryption", following),
    ]
    named = [element.get("Algorithm") or "" for element in entity.iter(f"{{{MD}}}EncryptionMethod")]
    assert f"{XENC11}aes256-gcm" in named
    assert OAEP in named
    assert not [name for name in named if "rsa-1_5" in name or "tripledes" in name]
