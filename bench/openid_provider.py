"""A fast OpenID provider in a process of its own: ``python -m bench.openid_provider PORT``.

Tokens are signed when the browser comes, before what is measured; the token endpoint only looks them up. It counts the
connections that it accepted and the requests by path: ``/counts`` tells, and begins again at nothing.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import secrets
import sys
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from bench.people import marked, user_name
from bench.saml_responses import GROUPS, SPACES

CLIENT_ID, CLIENT_SECRET = "bench-client", "bench-secret-which-opens-nothing-else"
KEY_NAME = "bench-key"
_KEPT_OPEN = b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%b\r\n"


class OpenIdProvider:
    """``answer`` is what a path says; PKCE, redirect URI and secret are checked as a provider checks them."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self.counts: Counter[str] = Counter()
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._grants: dict[str, tuple[Mapping[str, str], bytes]] = {}  # by code: what was asked, the tokens
        self._people: dict[str, bytes] = {}  # by access token: userinfo
        self._basic = "Basic " + base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()

    def answer(self, target: str, headers: Mapping[str, str], body: str) -> tuple[bytes, bytes, bytes]:
        """Return status, body and further header lines."""
        path = urlsplit(target).path
        self.counts[path] += 1
        match path:
            case "/.well-known/openid-configuration":
                return b"200 OK", _json(self._document()), b""
            case "/keys":
                return b"200 OK", _json({"keys": [self._public()]}), b""
            case "/authorize":
                return b"302 Found", b"", f"Location: {self._authorize(target)}\r\n".encode()
            case "/token":
                return self._redeem(headers, {name: value[0] for name, value in parse_qs(body).items()})
            case "/userinfo":
                found = self._people.get(headers.get("authorization", "").removeprefix("Bearer "))
                return (b"200 OK", found, b"") if found else (b"401 Unauthorized", b"{}", b"")
            case "/counts":
                told, self.counts = dict(self.counts), Counter()
                return b"200 OK", _json(told), b""
        return b"404 Not Found", b"{}", b""

    def _document(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "jwks_uri": f"{self.issuer}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        }

    def _public(self) -> dict[str, str]:
        numbers = self._key.public_key().public_numbers()
        n, e = (_encoded(value.to_bytes(-(-value.bit_length() // 8))) for value in (numbers.n, numbers.e))
        return {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": KEY_NAME, "n": n, "e": e}

    def _authorize(self, target: str) -> str:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(target).query).items()}
        code, access_token = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        person = _person(int(asked["person"]))
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": asked["client_id"],
            "iat": now,
            "exp": now + 1500,
            "nonce": asked["nonce"],
            "at_hash": _encoded(hashlib.sha256(access_token.encode()).digest()[:16]),
            **person,
        }
        tokens = {
            "token_type": "Bearer",
            "access_token": access_token,
            "expires_in": 1500,
            "id_token": self._signed(claims),
        }
        self._grants[code] = asked, _json(tokens)
        self._people[access_token] = _json(person)
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def _redeem(self, headers: Mapping[str, str], form: Mapping[str, str]) -> tuple[bytes, bytes, bytes]:
        by_form = (form.get("client_id"), form.get("client_secret")) == (CLIENT_ID, CLIENT_SECRET)
        if not by_form and headers.get("authorization") != self._basic:
            return b"401 Unauthorized", b'{"error":"invalid_client"}', b""
        asked, tokens = self._grants.pop(form.get("code", ""), ({}, b""))
        challenge = _encoded(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if (asked.get("redirect_uri"), asked.get("code_challenge")) != (form.get("redirect_uri"), challenge):
            return b"400 Bad Request", b'{"error":"invalid_grant"}', b""
        return b"200 OK", tokens, b""

    def _signed(self, claims: Mapping[str, Any]) -> str:
        header = _encoded(_json({"alg": "RS256", "typ": "JWT", "kid": KEY_NAME}))
        signed = f"{header}.{_encoded(_json(claims))}"
        signature = self._key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{signed}.{_encoded(signature)}"

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until the client closes it."""
        self.counts["connections"] += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                first, *lines = head.decode("latin-1").split("\r\n")
                headers = {
                    name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
                }
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                status, answer, further = self.answer(first.split(" ")[1], headers, body.decode())
                writer.write(_KEPT_OPEN % (status, len(answer), further) + answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


def _person(number: int) -> dict[str, Any]:
    mark = marked(number)
    return {
        "sub": f"subject-{mark}",
        "email": user_name(number),
        "email_verified": True,
        "preferred_username": user_name(number),
        "given_name": f"Given{mark}",
        "family_name": f"Family{mark}",
        "space_name": list(SPACES),
        "space_role": ["Space Developer"],
        "groups": list(GROUPS),
    }


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


async def _serve(port: int) -> None:
    provider = OpenIdProvider(f"http://127.0.0.1:{port}")
    server = await asyncio.start_server(provider.converse, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
