"""The metadata that a customer's administrator gives to their provider (S-1)."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from lxml import etree

from sso_saml.sp_metadata import sp_metadata
from tests.sso_saml.forge import SP, config

MD = "urn:oasis:names:tc:SAML:2.0:metadata"


def metadata_schema() -> etree.XMLSchema:
    spec = find_spec("onelogin.saml2")
    assert spec is not None
    assert spec.origin is not None
    return etree.XMLSchema(
        etree.parse(str(Path(spec.origin).parent / "schemas" / "saml-schema-metadata-2.0.xsd"))
    )


def test_metadata_follows_the_schema_and_names_our_addresses() -> None:
    ours = replace(config(), sp_entity_id="urn:broker:acme?a=1&b=2")
    metadata = sp_metadata(ours)
    entity = etree.fromstring(metadata)

    metadata_schema().assertValid(entity)
    assert metadata.startswith(b"<?xml version='1.0' encoding='UTF-8'?>")
    assert entity.get("entityID") == "urn:broker:acme?a=1&b=2"
    assert entity.get("validUntil") is None
    consumer = entity.find(f".//{{{MD}}}AssertionConsumerService")
    assert consumer is not None
    assert consumer.get("Location") == SP
    assert consumer.get("Binding") == "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"


def test_no_key_is_offered_for_encryption_while_nothing_can_be_decrypted() -> None:
    assert etree.fromstring(sp_metadata(config())).find(f".//{{{MD}}}KeyDescriptor") is None
