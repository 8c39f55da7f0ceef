"""The public keys with which a provider signs, read from the key set that it publishes (RFC 7517).

A key set is written by somebody else, so each key is judged on its own and one that is unfit is passed
over, as RFC 7517 §5 wants it: symmetric keys always, encryption keys, RSA below 2048 bits, other curves
than P-256, P-384, P-521 and Ed25519, and a key whose private half was published along with it. Which
algorithms a key may verify follows from the key (type, curve, its own ``alg``), never from a token.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from foundation.strict_json import NotStrictJson, parse_object
from sso_oidc.errors import OidcCode, OidcRefusal, UnknownKey

MAX_KEYS = 100
MAX_KEY_SET_BYTES = 256 * 1024
_RSA_BITS = range(2048, 8192 + 1)  # above it verifying becomes a way to keep us busy
_MAX_SAME_NAME = 4

RSA_ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"})
_EC_ALGORITHMS = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512"}
# RFC 9864 renames EdDSA by curve. Ed448 is left out: OpenID Connect names no hash for its at_hash and c_hash.
_OKP_ALGORITHMS = {"Ed25519": frozenset({"EdDSA", "Ed25519"})}

# What ID tokens may be signed with at all: never "none", never HMAC (RFC 8725 §3.1, §3.2).
ID_TOKEN_ALGORITHMS = RSA_ALGORITHMS | frozenset(_EC_ALGORITHMS.values()) | _OKP_ALGORITHMS["Ed25519"]


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One public key. ``issuer`` is Entra's extension: the issuer, or its template, that it may sign for."""

    key: RSAKey | ECKey | OKPKey
    algorithms: frozenset[str]
    kid: str | None = None
    issuer: str | None = None


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """A provider's usable keys."""

    keys: tuple[SigningKey, ...]

    def candidates(self, kid: str | None, algorithm: str) -> tuple[SigningKey, ...]:
        """Return the keys that may have signed a token with this header, at least one.

        Without ``kid`` the only key fit for the algorithm is meant (OpenID Connect Core §10.1 demands a kid
        when there are several). With it there is normally one; a set that uses a name twice gets each
        tried.

        Raises:
            UnknownKey: no such key, or it is unclear which.
        """
        fit = [key for key in self.keys if algorithm in key.algorithms and kid in (None, key.kid)]
        if not fit:
            raise UnknownKey(f"no key {kid!r} for {algorithm}" if kid else f"no key for {algorithm}")
        if len(fit) > (1 if kid is None else _MAX_SAME_NAME):
            raise UnknownKey(f"{len(fit)} keys for {algorithm} and kid {kid!r}")
        return tuple(fit)


@lru_cache(maxsize=64)
def read_keys(document: bytes) -> SigningKeys:
    """Read a published key set; the last few are remembered, because importing keys is slow.

    Raises:
        OidcRefusal: oidc.keys - no key set, more than 100 keys, or none that is usable.
    """
    try:
        entries = parse_object(document).get("keys")
    except NotStrictJson as error:
        raise OidcRefusal(OidcCode.KEYS, str(error)) from None
    if not isinstance(entries, list):
        raise OidcRefusal(OidcCode.KEYS, "no list of keys")
    if len(entries) > MAX_KEYS:
        raise OidcRefusal(OidcCode.KEYS, f"{len(entries)} keys")
    found = tuple(key for entry in entries if (key := _read_key(entry)) is not None)
    if not found:
        raise OidcRefusal(OidcCode.KEYS, "no usable key")
    return SigningKeys(found)


def _read_key(entry: Any) -> SigningKey | None:
    if not isinstance(entry, dict) or "d" in entry or "k" in entry:
        return None
    kid, issuer, operations = entry.get("kid"), entry.get("issuer"), entry.get("key_ops", ["verify"])
    if entry.get("use", "sig") != "sig" or not isinstance(operations, list) or "verify" not in operations:
        return None
    if not isinstance(kid, str | None) or not isinstance(issuer, str | None):
        return None
    try:
        key, algorithms = _import(entry)
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    if "alg" in entry:
        algorithms &= {entry["alg"]} if isinstance(entry["alg"], str) else frozenset()
    return SigningKey(key, algorithms, kid or None, issuer) if algorithms else None


def _import(entry: dict[str, Any]) -> tuple[RSAKey | ECKey | OKPKey, frozenset[str]]:
    # Only the members that make up the key are handed on: whatever else is in there (x5c, x5u, …) is not
    # ours to trust.
    match entry["kty"]:
        case "RSA":
            modulus = base64.b64decode(entry["n"] + "==", b"-_")
            if int.from_bytes(modulus).bit_length() not in _RSA_BITS:
                raise ValueError("size")
            return RSAKey.import_key({"kty": "RSA", "n": entry["n"], "e": entry["e"]}), RSA_ALGORITHMS
        case "EC":
            algorithm = _EC_ALGORITHMS[entry["crv"]]
            members = {"kty": "EC", "crv": entry["crv"], "x": entry["x"], "y": entry["y"]}
            return ECKey.import_key(members), frozenset({algorithm})
        case "OKP":
            algorithms = _OKP_ALGORITHMS[entry["crv"]]
            return OKPKey.import_key({"kty": "OKP", "crv": entry["crv"], "x": entry["x"]}), algorithms
    raise KeyError(entry["kty"])
