"""A provider that signs people in as OpenID Connect says, until a case makes it say or do something else.

The test plays the browser: it hands ``authorize`` the address that the product sent it to and delivers what comes back.
Codes are bound to client, redirect URI and PKCE challenge and used once; tokens carry the nonce and the hashes.
"""

from __future__ import annotations

import base64
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qs, quote_plus, urlsplit

from sso_oidc.authorization import pkce_challenge
from tests.foundation.local_server import Visit, answer
from tests.sso_oidc.misbehaving_provider import MisbehavingProvider, half_hash, sign

ADA = "ada@acme.example"
SECRET = "secret of the broker & nobody else"
Fields = Sequence[tuple[str, str]]


class Token(StrEnum):
    """The two ID tokens of a sign-in: through the browser (hybrid only), and from the token endpoint."""

    FRONT = "front"
    BACK = "back"


@dataclass(frozen=True)
class In:
    """A time in a claim, so many seconds from now."""

    seconds: float


@dataclass
class Grant:
    """What the provider remembers of one authorization request; ``asked`` are its parameters."""

    asked: dict[str, str]
    code: str = field(default_factory=lambda: f"code-{secrets.token_urlsafe(12)}")
    access_token: str = field(default_factory=lambda: f"access-{secrets.token_urlsafe(12)}")
    used: bool = False

    @property
    def hybrid(self) -> bool:
        return "id_token" in self.asked["response_type"].split()


class AuthorizingProvider(MisbehavingProvider):
    """``claims_changes`` change the claims of one of the tokens (``...`` leaves one out), ``sealed_by`` signs them."""

    def behave(self) -> None:
        """Do everything right, and forget all grants."""
        super().behave()
        self.document["token_endpoint_auth_methods_supported"] = ["client_secret_basic"]
        self.document["id_token_signing_alg_values_supported"] = ["RS256", "ES256", "PS256"]
        self.grants: list[Grant] = []
        self.person = ADA
        self.claims_changes: dict[Token, Mapping[str, Any]] = {}
        self.sealed_by: dict[Token, Callable[[dict[str, Any]], str]] = {}
        self.tokens_changes: Mapping[str, Any] = {}
        self.userinfo_changes: Mapping[str, Any] = {}
        self.announces_iss = False
        self.checks_pkce = True
        self.server.requests.clear()

    def authorize(self, address: str) -> tuple[Grant, list[tuple[str, str]]]:
        """Sign ``person`` in; return the grant and the fields that the browser carries home."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        grant = Grant(asked)
        self.grants.append(grant)
        fields = [("code", grant.code)]
        if grant.hybrid:
            fields.append(("id_token", self.id_token(Token.FRONT, grant)))
        fields.append(("state", asked["state"]))
        if self.announces_iss:
            fields.append(("iss", self.issuer))
        return grant, [*fields, ("session_state", "of-no-interest")]

    def id_token(self, which: Token, grant: Grant) -> str:
        """Return one of the two tokens."""
        said: dict[str, Any] = {
            **self.claims(sub=self.subject, aud=grant.asked["client_id"], nonce=grant.asked["nonce"]),
            "email": self.person,
            "email_verified": True,
            "c_hash": half_hash(grant.code),
            **({"at_hash": half_hash(grant.access_token)} if which is Token.BACK else {}),
            **self.claims_changes.get(which, {}),
        }
        now = int(time.time())
        said = {
            name: now + value.seconds if isinstance(value, In) else value
            for name, value in said.items()
            if value is not ...
        }
        seal = self.sealed_by.get(which)
        return seal(said) if seal else sign(said, self.key)

    @property
    def subject(self) -> str:
        """The present person's subject."""
        return f"sub-of-{self.person}"

    def tokens(self, grant: Grant) -> dict[str, Any]:
        """Return the token endpoint's answer."""
        said: dict[str, Any] = {
            "token_type": "Bearer",
            "access_token": grant.access_token,
            "expires_in": 300,
            "id_token": self.id_token(Token.BACK, grant),
            **self.tokens_changes,
        }
        return {name: value for name, value in said.items() if value is not ...}

    def redeemed(self, visit: Visit) -> Grant | None:
        """Return the grant that a token request redeems, None if it may not."""
        form = visit.seen.form
        found = [grant for grant in self.grants if grant.code == form.get("code") and not grant.used]
        if not found or found[0].asked["redirect_uri"] != form.get("redirect_uri"):
            return None
        challenge = found[0].asked.get("code_challenge")
        if self.checks_pkce and pkce_challenge(form.get("code_verifier", "")) != challenge:
            return None
        found[0].used = True
        return found[0]

    def _token(self, visit: Visit) -> None:
        if visit.seen.headers.get("authorization") != _basic(self.client_id, SECRET):
            return answer({"error": "invalid_client"}, status=401)(visit)
        grant = self.redeemed(visit)
        if grant is None:
            return answer({"error": "invalid_grant"}, status=400)(visit)
        return answer(self.tokens(grant))(visit)

    @property
    def client_id(self) -> str:
        """What the product is registered as."""
        return "the-broker"

    def _userinfo(self, visit: Visit) -> None:
        bearer = visit.seen.headers.get("authorization", "").removeprefix("Bearer ")
        if bearer not in {grant.access_token for grant in self.grants}:
            return answer(b"", status=401)(visit)
        said: dict[str, Any] = {"sub": self.subject, "email": self.person, "email_verified": True}
        said |= self.userinfo_changes
        return answer({name: value for name, value in said.items() if value is not ...})(visit)


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{quote_plus(user)}:{quote_plus(password)}".encode()).decode()
