"""Our signatures, on what we send to a provider: a query string of the redirect binding, or an XML element (S-7, L-12).

RSA with SHA-256 and nothing else. Made with ``cryptography`` over lxml's canonical form: there is nothing here that
reads what others sent.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import urlencode

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from lxml import etree

from sso_saml.names import NS_EXCLUSIVE_C14N, NS_SIGNATURE, ds, saml
from sso_saml.signature_shape import ENVELOPED

RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
_SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
# What the signature of the redirect binding covers, in this order (Bindings §3.4.4.1).
_SIGNED_PARAMETERS = (("SAMLRequest", "RelayState"), ("SAMLResponse", "RelayState"))


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An RSA key of ours with its certificate, both PEM."""

    private_key_pem: str = field(repr=False)
    certificate_pem: str


def sign_query(parameters: Sequence[tuple[str, str]], key: SigningKey) -> str:
    """The query string of ``parameters``, then ``SigAlg`` and ``Signature`` (Bindings §3.4.4.1).

    ``parameters`` are ``SAMLRequest`` or ``SAMLResponse`` and perhaps ``RelayState``, in that order. Anything else a
    provider understands (``login_hint``) isn't covered by the signature: append it to what this returns.
    """
    names = tuple(name for name, _ in parameters)
    if not names or names not in {signed[: len(names)] for signed in _SIGNED_PARAMETERS}:
        raise ValueError("only a SAML message and its RelayState are signed, in that order")
    query = urlencode([*parameters, ("SigAlg", RSA_SHA256)])
    return f"{query}&{urlencode({'Signature': _signature(query.encode('ascii'), key)})}"


def sign_enveloped(element: etree._Element, key: SigningKey) -> None:
    """Sign ``element`` (a root with an ``ID``) in place: ``ds:Signature`` follows its Issuer, as SAML's schema wants.

    Our certificate is in KeyInfo, for providers that choose the key by it during a rollover.
    """
    identifier = element.get("ID")
    if not identifier or element.getparent() is not None:
        raise ValueError("only a root element with an ID is signed")
    digest = hashlib.sha256(_canonical(element)).digest()
    signature = etree.Element(ds("Signature"), nsmap={"ds": NS_SIGNATURE})
    signed_info = etree.SubElement(signature, ds("SignedInfo"))
    etree.SubElement(signed_info, ds("CanonicalizationMethod")).set("Algorithm", NS_EXCLUSIVE_C14N)
    etree.SubElement(signed_info, ds("SignatureMethod")).set("Algorithm", RSA_SHA256)
    reference = etree.SubElement(signed_info, ds("Reference"))
    reference.set("URI", f"#{identifier}")
    transforms = etree.SubElement(reference, ds("Transforms"))
    for algorithm in (ENVELOPED, NS_EXCLUSIVE_C14N):
        etree.SubElement(transforms, ds("Transform")).set("Algorithm", algorithm)
    etree.SubElement(reference, ds("DigestMethod")).set("Algorithm", _SHA256)
    etree.SubElement(reference, ds("DigestValue")).text = base64.b64encode(digest).decode("ascii")
    etree.SubElement(signature, ds("SignatureValue")).text = _signature(_canonical(signed_info), key)
    data = etree.SubElement(etree.SubElement(signature, ds("KeyInfo")), ds("X509Data"))
    etree.SubElement(data, ds("X509Certificate")).text = certificate_base64(key.certificate_pem)
    issuer = element.find(saml("Issuer"))
    element.insert(0 if issuer is None else element.index(issuer) + 1, signature)


def certificate_base64(pem: str) -> str:
    """A certificate as ``ds:X509Certificate`` has it: the PEM text without its first and last line."""
    return "".join(line for line in pem.splitlines() if "-----" not in line)


def _canonical(element: etree._Element) -> bytes:
    return etree.tostring(element, method="c14n", exclusive=True, with_comments=False)


def _signature(data: bytes, key: SigningKey) -> str:
    signed = _private_key(key.private_key_pem).sign(data, padding.PKCS1v15(), hashes.SHA256())
    return base64.b64encode(signed).decode("ascii")


@lru_cache(maxsize=64)
def _private_key(pem: str) -> rsa.RSAPrivateKey:
    # We made the key and kept it encrypted; checking its primes again would take ten times as long as signing with it.
    key = load_pem_private_key(pem.encode("ascii"), password=None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError("service provider keys are RSA keys")
    return key
