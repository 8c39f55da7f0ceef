"""Acme, whose OpenID provider runs in a thread and says what a test wants, and people who sign in through it.

``Scene`` plays the provider's part in the browser: it reads the authorization request off our redirect and sends the
browser back with an answer. Everything else goes over HTTP, on our side through the public addresses alone.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from django.test import Client
from pytest_django import Settings

from sso_oidc.configuration import OidcValues, save_oidc_settings
from sso_oidc.logout_tokens import LOGOUT_EVENT
from tests.foundation.local_server import answer
from tests.journeys.person_browser import HOME, Page, PersonBrowser
from tests.sso_oidc.misbehaving_provider import (
    ACCESS_TOKEN,
    CLIENT_ID,
    CLIENT_SECRET,
    CODE,
    MisbehavingProvider,
    half_hash,
    sign,
)
from tests.worlds import OPERATOR, World, found_account

LOGIN = "/sso/oidc/acme-oidc/login"
CALLBACK = "/sso/oidc/acme-oidc/callback"
BACKCHANNEL = "/sso/oidc/acme-oidc/backchannel-logout"
LOGGED_OUT = "/sso/oidc/acme-oidc/logged-out"
ANONYMOUS = {"authenticated": False}


class In(int):
    """That many seconds from now, whenever the claims are made."""


def query_of(url: str) -> dict[str, str]:
    """The parameters of an address, each of them once."""
    pairs = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    assert len(pairs) == len(dict(pairs))
    return dict(pairs)


@dataclass
class Scene:
    """Acme and its provider. ``slug`` is the provider's here."""

    world: World
    idp: MisbehavingProvider
    slug: str = "acme-oidc"
    asked: dict[str, str] = field(default_factory=dict)  # the last authorization request

    def path(self, name: str) -> str:
        return f"/sso/oidc/{self.slug}/{name}"

    def configure(self, **values: str) -> None:
        """Save settings as an operator."""
        save_oidc_settings(provider=self.world.provider, actor=OPERATOR, values=OidcValues(**values))

    def announce(self, **values: object) -> None:
        """Publish something else from now on; None leaves a value out."""
        from django.core.cache import cache

        document = {**self.idp.document, **values}
        self.idp.document = {name: value for name, value in document.items() if value is not None}
        cache.clear()

    def begin(self, browser: PersonBrowser, query: str = "") -> Page:
        """Go to our login address; what we ask of the provider is in ``asked`` then."""
        page = browser._get(f"{HOME}{self.path('login')}{query}")
        if page.status in (301, 302, 303):
            self.asked = query_of(page.headers["Location"])
        return page

    def claims(self, person: str = "mia", **changes: Any) -> dict[str, Any]:
        """Claims of an ID token that answers the last request."""
        mail = f"{person}@acme.example"
        said = {"sub": f"sub-{person}", "email": mail, "email_verified": True, "name": person.title()}
        return self.idp.claims(**{**said, "nonce": self.asked["nonce"], "sid": f"sid-{person}", **changes})

    def come_back(
        self, browser: PersonBrowser, claims: dict[str, Any], *, path: str = "", **changes: str | None
    ) -> Page:
        """Answer the last request by a redirect, as in the code flow."""
        self.idp.token_answer["id_token"] = sign(claims, self.idp.key)
        sent = {"code": CODE, "state": self.asked["state"], **changes}
        given = {name: value for name, value in sent.items() if value is not None}
        return browser.open(f"{path or self.path('callback')}?{urlencode(given)}")

    def post_back(
        self, browser: PersonBrowser, claims: dict[str, Any], *, path: str = "", **changes: str
    ) -> Page:
        """Answer the last request by a form, as in the hybrid flow; not followed."""
        token = sign({**claims, "c_hash": half_hash(CODE)}, self.idp.key)
        self.idp.token_answer["id_token"] = token
        form = {"code": CODE, "state": self.asked["state"], "id_token": token, **changes}
        return browser.post(path or self.path("callback"), form, cross_site=True)

    def sign_in(self, browser: PersonBrowser, person: str = "mia", **claims: Any) -> Page:
        """The whole way, by the code flow."""
        self.begin(browser)
        return self.come_back(browser, self.claims(person, **claims))

    def logout_claims(self, **changes: Any) -> dict[str, Any]:
        """Claims of an honest logout token; ... leaves one out."""
        now = int(time.time())
        said = {
            "iss": self.idp.issuer,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 120,
            "jti": f"jti-{time.monotonic_ns()}",
            "sub": "sub-mia",
            "sid": "sid-mia",
            "events": {LOGOUT_EVENT: {}},
            **changes,
        }
        said = {name: now + value if isinstance(value, In) else value for name, value in said.items()}
        return {name: value for name, value in said.items() if value is not ...}

    def logout_token(self, *, header: dict[str, Any] | None = None, **changes: Any) -> str:
        return sign(self.logout_claims(**changes), self.idp.key, **{"typ": "logout+jwt", **(header or {})})

    def tell(self, token: str) -> Page:
        """Post a logout token as the provider's server does: without any cookie."""
        return post_form(self.path("backchannel-logout"), {"logout_token": token})


def post_form(path: str, form: dict[str, str]) -> Page:
    """Post a form as a server does, which knows no cookies and no multipart."""
    server = Client(headers={"host": "localhost:8000"})
    answer = server.post(path, urlencode(form), content_type="application/x-www-form-urlencoded")
    return Page(path, answer.status_code, answer.content.decode(), dict(answer.headers))


@pytest.fixture
def scene(db: None, provider: MisbehavingProvider, settings: Settings) -> Iterator[Scene]:
    """Acme's provider, by the code flow."""
    settings.BROKER_NETWORK_ALLOW_LIST = provider.server.allowed
    provider.document["end_session_endpoint"] = provider.server.url("/bye")
    provider.server.routes["/token"] = lambda visit: answer(provider.token_answer)(visit)
    provider.userinfo = {}
    del provider.document["userinfo_endpoint"]
    scene = Scene(found_account("acme"), provider)
    scene.configure(issuer=provider.issuer, client_id=CLIENT_ID, client_secret=CLIENT_SECRET, flow="code")
    scene.world.provider.refresh_from_db()
    yield scene
    assert ACCESS_TOKEN not in json.dumps(scene.asked)


@pytest.fixture
def browser() -> PersonBrowser:
    """A fresh browser."""
    return PersonBrowser()
