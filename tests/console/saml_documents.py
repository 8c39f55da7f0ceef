"""What an admin has from an identity provider: certificates in every form, and metadata."""

from __future__ import annotations

import base64
import datetime as dt
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)


@cache
def certificate(name: str, days: int) -> x509.Certificate:
    """Return a self-signed certificate that ends in ``days`` days (before now when negative)."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - dt.timedelta(days=400))
        .not_valid_after(NOW + dt.timedelta(days=days, hours=12))
        .sign(key, hashes.SHA256())
    )


def der(name: str) -> bytes:
    """Return the certificate as a ``.cer`` in DER."""
    return certificate(name, 365).public_bytes(Encoding.DER)


def pem(name: str, *, days: int = 365) -> str:
    """Return the certificate as PEM."""
    return certificate(name, days).public_bytes(Encoding.PEM).decode()


def bare(name: str) -> str:
    """Return the certificate as base64 without its BEGIN and END lines."""
    return base64.b64encode(der(name)).decode()


def fingerprint(name: str, *, days: int = 365) -> str:
    """Return the SHA-256 of the certificate in DER."""
    return certificate(name, days).fingerprint(hashes.SHA256()).hex()


def entity(host: str, *, key: str) -> str:
    """Return the EntityDescriptor of the provider at ``host``."""
    return f"""<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://{host}/idp">
  <md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
    <md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data>
      <ds:X509Certificate>{bare(key)}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>
    <md:SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://{host}/out"/>
    <md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://{host}/sso"/>
  </md:IDPSSODescriptor>
</md:EntityDescriptor>"""


def aggregate(*hosts: str) -> str:
    """Return metadata that describes several providers."""
    inside = "".join(entity(host, key=host) for host in hosts)
    return f'<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata">{inside}</md:EntitiesDescriptor>'
