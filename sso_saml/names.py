"""The names of SAML and XML signature that more than one module here needs: namespaces, elements, URIs.

Element names are in lxml's ``{namespace}local`` form. Sources: SAML 2.0 Core, Bindings, Profiles and Metadata; XML
Signature; XML Encryption.
"""

from __future__ import annotations

NS_ASSERTION = "urn:oasis:names:tc:SAML:2.0:assertion"
NS_PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol"
NS_METADATA = "urn:oasis:names:tc:SAML:2.0:metadata"
NS_SIGNATURE = "http://www.w3.org/2000/09/xmldsig#"
NS_ENCRYPTION = "http://www.w3.org/2001/04/xmlenc#"
NS_ENCRYPTION_11 = "http://www.w3.org/2009/xmlenc11#"
NS_SCHEMA = "http://www.w3.org/2001/XMLSchema"
NS_SCHEMA_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
NS_EXCLUSIVE_C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"

BINDING_POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
BINDING_REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
CONFIRMATION_BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
STATUS_SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
NAME_ID_EMAIL = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
NAME_ID_PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
NAME_ID_UNSPECIFIED = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"


def saml(local: str) -> str:
    """``saml:local`` of the assertion namespace."""
    return f"{{{NS_ASSERTION}}}{local}"


def samlp(local: str) -> str:
    """``samlp:local`` of the protocol namespace."""
    return f"{{{NS_PROTOCOL}}}{local}"


def md(local: str) -> str:
    """``md:local`` of the metadata namespace."""
    return f"{{{NS_METADATA}}}{local}"


def ds(local: str) -> str:
    """``ds:local`` of XML Signature."""
    return f"{{{NS_SIGNATURE}}}{local}"


def xenc(local: str) -> str:
    """``xenc:local`` of XML Encryption."""
    return f"{{{NS_ENCRYPTION}}}{local}"
