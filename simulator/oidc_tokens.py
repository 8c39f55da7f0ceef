"""ID tokens: the protocol's claims around those of ``dialects.py``, signed RS256 with the directory's key.

On the front channel (hybrid) a token carries ``c_hash``. From the token endpoint it carries ``at_hash``,
except at Entra, whose tokens from there have neither.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import time

from joserfc import jwt

from simulator.config import Vendor
from simulator.dialects import Channel, oidc_claims, subject
from simulator.oidc_grants import TOKEN_SECONDS, Grant
from simulator.site import Site


def id_token(site: Site, grant: Grant, channel: Channel, *, code: str = "", access_token: str = "") -> str:
    """A signed ID token. ``code`` is hashed on the front channel, ``access_token`` at the token endpoint."""
    directory = site.directory
    now = int(time.time())
    claims: dict[str, object] = {
        "iss": site.urls.issuer_of("".join(grant.selection.claims.get("tenant_id") or ())),
        "aud": grant.client_id,
        "sub": subject(directory, grant.client_id, grant.selection),
        "iat": now,
        "exp": now + TOKEN_SECONDS,
        "sid": grant.session_id,
    }
    if directory.vendor is Vendor.ENTRA:
        claims |= {"nbf": now, "ver": "2.0", "uti": secrets.token_urlsafe(12)}
    else:
        claims |= {"auth_time": grant.auth_time, "jti": f"ID.{secrets.token_urlsafe(16)}", "amr": ["pwd"]}
    if directory.vendor is Vendor.OKTA:
        claims |= {"ver": 1, "idp": "00osimulator"}
    if grant.nonce is not None:
        claims["nonce"] = grant.nonce
    if grant.selection.session_minutes is not None:
        claims["session_expiry"] = grant.auth_time + 60 * grant.selection.session_minutes
    if channel is Channel.FRONT:
        claims["c_hash"] = left_half_hash(code)
    elif directory.vendor is not Vendor.ENTRA:
        claims["at_hash"] = left_half_hash(access_token)
    claims |= oidc_claims(directory, grant.selection, grant.scopes, channel)
    key = site.oidc_key.jwk
    return jwt.encode({"alg": "RS256", "kid": key.kid}, claims, key)


def left_half_hash(value: str) -> str:
    """``c_hash``, ``at_hash`` for RS256 (OpenID Connect Core §3.3.2.11): half the SHA-256, base64url."""
    digest = hashlib.sha256(value.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest[:16]).decode().rstrip("=")
