"""Acme and its OpenID provider, of which the tests hold every string: what it asks for, checks, and answers.

    world = OpenIdWorld(idp)              # an enabled provider of the account, at ``idp``
    asked = world.leave()                 # the authorization request, pushed or not
    page = world.come_back(asked)         # the browser's answer at our callback, redirects followed
    assert world.me()["authenticated"]

``ClientCheckingProvider`` knows us as its administrator registered us and takes nothing else at its own endpoints.
"""

from __future__ import annotations

import base64
import hashlib
import time
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.http import HttpResponse
from django.test import Client
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, RSAKey

from accounts import lifecycle
from accounts.models import EmailDomain
from audit.actors import configuration
from audit.models import AuditEvent, FailureLogEntry
from sso import providers
from sso.models import IdentityProvider, ProtocolName, Vendor
from sso_oidc.configuration import OidcValues, save_oidc_settings
from tests.conftest import BASE_URL, client_of
from tests.foundation.local_server import Visit, answer
from tests.sso_oidc.misbehaving_provider import (
    ACCESS_TOKEN,
    CLIENT_ID,
    CLIENT_SECRET,
    CODE,
    MisbehavingProvider,
    half_hash,
    sign,
)

OPERATOR = configuration("tests")
LOGIN = "/sso/oidc/acme/login"
CALLBACK = "/sso/oidc/acme/callback"
JWKS = "/sso/oidc/acme/jwks.json"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
PAR = "/par"
_make_key = rsa.generate_private_key


class ClientCheckingProvider(MisbehavingProvider):
    """A provider that authenticates clients to the letter.

    ``method`` is how we are registered, ``known_keys`` the key set that its administrator let it read,
    ``known_certificate`` the file that was uploaded there, ``audiences`` what it answers to ("issuer", "endpoint").
    ``assertions`` are the claims of those that it accepted.
    """

    def __enter__(self) -> ClientCheckingProvider:
        super().__enter__()
        self.method = "client_secret_basic"
        self.known_keys: dict[str, Any] = {"keys": []}
        self.known_certificate = ""
        self.audiences = {"issuer"}
        self.algorithms = {"RS256", "PS256"}
        self.assertions: list[dict[str, Any]] = []
        self.headers: list[dict[str, Any]] = []
        self.pushed: dict[str, dict[str, str]] = {}
        self.par_answer: dict[str, Any] = {}
        self.asked: dict[str, str] = {}
        self.server.routes.update({"/token": self._redeem, PAR: self._push})
        return self

    def offer_pushed_requests(self, *, required: bool = False) -> None:
        self.document["pushed_authorization_request_endpoint"] = self.server.url(PAR)
        self.document["require_pushed_authorization_requests"] = required

    def authenticated(self, visit: Visit) -> bool:
        form = visit.seen.form
        header = visit.seen.headers.get("authorization")
        basic = "Basic " + base64.b64encode(b"broker-client:p%3Ass+w%C3%B6rd%26").decode()
        sent = {
            "client_secret_basic": header == basic,
            "client_secret_post": form.get("client_secret") == CLIENT_SECRET,
            "private_key_jwt": "client_assertion" in form,
        }
        if {name for name, present in sent.items() if present} != {self.method} - {"none"}:
            return False
        if self.method != "client_secret_basic" and form.get("client_id") != CLIENT_ID:
            return False
        return self.method != "private_key_jwt" or self._asserted(visit)

    def _asserted(self, visit: Visit) -> bool:
        form = visit.seen.form
        token = form["client_assertion"]
        header = jws.extract_compact(token.encode()).headers()
        if form.get("client_assertion_type") != ASSERTION_TYPE or header.get("typ") != "JWT":
            return False
        try:
            claims = jwt.decode(token, self._key(header), algorithms=sorted(self.algorithms)).claims
        except (JoseError, ValueError, KeyError):
            return False
        own = {"issuer": self.issuer, "endpoint": self.server.url(visit.seen.path)}
        now = time.time()
        good = (
            claims["iss"] == claims["sub"] == CLIENT_ID
            and claims["aud"] in {own[name] for name in self.audiences}
            and claims["nbf"] <= claims["iat"] <= now + 1
            and now < claims["exp"] <= claims["iat"] + 300
            and 20 <= len(claims["jti"]) <= 64
            and claims["jti"] not in {seen["jti"] for seen in self.assertions}
        )
        if good:
            self.assertions.append(claims)
            self.headers.append(header)
        return good

    def _key(self, header: dict[str, Any]) -> RSAKey | KeySet:
        if not self.known_certificate:
            return KeySet.import_key_set(
                {"keys": [k for k in self.known_keys["keys"] if k["kid"] == header["kid"]]}
            )
        certificate = x509.load_pem_x509_certificate(self.known_certificate.encode())
        thumbprint = base64.urlsafe_b64encode(certificate.fingerprint(hashes.SHA256())).rstrip(b"=").decode()
        if header["x5t#S256"] != thumbprint:
            raise ValueError("another certificate")
        pem = certificate.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return RSAKey.import_key(pem)

    def _redeem(self, visit: Visit) -> None:
        if not self.authenticated(visit):
            return answer({"error": "invalid_client"}, status=401)(visit)
        form = visit.seen.form
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest())
        if (
            form["code"] != CODE
            or form["redirect_uri"] != self.asked["redirect_uri"]
            or challenge.rstrip(b"=").decode() != self.asked["code_challenge"]
        ):
            return answer({"error": "invalid_grant"}, status=400)(visit)
        return answer(self.token_answer)(visit)

    def _push(self, visit: Visit) -> None:
        if not self.authenticated(visit):
            return answer({"error": "invalid_client"}, status=401)(visit)
        request_uri = f"urn:ietf:params:oauth:request_uri:{len(self.pushed)}"
        self.pushed[request_uri] = visit.seen.form
        good = {"request_uri": request_uri, "expires_in": 60, **self.par_answer}
        return answer(good, status=201)(visit)


