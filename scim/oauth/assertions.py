"""Verify a client assertion to the letter (RFC 7523 §3, RFC 8725; V-25).

    client_id = claimed_client_id(raw)                  # only to find the client's keys
    assertion = verify(raw, keys=…, client_id=…, audience=…, now=…)
    # then spend assertion.jti: whether it was used before is for the caller to know

No Django, no network. The signature comes first, with a key that was registered for this client; the header's ``alg``
and ``kid`` only choose among those, and keys that an assertion brings along (``jwk``, ``jku``, ``x5u``, ``x5c``) are
never looked at. Then every claim is compared exactly.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from joserfc import jws
from joserfc.errors import JoseError

from foundation.strict_json import JsonObject, NotStrictJson, parse_object
from scim.oauth.client_keys import ALGORITHMS, ClientKey

MAX_LENGTH = 16 * 1024  # characters
LIFETIME_SECONDS = 5 * 60
SKEW_SECONDS = 120

_COMPACT = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")
_TYPES = frozenset({"JWT", "APPLICATION/JWT", "CLIENT-AUTHENTICATION+JWT"})
_JTI_LENGTH = 255
_LATEST = 253402300799  # end of the year 9999


class AssertionCode(StrEnum):
    """Which check failed."""

    MALFORMED = "malformed"
    ALGORITHM = "algorithm"
    SIGNATURE = "signature"
    ISSUER = "issuer"
    AUDIENCE = "audience"
    TIME = "time"
    JTI = "jti"


class AssertionRefused(Exception):
    """A check failed; ``detail`` says what to change and quotes nothing of the assertion."""

    def __init__(self, code: AssertionCode, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Assertion:
    """What was proven. After ``forget_at`` (aware) the assertion would be refused as expired."""

    client_id: str
    jti: str
    forget_at: datetime


def claimed_client_id(raw: str) -> str:
    """Return the ``sub`` of an assertion that nobody has verified yet, to look the client up by and for nothing else.

    Raises:
        AssertionRefused: it is no signed token in compact form, or has no ``sub``.
    """
    _header, claims = _parse(raw)
    subject = claims.get("sub")
    if not isinstance(subject, str) or not subject:
        raise AssertionRefused(AssertionCode.ISSUER, "The assertion needs iss and sub, both the client_id.")
    return subject


def verify(
    raw: str, *, keys: tuple[ClientKey, ...], client_id: str, audience: str, now: datetime
) -> Assertion:
    """Return the assertion if every check passes; raises ``AssertionRefused``. ``now`` is aware."""
    header, claims = _parse(raw)
    _check_signature(raw, header, keys)
    if claims.get("iss") != client_id or claims.get("sub") != client_id:
        raise AssertionRefused(
            AssertionCode.ISSUER, "The assertion's iss and sub must both be the client_id."
        )
    if claims.get("aud") not in (audience, [audience]):
        raise AssertionRefused(
            AssertionCode.AUDIENCE, f"The assertion's aud must be {audience} and nothing else."
        )
    expires = _check_times(claims, now.timestamp())
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 0 < len(jti) <= _JTI_LENGTH:
        raise AssertionRefused(AssertionCode.JTI, "The assertion needs a jti of 1 to 255 characters.")
    return Assertion(client_id, jti, datetime.fromtimestamp(expires + SKEW_SECONDS + 1, UTC))


def _check_signature(raw: str, header: JsonObject, keys: tuple[ClientKey, ...]) -> None:
    algorithm, kid = header.get("alg"), header.get("kid")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        raise AssertionRefused(
            AssertionCode.ALGORITHM,
            f"The assertion must be signed with one of {', '.join(sorted(ALGORITHMS))}.",
        )
    if "crit" in header or "b64" in header or str(header.get("typ", "JWT")).upper() not in _TYPES:
        raise AssertionRefused(
            AssertionCode.MALFORMED, "The assertion's header asks for something else than a JWT."
        )
    fit = [key for key in keys if algorithm in key.algorithms and kid in (None, "", key.kid)]
    if not any(_is_signed_by(raw, key, algorithm) for key in fit):
        raise AssertionRefused(
            AssertionCode.SIGNATURE,
            "The assertion is not signed with a key that is registered for this client.",
        )


def _is_signed_by(raw: str, key: ClientKey, algorithm: str) -> bool:
    # joserfc's algorithm itself, not its deserialize_compact: that reads the header again by its own rules.
    model = jws.JWSRegistry.algorithms[algorithm]
    signed, _dot, signature = raw.rpartition(".")
    try:
        model.check_key(key.key)
        return model.verify(signed.encode(), _from_base64url(signature), key.key)
    except (JoseError, ValueError):
        return False


def _check_times(claims: JsonObject, now: float) -> int:
    """Return ``exp``. A clock that is ahead by up to the skew, and says so in ``iat``, loses none of its 5 minutes."""
    expires = _time(claims, "exp")
    issued = _time(claims, "iat") if "iat" in claims else now
    if expires + SKEW_SECONDS <= now:
        raise AssertionRefused(AssertionCode.TIME, "The assertion has expired.")
    if issued > now + SKEW_SECONDS or ("nbf" in claims and _time(claims, "nbf") > now + SKEW_SECONDS):
        raise AssertionRefused(
            AssertionCode.TIME, "The assertion is from the future: set the client's clock."
        )
    if expires > max(now, issued) + LIFETIME_SECONDS:
        raise AssertionRefused(AssertionCode.TIME, "The assertion's exp must be at most 5 minutes ahead.")
    return expires


def _parse(raw: str) -> tuple[JsonObject, JsonObject]:
    parts = _COMPACT.fullmatch(raw) if len(raw) <= MAX_LENGTH else None
    if parts is None:
        raise AssertionRefused(AssertionCode.MALFORMED, "The assertion is no signed JWT of three parts.")
    try:
        return parse_object(_from_base64url(parts[1])), parse_object(_from_base64url(parts[2]))
    except (NotStrictJson, ValueError):
        raise AssertionRefused(
            AssertionCode.MALFORMED, "A part of the assertion is no JSON in base64url."
        ) from None


def _from_base64url(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)


def _time(claims: JsonObject, name: str) -> int:
    # NumericDate may have a fraction (RFC 7519 §2); a bool is an int in Python, and a number in quotes is none.
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= _LATEST:
        raise AssertionRefused(AssertionCode.TIME, f"The assertion's {name} is missing or no time.")
    return int(value)
