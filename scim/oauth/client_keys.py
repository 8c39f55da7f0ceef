"""The public keys of an OAuth client, pasted by an administrator as a JSON Web Key Set (RFC 7517).

    keys = read_keys(document)        # raises UnfitKeys with what to do about it
    client.public_keys = written(keys)

Unlike a set that a provider publishes for many, this one is registered here: a key that can't be used is an error to be
told, not one to be passed over. A private key is refused even though its public half would do: whoever pasted it has to
learn that it is to be replaced. Which algorithms a key verifies follows from the key, never from a token (RFC 8725
§3.1). No Django, no network.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from foundation.strict_json import JsonObject, NotStrictJson, parse_object

MAX_KEYS = 10
MAX_DOCUMENT = 32 * 1024  # bytes
_RSA_BITS = range(2048, 8192 + 1)  # above it verifying becomes a way to keep us busy
_EXPONENT_BITS = 32
_NAME_LENGTH = 255
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})

RSA_ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"})
_EC_ALGORITHMS = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512"}
# What assertions may be signed with at all: never "none", never HMAC.
ALGORITHMS = RSA_ALGORITHMS | frozenset(_EC_ALGORITHMS.values())


class UnfitKeys(Exception):
    """The document can't be registered; the message is a sentence for who pasted it."""


@dataclass(frozen=True, slots=True)
class ClientKey:
    """One public key: what it verifies, its name ("" for none), and the members that it is made of."""

    key: RSAKey | ECKey
    algorithms: frozenset[str]
    kid: str
    members: JsonObject


def read_keys(document: str) -> tuple[ClientKey, ...]:
    """Return the keys of a set, at least one; raises ``UnfitKeys``. A single key outside of a set is taken, too."""
    raw = document.encode(errors="replace")
    if len(raw) > MAX_DOCUMENT:
        raise UnfitKeys("The key set is too large.")
    try:
        parsed = parse_object(raw)
    except NotStrictJson:
        raise UnfitKeys('This is no JSON object; paste a JSON Web Key Set: {"keys": [\u2026]}.') from None
    entries = parsed.get("keys", [parsed] if "kty" in parsed else None)
    if not isinstance(entries, list) or not entries:
        raise UnfitKeys("The key set has no keys.")
    if len(entries) > MAX_KEYS:
        raise UnfitKeys(f"The key set has more than {MAX_KEYS} keys.")
    keys = tuple(_read(entry, number) for number, entry in enumerate(entries, start=1))
    names = [key.kid for key in keys if key.kid]
    if len(set(names)) != len(names):
        raise UnfitKeys("Two keys have the same kid.")
    return keys


def written(keys: tuple[ClientKey, ...]) -> str:
    """Return the set as it is stored: only what makes up the keys, and their names and algorithms."""
    return json.dumps({"keys": [key.members for key in keys]}, separators=(",", ":"), sort_keys=True)


def _read(entry: Any, number: int) -> ClientKey:
    if not isinstance(entry, dict):
        raise UnfitKeys(f"Key {number} is no JSON object.")
    if _PRIVATE & entry.keys():
        raise UnfitKeys(
            f"Key {number} is a private or shared key. Don't use it any more: make a new pair, paste its public half."
        )
    if entry.get("use", "sig") != "sig" or "verify" not in _operations(entry):
        raise UnfitKeys(f"Key {number} is not for signatures.")
    kid, algorithm = entry.get("kid", ""), entry.get("alg")
    if not isinstance(kid, str) or len(kid) > _NAME_LENGTH:
        raise UnfitKeys(f"The kid of key {number} is no text, or too long.")
    key, members, algorithms = _import(entry, number)
    if algorithm is not None:
        algorithms &= {algorithm} if isinstance(algorithm, str) else frozenset()
        members["alg"] = algorithm
    if not algorithms:
        raise UnfitKeys(
            f"The alg of key {number} doesn't fit the key; use one of {', '.join(sorted(ALGORITHMS))}."
        )
    return ClientKey(key, algorithms, kid, members | ({"kid": kid} if kid else {}))


def _operations(entry: JsonObject) -> list[Any]:
    found = entry.get("key_ops", ["verify"])
    return found if isinstance(found, list) else []


def _import(entry: JsonObject, number: int) -> tuple[RSAKey | ECKey, JsonObject, frozenset[str]]:
    # Only the members that make up the key are handed on: whatever else is in there (x5c, x5u, …) is not ours to trust.
    kind = entry.get("kty")
    try:
        if kind == "RSA":
            members = {name: entry[name] for name in ("kty", "n", "e")}
            rsa = RSAKey.import_key(members)
            numbers = rsa.public_key.public_numbers()
            if numbers.n.bit_length() not in _RSA_BITS or numbers.e.bit_length() > _EXPONENT_BITS:
                raise UnfitKeys(f"Key {number} is an RSA key of fewer than 2048 bits or more than 8192.")
            return rsa, members, RSA_ALGORITHMS
        if kind == "EC" and entry.get("crv") in _EC_ALGORITHMS:
            members = {name: entry[name] for name in ("kty", "crv", "x", "y")}
            return ECKey.import_key(members), members, frozenset({_EC_ALGORITHMS[entry["crv"]]})
    except (JoseError, ValueError, TypeError, KeyError):
        raise UnfitKeys(f"Key {number} can't be read: a member is missing or wrong.") from None
    raise UnfitKeys(f"Key {number} must be RSA, or EC on P-256, P-384 or P-521.")
