"""Builds metadata documents as text: an entity of roles, a role of keys and endpoints."""

from __future__ import annotations

from functools import cache

from cryptography.hazmat.primitives.asymmetric import rsa

from tests.sso_saml.forge import IDP, Key, certificate, der_base64, rsa_key

REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
SAML2 = "urn:oasis:names:tc:SAML:2.0:protocol"
SSO = "https://idp.acme.example/sso"


@cache
def small_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - the weak one


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
