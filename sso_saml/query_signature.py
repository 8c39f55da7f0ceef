"""The detached signature of the redirect binding, verified over the query exactly as it was sent (Bindings §3.4.4.1).

What is signed is text: ``SAMLRequest=…&RelayState=…&SigAlg=…`` with each value percent-encoded as the sender chose
(Microsoft writes ``%2b``, others ``%2B``). So the raw query is taken apart by hand and its own octets are put together
again in the signed order; decoding and encoding anew would verify something that nobody sent. A parameter that repeats,
or whose name is percent-encoded, is refused: another reader might see another message than the one that was signed.

Keys come from the configured certificates alone. The signature is checked before the message is inflated or parsed.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote_plus, unquote_to_bytes

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from sso_saml.errors import RefusalCode, SamlRefusal, only_refusals, quoted
from sso_saml.message_gate import Kind
from sso_saml.signature_shape import SIGNATURE_METHODS

MAX_QUERY = 16 * 1024  # characters, as sent
_DEFLATE = "urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE"
_MESSAGES = frozenset(kind.parameter for kind in Kind)
_KNOWN = _MESSAGES | {"RelayState", "SigAlg", "Signature", "SAMLEncoding"}
_HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}


@dataclass(frozen=True, slots=True)
class SignedQuery:
    """A query that claims to be signed; unverified. ``signed_octets`` is what the signature has to cover."""

    kind: Kind
    message: str  # base64 of the deflated document
    relay_state: str | None
    algorithm: str
    signature: bytes
    signed_octets: bytes


def kinds_in(query: str) -> list[Kind]:
    """Which messages a raw query carries, for choosing the reader; ``read_query`` looks closer."""
    names = {part.partition("=")[0] for part in query.split("&", MAX_QUERY)}
    return [kind for kind in Kind if kind.parameter in names]


@only_refusals
def read_query(query: str, kind: Kind) -> SignedQuery:
    """Take a raw query apart (``QUERY_STRING``). Raises ``SamlRefusal``; nothing is verified."""
    if len(query) > MAX_QUERY:
        raise SamlRefusal(RefusalCode.TOO_LARGE, f"a query of more than {MAX_QUERY} characters")
    if not query.isascii():
        raise SamlRefusal(RefusalCode.ENCODING, "a query that is not percent-encoded")
    raw = _parameters(query)
    if set(raw) & _MESSAGES != {kind.parameter}:
        raise SamlRefusal(RefusalCode.PARAMETERS, f"one {kind.parameter} is expected")
    if raw.get("SAMLEncoding", "") and _text(raw["SAMLEncoding"]) != _DEFLATE:
        raise SamlRefusal(RefusalCode.NOT_DEFLATED, "an unknown SAMLEncoding")
    if not raw.get("Signature") or not raw.get("SigAlg"):
        raise SamlRefusal(RefusalCode.SIGNATURE_MISSING, "the query is not signed")
    signed = [
        f"{name}={raw[name]}"
        for name in (kind.parameter, "RelayState", "SigAlg")
        if raw.get(name) is not None
    ]
    return SignedQuery(
        kind=kind,
        message=_text(raw[kind.parameter]),
        relay_state=_text(raw["RelayState"]) if "RelayState" in raw else None,
        algorithm=_text(raw["SigAlg"]),
        signature=_signature(_text(raw["Signature"])),
        signed_octets="&".join(signed).encode("ascii"),
    )


@only_refusals
def verify_query(query: SignedQuery, certificates: tuple[str, ...]) -> None:
    """Accept the signature of one of the configured keys. Raises ``SamlRefusal``."""
    if query.algorithm not in SIGNATURE_METHODS:
        raise SamlRefusal(RefusalCode.ALGORITHM, f"SigAlg {quoted(query.algorithm)} is not allowed")
    if not any(_fits(query, certificate) for certificate in certificates):
        raise SamlRefusal(
            RefusalCode.SIGNATURE_INVALID, "no configured certificate fits the query's signature"
        )


def _parameters(query: str) -> dict[str, str]:
    """Raw name to raw value, of those that SAML knows."""
    found: dict[str, str] = {}
    for part in query.split("&"):
        name, _, value = part.partition("=")
        meant = unquote_plus(name)
        if meant not in _KNOWN:
            continue
        if name != meant:
            raise SamlRefusal(RefusalCode.PARAMETERS, f"{meant} in disguise")
        if name in found:
            raise SamlRefusal(RefusalCode.PARAMETERS, f"{name} is there twice")
        found[name] = value
    return found


def _text(raw: str) -> str:
    try:
        return unquote_to_bytes(raw.replace("+", " ")).decode("utf-8")
    except UnicodeDecodeError:
        raise SamlRefusal(RefusalCode.ENCODING, "a parameter that is not UTF-8") from None


def _signature(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise SamlRefusal(RefusalCode.SIGNATURE_INVALID, "Signature is not base64") from None


def _fits(query: SignedQuery, certificate: str) -> bool:
    key = _public_key(certificate)
    method = query.algorithm.rpartition("#")[2]
    digest = next(algorithm for name, algorithm in _HASHES.items() if name in method)
    try:
        if isinstance(key, ec.EllipticCurvePublicKey) and method.startswith("ecdsa"):
            key.verify(_as_der(query.signature, key), query.signed_octets, ec.ECDSA(digest))
        elif isinstance(key, rsa.RSAPublicKey) and method.startswith("rsa"):
            key.verify(query.signature, query.signed_octets, padding.PKCS1v15(), digest)
        elif isinstance(key, rsa.RSAPublicKey) and method.endswith("MGF1"):
            pss = padding.PSS(padding.MGF1(digest), digest.digest_size)
            key.verify(query.signature, query.signed_octets, pss, digest)
        else:
            return False
    except InvalidSignature:
        return False
    return True


def _as_der(signature: bytes, key: ec.EllipticCurvePublicKey) -> bytes:
    """XML Signature writes r and s side by side; senders that use Java's classes send DER."""
    size = (key.curve.key_size + 7) // 8
    if len(signature) != 2 * size:
        return signature
    return encode_dss_signature(
        int.from_bytes(signature[:size], "big"), int.from_bytes(signature[size:], "big")
    )


@lru_cache(maxsize=256)
def _public_key(pem: str) -> object:
    return x509.load_pem_x509_certificate(pem.encode("ascii")).public_key()
