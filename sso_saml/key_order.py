"""Which of several certificates made a signature, so that libxmlsec need not canonicalise the content once for each.

During a provider's rollover two or three certificates are configured, and libxmlsec does all of its work for every one
that doesn't fit: a stranger's signature with the right digest costs as much as there are certificates. Here the
canonical SignedInfo is made once and each public key tried on it, which is cheap. Only what fits goes on to libxmlsec,
which verifies it all again: both have to agree. KeyInfo isn't asked: anybody can write it.
"""

from __future__ import annotations

import base64
import binascii
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from lxml import etree

from sso_saml.names import ds

_HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}


def fitting(certificates: tuple[str, ...], signature: etree._Element) -> tuple[str, ...]:
    """Those of ``certificates`` (PEM) whose key made ``signature``, which has the shape that the gate wants."""
    signed_info = signature.find(ds("SignedInfo"))
    method = signature.find(f"{ds('SignedInfo')}/{ds('SignatureMethod')}")
    try:
        value = base64.b64decode(
            "".join((signature.findtext(ds("SignatureValue")) or "").split()), validate=True
        )
    except (binascii.Error, ValueError):
        return ()
    if signed_info is None or method is None:
        return ()
    # Without the PrefixList that could stand here: SAML's schema has no place for one in SignedInfo, so it ends there.
    try:
        signed = etree.tostring(signed_info, method="c14n", exclusive=True, with_comments=False)
    except etree.C14NError:
        return ()
    algorithm = (method.get("Algorithm") or "").partition("#")[2]
    return tuple(pem for pem in certificates if _fits(pem, algorithm, value, signed))


def _fits(pem: str, algorithm: str, value: bytes, signed: bytes) -> bool:
    digest = next((made for name, made in _HASHES.items() if name in algorithm), None)
    if digest is None:
        return False
    try:
        key = _public_key(pem)
        if isinstance(key, ec.EllipticCurvePublicKey):
            half = len(value) // 2  # r and s beside each other (XML Signature §6.4.3)
            r, s = int.from_bytes(value[:half]), int.from_bytes(value[half:])
            key.verify(encode_dss_signature(r, s), signed, ec.ECDSA(digest))
        elif isinstance(key, rsa.RSAPublicKey):
            is_pss = algorithm.endswith("MGF1")
            scheme = padding.PSS(padding.MGF1(digest), digest.digest_size) if is_pss else padding.PKCS1v15()
            key.verify(value, signed, scheme, digest)
        else:
            return False
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return True


@lru_cache(maxsize=1024)
def _public_key(pem: str) -> object:
    return x509.load_pem_x509_certificate(pem.encode("ascii")).public_key()
