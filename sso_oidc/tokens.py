"""Validate an ID token to the letter (OpenID Connect Core §3.1.3.7, §3.3.2.12; RFC 8725; O-6).

    expected = ExpectedToken(issuer=..., client_id=..., nonce=..., now=..., access_token=...)
    token = validate_id_token(raw, keys=keys, expected=expected)  # keys: sso_oidc.keys.SigningKeys

No Django, no network. The signature comes first: until it is verified with a key that the provider
publishes, nothing but the header is looked at, and its ``alg`` and ``kid`` only choose among what we allow
and know. Keys that a token brings along (``jwk``, ``jku``, ``x5u``, ``x5c``) are never used. Then every
claim is compared exactly. Each refusal is an ``OidcRefusal`` with its own code; ``UnknownKey`` asks the
caller to refresh the keys once (``Discovery.check_with_keys`` does).

Whoever runs the hybrid flow has two tokens: the front-channel one must carry ``c_hash`` and is compared
with the one from the token endpoint by ``validate_same_subject``.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError

from foundation.strict_json import JsonObject, NotStrictJson, parse_object
from sso_oidc.errors import OidcCode, OidcRefusal, UnknownKey
from sso_oidc.keys import ID_TOKEN_ALGORITHMS, SigningKey, SigningKeys
from sso_oidc.metadata import TENANT_PLACEHOLDER, issuer_for_tenant

SKEW_SECONDS = 120
# A token is made for one response, and a sign-in lasts 30 minutes at most (L-6).
MAX_AGE_SECONDS = 30 * 60
MAX_TOKEN_LENGTH = 128 * 1024  # characters; 200 groups of Entra are about 11,000
MAX_SUBJECT_LENGTH = 255

_COMPACT = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")
# ASCII (Core §2), and no space at the ends: something that trims it would make two people one.
_SUBJECT = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?")
_LATEST = 253402300799  # end of the year 9999
# at_hash and c_hash use the hash of the token's own algorithm, which its last digits name (Core §3.1.3.6).
_HASHES = {"256": hashlib.sha256, "384": hashlib.sha384, "512": hashlib.sha512}
_ED25519_HASH = hashlib.sha512  # RFC 8032 §5.1


class Channel(StrEnum):
    """How a token reached us."""

    FRONT = "front"  # through the browser, in a hybrid response
    BACK = "back"  # from the token endpoint


@dataclass(frozen=True, slots=True)
class ExpectedToken:
    """What the token must say.

    ``issuer`` is compared exactly; if it is Entra's template, ``tid`` of the token is put into it first,
    and the key must be one that may sign for that tenant (whether the tenant is allowed is for the caller
    to decide). ``now`` is aware. ``code`` is required for the front channel, ``access_token`` is what came
    with the token, if anything. ``algorithms`` is what this provider may use
    (``ProviderMetadata.id_token_algorithms``).
    """

    issuer: str
    client_id: str
    nonce: str = field(repr=False)
    now: datetime
    channel: Channel = Channel.BACK
    code: str | None = field(default=None, repr=False)
    access_token: str | None = field(default=None, repr=False)
    algorithms: frozenset[str] = ID_TOKEN_ALGORITHMS


@dataclass(frozen=True, slots=True)
class IdToken:
    """A validated ID token. Times are aware, ``claims`` is everything as sent, ``raw`` the token itself."""

    issuer: str
    subject: str
    audience: tuple[str, ...]
    issued_at: datetime
    expires_at: datetime
    authenticated_at: datetime | None
    context: str  # acr
    methods: tuple[str, ...]  # amr
    sid: str
    claims: Mapping[str, Any] = field(repr=False)
    raw: str = field(repr=False)


def validate_id_token(raw: str, *, keys: SigningKeys, expected: ExpectedToken) -> IdToken:
    """Return the token if every check passes.

    Raises:
        UnknownKey: it is signed with a key that is not among ``keys``.
        OidcRefusal: any other check failed; see ``OidcCode``.
    """
    if expected.channel is Channel.FRONT and not expected.code:
        raise ValueError("a front-channel token is validated together with its code")
    claims, key, algorithm = _verify_signature(raw, keys, expected.algorithms & ID_TOKEN_ALGORITHMS)
    issuer = _check_issuer(claims, key, expected)
    audience = _check_audience(claims, expected.client_id)
    issued_at, expires_at = _check_times(claims, expected.now)
    nonce = _text(claims, "nonce", OidcCode.NONCE)
    if not expected.nonce or not hmac.compare_digest(nonce.encode(), expected.nonce.encode()):
        raise OidcRefusal(OidcCode.NONCE)
    _check_hash(claims, "c_hash", expected.code, algorithm, required=expected.channel is Channel.FRONT)
    _check_hash(claims, "at_hash", expected.access_token, algorithm, required=False)
    return IdToken(
        issuer=issuer,
        subject=_subject(claims),
        audience=audience,
        issued_at=datetime.fromtimestamp(issued_at, UTC),
        expires_at=datetime.fromtimestamp(expires_at, UTC),
        authenticated_at=(
            datetime.fromtimestamp(_time(claims, "auth_time"), UTC) if "auth_time" in claims else None
        ),
        context=_text(claims, "acr") if "acr" in claims else "",
        methods=_texts(claims, "amr") if "amr" in claims else (),
        sid=_text(claims, "sid") if "sid" in claims else "",
        claims=MappingProxyType(claims),
        raw=raw,
    )


def validate_same_subject(front: IdToken, back: IdToken) -> None:
    """Refuse when the two tokens of a hybrid sign-in are about different people (Core §3.3.3.6)."""
    if (front.issuer, front.subject) != (back.issuer, back.subject):
        raise OidcRefusal(OidcCode.SUBJECT, "the two ID tokens differ in issuer or subject")


def check_userinfo_sub(userinfo: Mapping[str, Any], token: IdToken) -> None:
    """Refuse userinfo that is not about the person in the ID token (Core §5.3.2: token substitution)."""
    subject = userinfo.get("sub")
    if not isinstance(subject, str) or subject != token.subject:
        raise OidcRefusal(OidcCode.SUBJECT, "userinfo is about another subject")


def _verify_signature(
    raw: str, keys: SigningKeys, algorithms: frozenset[str]
) -> tuple[JsonObject, SigningKey, str]:
    parts = _COMPACT.fullmatch(raw) if len(raw) <= MAX_TOKEN_LENGTH else None
    if parts is None:
        raise OidcRefusal(OidcCode.MALFORMED, "not a signed token of three parts")
    header = _decode(parts[1])
    algorithm, kid = header.get("alg"), header.get("kid")
    if not isinstance(algorithm, str) or algorithm not in algorithms:
        raise OidcRefusal(OidcCode.ALGORITHM, f"the token is signed with {algorithm!r}")
    if "crit" in header or "b64" in header:
        raise OidcRefusal(OidcCode.MALFORMED, "the header asks for an extension (crit)")
    if str(header.get("typ", "JWT")).upper() not in ("JWT", "APPLICATION/JWT"):
        # RFC 8725 §3.11: an access token (at+jwt) or logout token of the same provider is no ID token.
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


def _check_issuer(claims: JsonObject, key: SigningKey, expected: ExpectedToken) -> str:
    issuer = _text(claims, "iss", OidcCode.ISSUER)
    wanted = expected.issuer
    if TENANT_PLACEHOLDER in wanted:
        tenant_id = _text(claims, "tid", OidcCode.ISSUER)
        wanted = issuer_for_tenant(expected.issuer, tenant_id)
        # A key of one tenant's own must not sign for others; a key that does not say whom it signs for is
        # not taken.
        if key.issuer is None or issuer_for_tenant(key.issuer, tenant_id) != wanted:
            raise OidcRefusal(OidcCode.ISSUER, "the key may not sign for this tenant")
    if issuer != wanted:
        raise OidcRefusal(OidcCode.ISSUER, f"{issuer!r}, not {wanted!r}")
    return issuer


def _check_audience(claims: JsonObject, client_id: str) -> tuple[str, ...]:
    audience = (
        (claims["aud"],) if isinstance(claims.get("aud"), str) else _texts(claims, "aud", OidcCode.AUDIENCE)
    )
    if not client_id or client_id not in audience:
        raise OidcRefusal(OidcCode.AUDIENCE, f"{audience!r}")
    if "azp" in claims:
        if _text(claims, "azp", OidcCode.AZP) != client_id:
            raise OidcRefusal(OidcCode.AZP, f"{claims['azp']!r}")
    elif len(set(audience)) > 1:
        raise OidcRefusal(OidcCode.AZP, "several audiences and no azp")
    return audience


def _check_times(claims: JsonObject, now: datetime) -> tuple[int, int]:
    current = now.timestamp()
    issued_at, expires_at = _time(claims, "iat"), _time(claims, "exp")
    if expires_at + SKEW_SECONDS <= current:
        raise OidcRefusal(OidcCode.EXPIRED, f"{current - expires_at:.0f} s ago")
    if issued_at - SKEW_SECONDS > current:
        raise OidcRefusal(OidcCode.ISSUED_AT, f"{issued_at - current:.0f} s in the future")
    if issued_at + MAX_AGE_SECONDS + SKEW_SECONDS < current:
        raise OidcRefusal(OidcCode.ISSUED_AT, f"{current - issued_at:.0f} s ago")
    if "nbf" in claims and _time(claims, "nbf") - SKEW_SECONDS > current:
        raise OidcRefusal(OidcCode.NOT_BEFORE, f"{_time(claims, 'nbf') - current:.0f} s in the future")
    return issued_at, expires_at


def _check_hash(claims: JsonObject, name: str, value: str | None, algorithm: str, *, required: bool) -> None:
    code = OidcCode.C_HASH if name == "c_hash" else OidcCode.AT_HASH
    if name not in claims:
        if required:
            raise OidcRefusal(code, "missing")
        return
    said = _text(claims, name, code)
    if value is None:
        return
    whole = _HASHES.get(algorithm[-3:], _ED25519_HASH)(value.encode()).digest()
    half = base64.urlsafe_b64encode(whole[: len(whole) // 2]).rstrip(b"=")
    if not hmac.compare_digest(said.encode(), half):
        raise OidcRefusal(code)


def _subject(claims: JsonObject) -> str:
    subject = _text(claims, "sub", OidcCode.SUBJECT)
    if len(subject) > MAX_SUBJECT_LENGTH or not _SUBJECT.fullmatch(subject):
        raise OidcRefusal(OidcCode.SUBJECT, "empty, padded, too long, or not in ASCII")
    return subject


def _text(claims: JsonObject, name: str, code: OidcCode = OidcCode.CLAIM) -> str:
    value = claims.get(name)
    if not isinstance(value, str):
        raise OidcRefusal(code, f"{name} is missing or no text")
    return value


def _texts(claims: JsonObject, name: str, code: OidcCode = OidcCode.CLAIM) -> tuple[str, ...]:
    value = claims.get(name)
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise OidcRefusal(code, f"{name} is missing or no list of texts")
    return tuple(value)


def _time(claims: JsonObject, name: str) -> int:
    # NumericDate may have a fraction (RFC 7519 §2); a bool is an int in Python, and a number in quotes is
    # none.
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= _LATEST:
        raise OidcRefusal(OidcCode.CLAIM, f"{name} is missing or no time")
    return int(value)
