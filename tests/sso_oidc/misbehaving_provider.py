"""An OpenID provider in a thread that does everything right until a test makes it misbehave.

``MisbehavingProvider`` serves discovery, keys, token endpoint and userinfo over real HTTP. A test changes
what is said (``document``, ``jwks``, ``claims``, ``token_answer``) or how (``server.routes``), and forges
tokens with ``sign``, which signs whatever it is given, also with headers and algorithms that no honest
provider would use.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any, Self

from joserfc import jws
from joserfc.jwk import ECKey, OKPKey, RSAKey

from foundation.http import OutboundHttp
from tests.foundation.local_server import LocalServer, Visit, answer

PrivateKey = RSAKey | ECKey | OKPKey

CLIENT_ID = "broker-client"
CLIENT_SECRET = "p:ss wörd&"
CODE = "code-4711"
ACCESS_TOKEN = "access-token-4711"
NONCE = "nonce-4711"
STATE = "state-4711"
REDIRECT_URI = "https://broker.example/sso/oidc/acme/callback"

# Making RSA keys is slow; nobody changes these.
RSA = RSAKey.generate_key(2048, {"kid": "rsa-1", "use": "sig"})
OTHER_RSA = RSAKey.generate_key(2048, {"kid": "rsa-2", "use": "sig"})


def part(value: bytes | dict[str, Any]) -> str:
    """Encode a part of a token."""
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def sign(claims: bytes | dict[str, Any], key: PrivateKey, *, alg: str = "RS256", **header: Any) -> str:
    """Return a token with this header (``kid=None`` leaves it out) and these claims, signed as told."""
    named = {"alg": alg, "typ": "JWT", "kid": key.kid, **header}
    signed = part({name: value for name, value in named.items() if value is not None}) + "." + part(claims)
    signature = jws.JWSRegistry.algorithms[alg].sign(signed.encode(), key)
    return f"{signed}.{part(signature)}"


def sign_with_hmac(claims: dict[str, Any], secret: bytes, kid: str) -> str:
    """Return a token with HS256. By hand, because no honest library takes a public key as the secret."""
    signed = part({"alg": "HS256", "typ": "JWT", "kid": kid}) + "." + part(claims)
    return f"{signed}.{part(hmac.new(secret, signed.encode(), hashlib.sha256).digest())}"


def half_hash(value: str, name: str = "sha256") -> str:
    """Return at_hash or c_hash of ``value``."""
    digest = hashlib.new(name, value.encode()).digest()
    return part(digest[: len(digest) // 2])


def public(*keys: PrivateKey, **members: Any) -> dict[str, Any]:
    """Return the published key set of these keys; ``members`` are added to each."""
    return {"keys": [{**key.as_dict(private=False), **members} for key in keys]}


class MemoryCache:
    """A cache as Discovery wants it. Time is the test's."""

    def __init__(self) -> None:
        self.now = time.time()
        self._kept: dict[str, tuple[object, float]] = {}

    def clock(self) -> float:
        return self.now

    def get(self, key: str, /) -> object:
        value, until = self._kept.get(key, (None, 0.0))
        return value if until > self.now else None

    def set(self, key: str, value: object, seconds: int, /) -> None:
        self._kept[key] = (value, self.now + seconds)


class MisbehavingProvider:
    """The provider; a context manager. ``issuer`` is its URL on this machine."""

    def __init__(self, server: LocalServer | None = None) -> None:
        self.server = server or LocalServer()
        self._clients: list[OutboundHttp] = []
        self.key: PrivateKey = RSA
        self.jwks: dict[str, Any] = {}
        self.userinfo: dict[str, Any] = {}
        self.document: dict[str, Any] = {}

    def __enter__(self) -> Self:
        self.server.__enter__()
        self.issuer = self.server.url("")
        self.behave()
        return self

    def behave(self) -> None:
        """Do everything right, whatever was done before."""
        self.key = RSA
        self.jwks = public(RSA)
        self.userinfo = {"sub": "person-1", "email": "ada@acme.example"}
        self.document = {
            "issuer": self.issuer,
            "authorization_endpoint": self.server.url("/authorize"),
            "token_endpoint": self.server.url("/token"),
            "jwks_uri": self.server.url("/keys"),
            "userinfo_endpoint": self.server.url("/userinfo"),
            "response_types_supported": ["code", "code id_token"],
            "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
        }
        self.token_answer: dict[str, Any] = {
            "token_type": "Bearer",
            "access_token": ACCESS_TOKEN,
            "id_token": sign(self.claims(), self.key),
        }
        self.server.routes.clear()
        self.server.routes.update(
            {
                "/.well-known/openid-configuration": lambda visit: answer(self.document)(visit),
                "/keys": lambda visit: answer(self.jwks)(visit),
                "/token": self._token,
                "/userinfo": self._userinfo,
            }
        )

    def __exit__(self, *failure: object) -> None:
        for client in self._clients:
            client.close()
        self.server.__exit__(*failure)

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Return good claims of an ID token with changes; None leaves a claim out."""
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": "person-1",
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 300,
            "nonce": NONCE,
            **changes,
        }
        return {name: value for name, value in claims.items() if value is not None}

    def http(self) -> OutboundHttp:
        """Return a client that may reach this provider."""
        self._clients.append(OutboundHttp(allow=self.server.allowed))
        return self._clients[-1]

    def count(self, path: str) -> int:
        """Tell how often a path was asked for."""
        return self.server.paths().count(path)

    def _token(self, visit: Visit) -> None:
        basic = "Basic " + base64.b64encode(b"broker-client:p%3Ass+w%C3%B6rd%26").decode()
        by_form = (visit.seen.form.get("client_id"), visit.seen.form.get("client_secret")) == (
            CLIENT_ID,
            CLIENT_SECRET,
        )
        if not by_form and visit.seen.headers.get("authorization") != basic:
            return answer({"error": "invalid_client"}, status=401)(visit)
        if visit.seen.form.get("code") != CODE or visit.seen.form.get("redirect_uri") != REDIRECT_URI:
            return answer({"error": "invalid_grant"}, status=400)(visit)
        return answer(self.token_answer)(visit)

    def _userinfo(self, visit: Visit) -> None:
        if visit.seen.headers.get("authorization") != f"Bearer {ACCESS_TOKEN}":
            return answer(b"", status=401)(visit)
        return answer(self.userinfo)(visit)
