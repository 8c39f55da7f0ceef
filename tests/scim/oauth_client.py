"""A directory that gets its access tokens at ``/oauth/token``: a client's requests, and assertions that it signs."""

from __future__ import annotations

import base64
import json
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from django.http import HttpResponse
from django.test import Client
from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

from audit.actors import configuration
from scim.models import OAuthClient, OAuthClientSecret
from scim.oauth import clients
from tests.scim.directory import Directory

TOKEN_URL = "http://localhost:8000/oauth/token"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
FORM = "application/x-www-form-urlencoded"


@dataclass
class Peer:
    """A client with one secret, of one account."""

    directory: Directory
    row: OAuthClient
    secret: str
    secret_row: OAuthClientSecret
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The client_id."""
        return self.row.client_id

    def ask(self, body: dict[str, Any] | None = None, **headers: str) -> HttpResponse:
        """Ask for a token with the secret in the body; ``body`` adds and replaces parameters, None takes one away."""
        asked = {"grant_type": "client_credentials", "client_id": self.id, "client_secret": self.secret}
        return ask({**asked, **(body or {})}, **headers)

    def token(self, body: dict[str, Any] | None = None) -> str:
        """Return a new access token."""
        return token_of(self.ask(body))

    def uses(self, token: str) -> HttpResponse:
        """List the people of the directory with an access token."""
        return self.directory.get("/Users", authorization=f"Bearer {token}")


def new_peer(directory: Directory, name: str = "Entra") -> Peer:
    """Make a client with a secret for the directory's account."""
    row = clients.create_client(account=directory.account, actor=configuration(), name=name)
    secret_row, secret = clients.add_secret(client=row, actor=configuration())
    return Peer(directory, row, secret, secret_row)


def ask(parameters: dict[str, Any] | str, path: str = "/oauth/token", **headers: str) -> HttpResponse:
    """POST a form; a parameter that is None isn't sent. Forms are never protected by a cookie here."""
    sent = {"host": "localhost:8000"} | {name.replace("_", "-"): value for name, value in headers.items()}
    content_type = sent.pop("content-type", FORM)
    if isinstance(parameters, dict):
        parameters = urlencode({name: value for name, value in parameters.items() if value is not None})
    browser = Client(headers=sent, enforce_csrf_checks=True)
    found: HttpResponse = browser.generic("POST", path, parameters, content_type=content_type)
    assert found.headers["Cache-Control"] == "no-store"
    assert not found.cookies
    return found


def token_of(response: HttpResponse) -> str:
    """Return the access token of an answer that has one, having checked its form (RFC 6749 §5.1)."""
    assert response.status_code == 200, response.content
    body = json.loads(response.content)
    assert body.keys() == {"access_token", "token_type", "expires_in", "scope"}
    assert (body["token_type"], body["scope"]) == ("Bearer", "scim")
    return str(body["access_token"])


def error_of(response: HttpResponse) -> str:
    """Return the error of an answer, having checked its form (RFC 6749 §5.2)."""
    body = json.loads(response.content)
    assert body.keys() == {"error", "error_description"}
    assert response.headers["Content-Type"] == "application/json"
    description = body["error_description"]
    assert description.isascii()
    assert not set('"\\') & set(description)
    assert response.headers["X-Track-Id"] in description
    if body["error"] == "invalid_client":
        assert response.status_code == 401
        assert response.headers["WWW-Authenticate"].startswith("Basic ")
    return str(body["error"])


def basic(client_id: str, secret: str) -> str:
    """Return the Authorization header of client_secret_basic."""
    return "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()


def rsa_key(bits: int = 2048, kid: str | None = "first") -> RSAKey:
    """Make a key pair."""
    return RSAKey.generate_key(bits, {"kid": kid} if kid else None)


def jwks(*keys: RSAKey | ECKey, private: bool = False) -> str:
    """Return a key set as an administrator pastes it."""
    return json.dumps({"keys": [key.as_dict(private=private) for key in keys]})


def claims(client_id: str, **changed: Any) -> dict[str, Any]:
    """Return the claims of a good assertion; None takes one away."""
    now = int(time.time())
    good = {
        "iss": client_id,
        "sub": client_id,
        "aud": TOKEN_URL,
        "iat": now,
        "exp": now + 240,
        "jti": uuid4().hex,
    }
    return {name: value for name, value in {**good, **changed}.items() if value is not None}


def signed(content: dict[str, Any], key: Any, algorithm: str = "RS256", **header: Any) -> str:
    """Sign an assertion."""
    allowed = [algorithm]
    protected = {"alg": algorithm, **header}
    return jws.serialize_compact(
        protected,
        json.dumps(content),
        key,
        registry=jws.JWSRegistry(algorithms=allowed, strict_check_header=False),
    )


def raw(header: dict[str, Any], content: dict[str, Any], signature: bytes = b"") -> str:
    """Return an assertion made by hand."""
    parts = [json.dumps(header).encode(), json.dumps(content).encode(), signature]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def assertion_form(assertion: str, **changed: Any) -> dict[str, Any]:
    """Return the parameters of private_key_jwt."""
    asked = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": assertion,
    }
    return {**asked, **changed}


def present(assertion: str, **changed: Any) -> HttpResponse:
    """Ask for a token with an assertion."""
    return ask(assertion_form(assertion, **changed))
