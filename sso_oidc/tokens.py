"""Validate an ID token to the letter (OpenID Connect Core §3.1.3.7, §3.3.2.12; RFC 8725; O-6).

    expected = ExpectedToken(issuer=..., client_id=..., nonce=..., now=..., access_token=...)
    token = validate_id_token(raw, keys=keys, expected=expected)  # keys: sso_oidc.keys.SigningKeys

No Django, no network. What it shares with logout tokens (signature, issuer, audience, times) is in
``signed_tokens``. Each refusal is an ``OidcRefusal`` with its own code; ``UnknownKey`` asks the caller to
refresh the keys once (``Discovery.check_with_keys`` does).

Whoever runs the hybrid flow has two tokens: the front-channel one must carry ``c_hash`` and is compared
with the one from the token endpoint by ``validate_same_subject``.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from foundation.strict_json import JsonObject
from sso_oidc.errors import OidcCode, OidcRefusal
from sso_oidc.keys import ID_TOKEN_ALGORITHMS, SigningKeys
from sso_oidc.signed_tokens import (
    check_audience,
    check_issuer,
    check_times,
    read_subject,
    read_text,
    read_texts,
    read_time,
    verify_signature,
)

_TYPES = frozenset({"JWT"})
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
    claims, key, algorithm = verify_signature(raw, keys, algorithms=expected.algorithms, types=_TYPES)
    issuer = check_issuer(claims, key, expected.issuer)
    audience = check_audience(claims, expected.client_id)
    issued_at, expires_at = check_times(claims, expected.now)
    nonce = read_text(claims, "nonce", OidcCode.NONCE)
    if not expected.nonce or not hmac.compare_digest(nonce.encode(), expected.nonce.encode()):
        raise OidcRefusal(OidcCode.NONCE)
    _check_hash(claims, "c_hash", expected.code, algorithm, required=expected.channel is Channel.FRONT)
    _check_hash(claims, "at_hash", expected.access_token, algorithm, required=False)
    return IdToken(
        issuer=issuer,
        subject=read_subject(claims),
        audience=audience,
        issued_at=datetime.fromtimestamp(issued_at, UTC),
        expires_at=datetime.fromtimestamp(expires_at, UTC),
        authenticated_at=(
            datetime.fromtimestamp(read_time(claims, "auth_time"), UTC) if "auth_time" in claims else None
        ),
        context=read_text(claims, "acr") if "acr" in claims else "",
        methods=read_texts(claims, "amr") if "amr" in claims else (),
        sid=read_text(claims, "sid") if "sid" in claims else "",
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


def _check_hash(claims: JsonObject, name: str, value: str | None, algorithm: str, *, required: bool) -> None:
    code = OidcCode.C_HASH if name == "c_hash" else OidcCode.AT_HASH
    if name not in claims:
        if required:
            raise OidcRefusal(code, "missing")
        return
    said = read_text(claims, name, code)
    if value is None:
        return
    whole = _HASHES.get(algorithm[-3:], _ED25519_HASH)(value.encode()).digest()
    half = base64.urlsafe_b64encode(whole[: len(whole) // 2]).rstrip(b"=")
    if not hmac.compare_digest(said.encode(), half):
        raise OidcRefusal(code)
