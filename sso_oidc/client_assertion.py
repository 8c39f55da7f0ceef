"""Client assertions: a short token, signed with our own key, in place of a client secret (RFC 7523 §2.2). No Django.

    form |= assertion_form(client_id, key, style=AssertionStyle.STANDARD, issuer=..., endpoint=..., algorithms=...)

``iss`` and ``sub`` are the client id, ``jti`` is random, and it lives for two minutes (Auth0 takes five at most).

Whom an assertion is for (``aud``) decides whether it can be turned against us: with the same key and client id at two
servers, one of them could have us write the other's name into it (CVE-2025-27370). So it is never anything but

* the issuer that the account's admin configured, alone (RFC 10070, which ends the older freedom of RFC 7523 §3 and
  Core §9; RFC 9126 §2 makes it fit for pushed requests as well; Auth0 takes nothing else), or
* the very URL that the assertion is sent to, and redirects are not followed. Okta wants that ("must be the endpoint
  invoked for the request"), and Entra its token endpoint (Microsoft, "Certificate credentials").

``typ`` stays ``JWT``: RFC 10070's own type is a SHOULD that older servers refuse, and ours are told apart by ``aud``.
"""

from __future__ import annotations

import base64
import secrets
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwt
from joserfc.jwk import RSAKey

from sso_oidc.errors import OidcCode, OidcRefusal

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LIFETIME_SECONDS = 120  # a provider's clock may be ahead of ours by as much
_BACKDATED_SECONDS = 30  # or behind by that
_RSA_BY_PREFERENCE = ("RS256", "PS256")


class AssertionStyle(StrEnum):
    """How a vendor wants to be addressed and the key to be named."""

    STANDARD = "standard"  # the issuer is the audience; ``kid`` names the key in our key set
    ENDPOINT = "endpoint"  # the endpoint is the audience (Okta)
    CERTIFICATE = "certificate"  # the endpoint, PS256, and the certificate's thumbprint names the key (Entra)


@dataclass(frozen=True, slots=True)
class AssertionKey:
    """Our RSA key towards one provider with its certificate, both PEM."""

    private_key_pem: str = field(repr=False)
    certificate_pem: str


def assertion_form(
    client_id: str,
    key: AssertionKey,
    *,
    style: AssertionStyle,
    issuer: str,
    endpoint: str,
    algorithms: Collection[str] | None,
) -> dict[str, str]:
    """Return the two form fields that authenticate us at ``endpoint`` (RFC 7521 §4.2).

    ``algorithms`` are those that the provider announced for this, None when it did not.

    Raises:
        OidcRefusal: oidc.client_authentication - it announced none that an RSA key can do.
    """
    now = int(time.time())
    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": issuer if style is AssertionStyle.STANDARD else endpoint,
        "jti": secrets.token_urlsafe(32),
        "iat": now,
        "nbf": now - _BACKDATED_SECONDS,
        "exp": now + LIFETIME_SECONDS,
    }
    algorithm = _algorithm(style, algorithms)
    header = {"alg": algorithm, "typ": "JWT"}
    if style is AssertionStyle.CERTIFICATE:
        header["x5t#S256"] = thumbprint(key.certificate_pem)
    else:
        header["kid"] = key_id(key.certificate_pem)
    signed = jwt.encode(header, claims, _private_key(key.private_key_pem), algorithms=[algorithm])
    return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": signed}


@lru_cache(maxsize=1024)
def public_jwk(certificate_pem: str) -> tuple[tuple[str, str], ...]:
    """Return the public key in a certificate as the members of a JWK, for a key set (RFC 7517 §4).

    ``kid`` is its thumbprint (RFC 7638). No ``alg``: one key signs with RS256 or PS256, as the provider announces.
    """
    key = RSAKey.import_key(
        _certificate(certificate_pem)
        .public_key()
        .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    numbers = key.as_dict(private=False)
    # Named one by one, so that no private member can ever come along.
    return (
        ("kty", "RSA"),
        ("use", "sig"),
        ("kid", key.thumbprint()),
        ("n", str(numbers["n"])),
        ("e", str(numbers["e"])),
    )


def key_id(certificate_pem: str) -> str:
    """Return the ``kid`` of the key in a certificate."""
    return dict(public_jwk(certificate_pem))["kid"]


@lru_cache(maxsize=1024)
def thumbprint(certificate_pem: str) -> str:
    """Return ``x5t#S256``: the SHA-256 of the certificate's DER form in base64url (RFC 7515 §4.1.8)."""
    digest = _certificate(certificate_pem).fingerprint(hashes.SHA256())
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def _certificate(pem: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pem.encode("ascii"))


def _algorithm(style: AssertionStyle, announced: Collection[str] | None) -> str:
    if style is AssertionStyle.CERTIFICATE:
        return "PS256"  # Microsoft: "should be PS256" with a SHA-256 thumbprint; its metadata names none
    if announced is None:
        return _RSA_BY_PREFERENCE[0]
    # RS256 first: where an administrator pins the algorithm of a key (Auth0), it is the default.
    for algorithm in _RSA_BY_PREFERENCE:
        if algorithm in announced:
            return algorithm
    raise OidcRefusal(
        OidcCode.CLIENT_AUTHENTICATION, f"our RSA key can't sign with {', '.join(sorted(announced))}"
    )


@lru_cache(maxsize=64)
def _private_key(pem: str) -> RSAKey:
    # Checking a key's primes takes longer than signing with it, hence the cache.
    return RSAKey.import_key(pem)