@dataclass
class OpenIdWorld:
    """The account ``acme`` with the provider ``acme`` at ``idp``, and somebody's browser."""

    idp: ClientCheckingProvider
    vendor: Vendor = Vendor.OTHER
    values: dict[str, Any] = field(default_factory=dict)
    browser: Client = field(default_factory=lambda: client_of("localhost:8000"))

    def __post_init__(self) -> None:
        account = lifecycle.create_account(actor=OPERATOR, slug="acme", name="Acme", sso_module=True)
        lifecycle.verify_domain(
            account=account, actor=OPERATOR, domain="acme.example", method=EmailDomain.Method.OPERATOR
        )
        self.provider: IdentityProvider = providers.create_provider(
            actor=OPERATOR,
            slug="acme",
            name="Acme",
            protocol=ProtocolName.OIDC,
            vendor=self.vendor,
            account=account,
        )
        known = {"issuer": self.idp.issuer, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        self.save(**{**known, **self.values})
        providers.enable_provider(provider=self.provider, actor=OPERATOR)

    def save(self, **values: Any) -> frozenset[str]:
        return save_oidc_settings(provider=self.provider, actor=OPERATOR, values=OidcValues(**values))

    def leave(self, **query: str) -> dict[str, str]:
        """Go to the login address and return what the provider was asked, wherever it was said."""
        page = self.browser.get(LOGIN, query)
        assert page.status_code == 302, page.content.decode()[:2000]
        sent = dict(parse_qsl(urlsplit(page["Location"]).query))
        if "request_uri" in sent:
            assert set(sent) == {"client_id", "request_uri"}
            sent = self.idp.pushed[sent["request_uri"]]
        self.idp.asked = sent
        return sent

    def come_back(
        self, asked: dict[str, str], *, front: dict[str, Any] | None = None, **changes: Any
    ) -> HttpResponse:
        """Deliver the provider's answer; ``changes`` are to the ID token's claims, ``front`` to the first one's."""
        said = {
            "nonce": asked["nonce"],
            "email": "ada@acme.example",
            "email_verified": True,
            "given_name": "Ada",
            "groups": [],
            "space_name": [],
            **changes,
        }
        self.idp.token_answer |= {
            "access_token": ACCESS_TOKEN,
            "id_token": sign(self.idp.claims(**said), self.idp.key),
        }
        if asked["response_type"] == "code":
            page = self.browser.get(CALLBACK, {"code": CODE, "state": asked["state"]})
            return page  # type: ignore[return-value]
        token = sign(self.idp.claims(**{**said, "c_hash": half_hash(CODE), **(front or {})}), self.idp.key)
        stranger = client_of("localhost:8000")  # a cross-site POST carries no Lax cookie
        page = stranger.post(CALLBACK, {"code": CODE, "state": asked["state"], "id_token": token})
        return self.browser.get(page["Location"]) if page.status_code == 303 else page  # type: ignore[return-value]

    def sign_in(self, **changes: Any) -> HttpResponse:
        return self.come_back(self.leave(), **changes)

    def me(self) -> dict[str, Any]:
        found: dict[str, Any] = self.browser.get("/api/me").json()
        return found

    @property
    def is_in(self) -> bool:
        return bool(self.me()["authenticated"])


@cache
def _ready_made(number: int) -> rsa.RSAPrivateKey:
    return _make_key(public_exponent=65537, key_size=2048)


def ready_made_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare a test the making of RSA keys; within one test no two are the same."""
    numbers = count()
    monkeypatch.setattr(rsa, "generate_private_key", lambda **_wanted: _ready_made(next(numbers)))


def allow(idp: MisbehavingProvider, settings: object) -> None:
    """Let the product reach the provider on this machine."""
    settings.BROKER_NETWORK_ALLOW_LIST = idp.server.allowed  # type: ignore[attr-defined]


def last_code() -> str:
    """Return why the last sign-in failed, as support finds it."""
    return FailureLogEntry.objects.latest("last_seen").code


def last_detail() -> str:
    return FailureLogEntry.objects.latest("last_seen").message


def audited(action: str) -> int:
    return AuditEvent.objects.filter(action=action).count()


def url(path: str) -> str:
    return f"{BASE_URL}{path}"
