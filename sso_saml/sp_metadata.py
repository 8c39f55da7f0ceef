"""Our own metadata, for a provider that takes it as a file or URL (S-1, S-7).

It carries no validUntil: what an administrator uploaded once must not expire by itself. It asks for signed assertions,
which every provider can do and some (Keycloak) only do when asked; a signed Response is accepted as well. Encryption
keys are not offered until assertions can be decrypted, because a provider that sees one starts encrypting.
Source: SAML Metadata §2.4.4.
"""

from __future__ import annotations

from lxml import etree

from sso_saml.messages import SamlConfig
from sso_saml.names import (
    BINDING_POST,
    NAME_ID_EMAIL,
    NAME_ID_PERSISTENT,
    NAME_ID_UNSPECIFIED,
    NS_METADATA,
    NS_PROTOCOL,
    md,
)


def sp_metadata(config: SamlConfig) -> bytes:
    """An EntityDescriptor of the service provider in UTF-8, media type ``application/samlmetadata+xml``."""
    entity = etree.Element(md("EntityDescriptor"), nsmap={"md": NS_METADATA})
    entity.set("entityID", config.sp_entity_id)
    role = etree.SubElement(entity, md("SPSSODescriptor"))
    role.set("protocolSupportEnumeration", NS_PROTOCOL)
    role.set("AuthnRequestsSigned", "false")
    role.set("WantAssertionsSigned", "true")
    for name_id_format in (NAME_ID_PERSISTENT, NAME_ID_EMAIL, NAME_ID_UNSPECIFIED):
        etree.SubElement(role, md("NameIDFormat")).text = name_id_format
    consumer = etree.SubElement(role, md("AssertionConsumerService"))
    consumer.set("Binding", BINDING_POST)
    consumer.set("Location", config.acs_url)
    consumer.set("index", "0")
    consumer.set("isDefault", "true")
    return etree.tostring(entity, xml_declaration=True, encoding="UTF-8", pretty_print=True)
