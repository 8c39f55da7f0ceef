"""Validate a logout token to the letter (OpenID Connect Back-Channel Logout 1.0 §2.4, §2.6; O-7).

    token = validate_logout_token(raw, keys=keys, expected=ExpectedLogout(issuer=..., client_id=..., now=...))

No Django, no network. Signature, issuer, audience and times are checked as an ID token's are
(``signed_tokens``). Then come the marks that tell the two apart, so that neither is ever taken for the other:
the logout event must be there and ``nonce`` must not, while an ID token of ours always has our nonce (§4.1).
``typ`` is ``logout+jwt`` from providers that follow the final specification, ``JWT`` or nothing from older ones.

That a token is used once is the caller's to see to: ``jti`` names it until ``usable_until``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from foundation.strict_json import JsonObject
from sso_oidc.errors import OidcCode, OidcRefusal
from sso_oidc.keys import ID_TOKEN_ALGORITHMS, SigningKeys
from sso_oidc.signed_tokens import (
    MAX_AGE_SECONDS,
    SKEW_SECONDS,
    check_audience,
    check_issuer,
    check_times,
    read_subject,
    read_text,
    verify_signature,
)

LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
_TYPES = frozenset({"LOGOUT+JWT", "JWT"})


@dataclass(frozen=True, slots=True)
class ExpectedLogout:
    """What the token must say: ``issuer`` exactly or Entra's template, ``client_id`` as audience. ``now`` is aware."""

    issuer: str
    client_id: str
    now: datetime
    algorithms: frozenset[str] = ID_TOKEN_ALGORITHMS


@dataclass(frozen=True, slots=True)
class LogoutToken:
    """A validated logout token: ``subject`` or ``sid`` may be empty, not both. Times are aware.

    ``issuer`` is that of the tenant where the provider has a template, and ``tenant_id`` then names the tenant.
    """

    issuer: str
    tenant_id: str
    subject: str
    sid: str
    jti: str = field(repr=False)
    issued_at: datetime
    usable_until: datetime  # from then on it would be refused for its age


def validate_logout_token(raw: str, *, keys: SigningKeys, expected: ExpectedLogout) -> LogoutToken:
    """Return the token if every check passes.

    Raises:
        UnknownKey: it is signed with a key that is not among ``keys``.
        OidcRefusal: any other check failed; see ``OidcCode``.
    """
    claims, key, _algorithm = verify_signature(raw, keys, algorithms=expected.algorithms, types=_TYPES)
    issuer = check_issuer(claims, key, expected.issuer)
    check_audience(claims, expected.client_id)
    issued_at, expires_at = check_times(claims, expected.now)
    _check_event(claims)
    if "nonce" in claims:
        raise OidcRefusal(OidcCode.NONCE, "a logout token has none")
    jti = read_text(claims, "jti", OidcCode.JTI)
    if not jti or not jti.isprintable():
        raise OidcRefusal(OidcCode.JTI, "empty or not printable")
    oldest = min(expires_at, issued_at + MAX_AGE_SECONDS)
    return LogoutToken(
        issuer=issuer,
        tenant_id=read_text(claims, "tid", OidcCode.ISSUER) if issuer != expected.issuer else "",
        subject=read_subject(claims) if "sub" in claims else "",
        sid=_sid(claims),
        jti=jti,
        issued_at=datetime.fromtimestamp(issued_at, UTC),
        usable_until=datetime.fromtimestamp(oldest, UTC) + timedelta(seconds=SKEW_SECONDS + 1),
    )


def _check_event(claims: JsonObject) -> None:
    # §2.4: the event's value is an object and should be the empty one; Keycloak puts revoke_offline_access into it.
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(LOGOUT_EVENT), dict):
        raise OidcRefusal(OidcCode.LOGOUT_EVENT, "missing or no object")


def _sid(claims: JsonObject) -> str:
    if "sid" not in claims:
        if "sub" not in claims:
            raise OidcRefusal(OidcCode.SUBJECT, "neither sub nor sid")
        return ""
    sid = read_text(claims, "sid")
    if not sid or not sid.isprintable():
        raise OidcRefusal(OidcCode.CLAIM, "sid is empty or not printable")
    return sid
