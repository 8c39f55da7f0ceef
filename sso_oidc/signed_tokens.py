"""What ID tokens and logout tokens have in common: a signature of the provider's, issuer, audience, times.

No Django, no network. The signature comes first: until it is verified with a key that the provider publishes,
nothing but the header is looked at, and its ``alg``, ``kid`` and ``typ`` only choose among what we allow and
know (RFC 8725). Keys that a token brings along (``jwk``, ``jku``, ``x5u``, ``x5c``) are never used. Then every
claim is compared exactly; ``read_text``, ``read_texts`` and ``read_time`` refuse a claim of another type. What
only one kind of token has is in ``tokens`` and ``logout_tokens``.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Set
from datetime import datetime

from joserfc import jws
from joserfc.errors import JoseError

from foundation.strict_json import JsonObject, NotStrictJson, parse_object
from sso_oidc.errors import OidcCode, OidcRefusal, UnknownKey
from sso_oidc.keys import ID_TOKEN_ALGORITHMS, SigningKey, SigningKeys
from sso_oidc.metadata import TENANT_PLACEHOLDER, issuer_for_tenant

SKEW_SECONDS = 120
# A token is made for one message, and a sign-in lasts 30 minutes at most (L-6).
MAX_AGE_SECONDS = 30 * 60
MAX_TOKEN_LENGTH = 128 * 1024  # characters; 200 groups of Entra are about 11,000
MAX_SUBJECT_LENGTH = 255

_COMPACT = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")
# ASCII (Core §2), and no space at the ends: something that trims it would make two people one.
_SUBJECT = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?")
_LATEST = 253402300799  # end of the year 9999


def verify_signature(
    raw: str, keys: SigningKeys, *, algorithms: Set[str], types: Set[str]
) -> tuple[JsonObject, SigningKey, str]:
    """Return the claims, the key and the algorithm of a token that one of ``keys`` signed.

    ``algorithms`` is what this provider may use, of which only ours are taken. ``types`` are the values of
    ``typ`` that this kind of token may have, in capitals and without "application/"; no ``typ`` is "JWT".

    Raises:
        UnknownKey: it is signed with a key that is not among ``keys``.
        OidcRefusal: oidc.malformed, oidc.algorithm, oidc.signature.
    """
    parts = _COMPACT.fullmatch(raw) if len(raw) <= MAX_TOKEN_LENGTH else None
    if parts is None:
        raise OidcRefusal(OidcCode.MALFORMED, "not a signed token of three parts")
    header = _decode(parts[1])
    algorithm, kid = header.get("alg"), header.get("kid")
    if not isinstance(algorithm, str) or algorithm not in ID_TOKEN_ALGORITHMS.intersection(algorithms):
        raise OidcRefusal(OidcCode.ALGORITHM, f"the token is signed with {algorithm!r}")
    if "crit" in header or "b64" in header:
        raise OidcRefusal(OidcCode.MALFORMED, "the header asks for an extension (crit)")
    if str(header.get("typ", "JWT")).upper().removeprefix("APPLICATION/") not in types:
        # RFC 8725 §3.11: an access token (at+jwt) of the same provider is no ID token.
        raise OidcRefusal(OidcCode.MALFORMED, "another type of token")
    if not isinstance(kid, str | None):
        raise OidcRefusal(OidcCode.MALFORMED, "kid is no text")
    for key in keys.candidates(kid or None, algorithm):
        if _is_signed_by(raw, key, algorithm):
            return _decode(parts[2]), key, algorithm
    if not kid:
        # Nameless keys rotate without a trace, so an old one looks like this.
        raise UnknownKey("signed with another key than the only one")
    raise OidcRefusal(OidcCode.SIGNATURE, f"key {kid!r}, {algorithm}")


def unverified_claims(raw: str) -> JsonObject:
    """Return what a token of ours says, one that was verified when it was stored; nothing for what is none."""
    parts = _COMPACT.fullmatch(raw)
    try:
        return _decode(parts[2]) if parts is not None else {}
    except OidcRefusal:
        return {}


def _is_signed_by(raw: str, key: SigningKey, algorithm: str) -> bool:
    # joserfc's algorithm itself, not its deserialize_compact: that reads the header again by its own rules.
    model = jws.JWSRegistry.algorithms[algorithm]
    signed, _dot, signature = raw.rpartition(".")
    try:
        model.check_key(key.key)
        return model.verify(signed.encode(), _from_base64url(signature), key.key)
    except (JoseError, ValueError):
        return False


def _decode(part: str) -> JsonObject:
    try:
        return parse_object(_from_base64url(part))
    except (NotStrictJson, ValueError):
        raise OidcRefusal(OidcCode.MALFORMED, "a part is not strict JSON in base64url") from None


def _from_base64url(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)


def check_issuer(claims: JsonObject, key: SigningKey, expected: str) -> str:
    """Return ``iss``, which must be ``expected``.

    If that is Entra's template, ``tid`` of the token is put into it first, and the key must be one that may
    sign for that tenant; whether the tenant is allowed is for the caller to decide.

    Raises:
        OidcRefusal: oidc.issuer.
    """
    issuer = read_text(claims, "iss", OidcCode.ISSUER)
    wanted = expected
    if TENANT_PLACEHOLDER in wanted:
        tenant_id = read_text(claims, "tid", OidcCode.ISSUER)
        wanted = issuer_for_tenant(expected, tenant_id)
        # A key of one tenant's own must not sign for others; a key that does not say whom it signs for is
        # not taken.
        if key.issuer is None or issuer_for_tenant(key.issuer, tenant_id) != wanted:
            raise OidcRefusal(OidcCode.ISSUER, "the key may not sign for this tenant")
    if issuer != wanted:
        raise OidcRefusal(OidcCode.ISSUER, f"{issuer!r}, not {wanted!r}")
    return issuer


def check_audience(claims: JsonObject, client_id: str) -> tuple[str, ...]:
    """Return ``aud``, which must name us, and others only beside an ``azp`` that is us (Core §3.1.3.7).

    Raises:
        OidcRefusal: oidc.audience, oidc.azp.
    """
    audience = (
        (claims["aud"],)
        if isinstance(claims.get("aud"), str)
        else read_texts(claims, "aud", OidcCode.AUDIENCE)
    )
    if not client_id or client_id not in audience:
        raise OidcRefusal(OidcCode.AUDIENCE, f"{audience!r}")
    if "azp" in claims:
        if read_text(claims, "azp", OidcCode.AZP) != client_id:
            raise OidcRefusal(OidcCode.AZP, f"{claims['azp']!r}")
    elif len(set(audience)) > 1:
        raise OidcRefusal(OidcCode.AZP, "several audiences and no azp")
    return audience


def check_times(claims: JsonObject, now: datetime) -> tuple[int, int]:
    """Return ``iat`` and ``exp`` (seconds since 1970) of a token that is neither over, old nor from the future.

    Raises:
        OidcRefusal: oidc.expired, oidc.issued_at, oidc.not_before, oidc.claim.
    """
    current = now.timestamp()
    issued_at, expires_at = read_time(claims, "iat"), read_time(claims, "exp")
    if expires_at + SKEW_SECONDS <= current:
        raise OidcRefusal(OidcCode.EXPIRED, f"{current - expires_at:.0f} s ago")
    if issued_at - SKEW_SECONDS > current:
        raise OidcRefusal(OidcCode.ISSUED_AT, f"{issued_at - current:.0f} s in the future")
    if issued_at + MAX_AGE_SECONDS + SKEW_SECONDS < current:
        raise OidcRefusal(OidcCode.ISSUED_AT, f"{current - issued_at:.0f} s ago")
    if "nbf" in claims and read_time(claims, "nbf") - SKEW_SECONDS > current:
        raise OidcRefusal(OidcCode.NOT_BEFORE, f"{read_time(claims, 'nbf') - current:.0f} s in the future")
    return issued_at, expires_at


def read_subject(claims: JsonObject) -> str:
    """Return ``sub``. Raises ``OidcRefusal`` (oidc.subject)."""
    subject = read_text(claims, "sub", OidcCode.SUBJECT)
    if len(subject) > MAX_SUBJECT_LENGTH or not _SUBJECT.fullmatch(subject):
        raise OidcRefusal(OidcCode.SUBJECT, "empty, padded, too long, or not in ASCII")
    return subject


def read_text(claims: JsonObject, name: str, code: OidcCode = OidcCode.CLAIM) -> str:
    """Return a claim that is a text. Raises ``OidcRefusal`` with ``code``."""
    value = claims.get(name)
    if not isinstance(value, str):
        raise OidcRefusal(code, f"{name} is missing or no text")
    return value


def read_texts(claims: JsonObject, name: str, code: OidcCode = OidcCode.CLAIM) -> tuple[str, ...]:
    """Return a claim that is a list of texts. Raises ``OidcRefusal`` with ``code``."""
    value = claims.get(name)
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise OidcRefusal(code, f"{name} is missing or no list of texts")
    return tuple(value)


def read_time(claims: JsonObject, name: str) -> int:
    """Return a claim that is a moment, in whole seconds since 1970. Raises ``OidcRefusal`` (oidc.claim)."""
    # NumericDate may have a fraction (RFC 7519 §2); a bool is an int in Python, and a number in quotes is
    # none.
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= _LATEST:
        raise OidcRefusal(OidcCode.CLAIM, f"{name} is missing or no time")
    return int(value)
