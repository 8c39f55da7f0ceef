"""Our own metadata, for a provider that takes it as a file or URL (S-1, S-7).

It carries no validUntil: what an administrator uploaded once must not expire by itself. It asks for signed assertions,
which every provider can do and some (Keycloak) only do when asked; a signed Response is accepted as well.

Each key is there for both uses, the next one beside the current one so that a provider knows it before it signs. Keys
for encryption are offered always: a provider that sees one starts encrypting, which works without any switch here, and
the administrators who want encryption are those who would have to find such a switch. Who doesn't import our metadata
but types the Redirect URL, as most do, gets plain assertions as before. The algorithms are listed in the order of our
preference; RSA 1.5 never is, allowed or not. Source: SAML Metadata §2.4.4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lxml import etree

from sso_saml.decryption import CONTENT_ALGORITHMS, OAEP, OAEP_11
from sso_saml.names import (
    BINDING_POST,
    BINDING_REDIRECT,
    NAME_ID_EMAIL,
    NAME_ID_PERSISTENT,
    NAME_ID_UNSPECIFIED,
    NS_METADATA,
    NS_PROTOCOL,
    NS_SIGNATURE,
    ds,
    md,
)
from sso_saml.signing import certificate_base64


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceProviderDescription:
    """What a provider may know of us. ``certificates`` are PEM, the current key's first."""

    entity_id: str
    acs_url: str
    logout_url: str
    certificates: Sequence[str]
    signs_requests: bool


def sp_metadata(described: ServiceProviderDescription) -> bytes:
    """An EntityDescriptor of the service provider in UTF-8, media type ``application/samlmetadata+xml``."""
    entity = etree.Element(md("EntityDescriptor"), nsmap={"md": NS_METADATA, "ds": NS_SIGNATURE})
    entity.set("entityID", described.entity_id)
    role = etree.SubElement(entity, md("SPSSODescriptor"))
    role.set("protocolSupportEnumeration", NS_PROTOCOL)
    role.set("AuthnRequestsSigned", "true" if described.signs_requests else "false")
    role.set("WantAssertionsSigned", "true")
    for use in ("signing", "encryption"):
        for certificate in described.certificates:
            _key_descriptor(role, use, certificate)
    for binding in (BINDING_REDIRECT, BINDING_POST):
        logout = etree.SubElement(role, md("SingleLogoutService"))
        logout.set("Binding", binding)
        logout.set("Location", described.logout_url)
    for name_id_format in (NAME_ID_PERSISTENT, NAME_ID_EMAIL, NAME_ID_UNSPECIFIED):
        etree.SubElement(role, md("NameIDFormat")).text = name_id_format
    consumer = etree.SubElement(role, md("AssertionConsumerService"))
    consumer.set("Binding", BINDING_POST)
    consumer.set("Location", described.acs_url)
    consumer.set("index", "0")
    consumer.set("isDefault", "true")
    return etree.tostring(entity, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _key_descriptor(role: etree._Element, use: str, certificate: str) -> None:
    descriptor = etree.SubElement(role, md("KeyDescriptor"))
    descriptor.set("use", use)
    data = etree.SubElement(etree.SubElement(descriptor, ds("KeyInfo")), ds("X509Data"))
    etree.SubElement(data, ds("X509Certificate")).text = certificate_base64(certificate)
    if use == "encryption":
        for algorithm in (*CONTENT_ALGORITHMS, OAEP_11, OAEP):
            etree.SubElement(descriptor, md("EncryptionMethod")).set("Algorithm", algorithm)
