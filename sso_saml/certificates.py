"""A provider's signing certificates, in whatever form an administrator has them (S-2).

Vendors offer a ``.cer`` in DER, the same in PEM or as bare base64, and people paste it with or without the BEGIN and
END lines, several at a time during a rollover. ``parse_certificates`` takes all of these; Federation Metadata XML is
``idp_metadata``'s. A certificate is a container for a key here: its dates and its issuer are shown, not enforced,
because identity providers sign on with expired self-signed ones.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

MAX_BYTES = 64 * 1024
MAX_CERTIFICATES = 10  # each is tried on every signature
MIN_RSA_BITS = 2048
_CURVES = frozenset({"secp256r1", "secp384r1", "secp521r1"})
_MAX_SUBJECT = 500  # characters
_PEM_BLOCK = re.compile(rb"-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----(.+?)-----END", flags=re.DOTALL)
_DER_SEQUENCE = b"\x30"


class CertificateProblem(StrEnum):
    """What is wrong with an upload or a pasted text."""

    TOO_LARGE = "certificate.too_large"
    TOO_MANY = "certificate.too_many"
    NOT_A_CERTIFICATE = "certificate.not_a_certificate"
    PRIVATE_KEY = "certificate.private_key"  # somebody pasted the secret half
    WEAK_KEY = "certificate.weak_key"
    UNSUPPORTED_KEY = "certificate.unsupported_key"


class CertificateError(Exception):
    """The input holds no usable certificate. ``detail`` never quotes it."""

    def __init__(self, code: CertificateProblem, detail: str = "") -> None:
        self.code = code
        self.detail = detail
        super().__init__(code.value)


@dataclass(frozen=True, slots=True)
class SigningCertificate:
    """A usable certificate. ``fingerprint`` is the SHA-256 of its DER form, 64 hex digits; moments are UTC."""

    pem: str
    subject: str
    not_before: datetime
    not_after: datetime
    fingerprint: str

    def covers(self, moment: datetime) -> bool:
        """True when ``moment`` lies within the certificate's dates."""
        return self.not_before <= moment <= self.not_after


def parse_certificates(data: bytes) -> tuple[SigningCertificate, ...]:
    """All certificates in an uploaded file or pasted text, in order, each once. Raises ``CertificateError``."""
    if len(data) > MAX_BYTES:
        raise CertificateError(CertificateProblem.TOO_LARGE, f"more than {MAX_BYTES} bytes")
    if b"PRIVATE KEY-----" in data:
        raise CertificateError(CertificateProblem.PRIVATE_KEY)
    text = data.removeprefix(b"\xef\xbb\xbf").strip()
    if text.startswith(_DER_SEQUENCE) and not text.isascii():
        ders = [data]
    else:
        ders = [_decode(block) for block in _PEM_BLOCK.findall(text) or [text]]
    found = {certificate.fingerprint: certificate for certificate in map(parse_der, ders)}
    if len(found) > MAX_CERTIFICATES:
        raise CertificateError(CertificateProblem.TOO_MANY, f"more than {MAX_CERTIFICATES} certificates")
    return tuple(found.values())


def parse_base64(text: str) -> SigningCertificate:
    """The certificate of an X509Certificate element: DER in base64, wrapped anyhow. Raises ``CertificateError``."""
    return parse_der(_decode(text.encode("utf-8", "replace")))


def parse_der(der: bytes) -> SigningCertificate:
    """One certificate in DER. Raises ``CertificateError``."""
    try:
        certificate = x509.load_der_x509_certificate(der)
        _check_key(certificate)
        return SigningCertificate(
            pem=certificate.public_bytes(Encoding.PEM).decode("ascii"),
            subject=certificate.subject.rfc4514_string()[:_MAX_SUBJECT],
            not_before=certificate.not_valid_before_utc,
            not_after=certificate.not_valid_after_utc,
            fingerprint=hashlib.sha256(der).hexdigest(),
        )
    except UnsupportedAlgorithm:
        raise CertificateError(CertificateProblem.UNSUPPORTED_KEY) from None
    except (ValueError, x509.InvalidVersion):
        raise CertificateError(CertificateProblem.NOT_A_CERTIFICATE) from None


def _decode(block: bytes) -> bytes:
    try:
        return base64.b64decode(b"".join(block.split()), validate=True)
    except (binascii.Error, ValueError):
        raise CertificateError(CertificateProblem.NOT_A_CERTIFICATE) from None


def _check_key(certificate: x509.Certificate) -> None:
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size < MIN_RSA_BITS:
            raise CertificateError(CertificateProblem.WEAK_KEY, f"RSA of {key.key_size} bits")
    elif not (isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _CURVES):
        # No signature algorithm that is accepted could be verified with it.
        raise CertificateError(CertificateProblem.UNSUPPORTED_KEY)
