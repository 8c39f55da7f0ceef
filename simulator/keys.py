"""RSA 2048 signing keys with self-signed certificates, one for SAML and one for OpenID Connect per directory.

Kept in ``state_dir`` (one PEM file each, mode 0600) so that a restart keeps what the product was configured
with; without a folder they live in memory. The file is put in place by a hard link, which fails if another
process was first; that one's key is then used, so two processes never sign with different keys.
"""

from __future__ import annotations

import base64
import datetime as dt
import os
import secrets
import threading
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from joserfc.jwk import RSAKey

KEY_BITS = 2048
CERTIFICATE_DAYS = 3650


@dataclass(frozen=True)
class SigningKey:
    """A private key and its certificate, both PEM in one text."""

    pem: bytes

    @cached_property
    def certificate(self) -> x509.Certificate:
        return x509.load_pem_x509_certificate(self.pem)

    @property
    def certificate_pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def certificate_base64(self) -> str:
        """DER in base64 on one line, as metadata and ``x5c`` want it."""
        return base64.b64encode(self.certificate.public_bytes(serialization.Encoding.DER)).decode()

    @cached_property
    def private_pem(self) -> bytes:
        key = serialization.load_pem_private_key(self.pem, password=None, unsafe_skip_rsa_key_validation=True)
        return key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    @cached_property
    def jwk(self) -> RSAKey:
        """The private key for joserfc, with kid (RFC 7638 thumbprint), use and alg."""
        bare = RSAKey.import_key(self.private_pem)
        return RSAKey.import_key(self.private_pem, {"use": "sig", "alg": "RS256", "kid": bare.thumbprint()})

    @property
    def public_jwk(self) -> dict[str, object]:
        return {**self.jwk.as_dict(private=False), "x5c": [self.certificate_base64]}


class KeyStore:
    """Makes and keeps the keys. Safe to use from several threads and processes."""

    def __init__(self, state_dir: Path | None = None) -> None:
        self._state_dir = state_dir
        self._keys: dict[str, SigningKey] = {}
        self._lock = threading.Lock()

    def saml(self, slug: str) -> SigningKey:
        return self._key(f"{slug}-saml")

    def oidc(self, slug: str) -> SigningKey:
        return self._key(f"{slug}-oidc")

    def roll_saml(self, slug: str, key: SigningKey | None = None) -> SigningKey:
        """Replace the directory's SAML key in memory, by ``key`` or a new one; the file stays."""
        return self._roll(f"{slug}-saml", key)

    def roll_oidc(self, slug: str) -> SigningKey:
        """Replace the directory's OpenID Connect key in memory, as in a rollover; the file stays."""
        return self._roll(f"{slug}-oidc", None)

    def _roll(self, name: str, key: SigningKey | None) -> SigningKey:
        key = key or make_key(name)
        with self._lock:
            self._keys[name] = key
        return key

    def _key(self, name: str) -> SigningKey:
        with self._lock:
            if name not in self._keys:
                self._keys[name] = self._load_or_make(name)
            return self._keys[name]

    def _load_or_make(self, name: str) -> SigningKey:
        if self._state_dir is None:
            return make_key(name)
        path = self._state_dir / f"{name}.pem"
        if not path.exists():
            self._state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
            draft = self._state_dir / f".{name}.{secrets.token_hex(8)}"
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(make_key(name).pem)
            try:
                os.link(draft, path)
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        return SigningKey(path.read_bytes())


def make_key(name: str) -> SigningKey:
    """A new key with a certificate for ``CN=<name> simulator`` that is valid for ten years."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{name} simulator")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=CERTIFICATE_DAYS))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return SigningKey(private + certificate.public_bytes(serialization.Encoding.PEM))
