"""Fixtures for the simulator's own tests: a running simulator with a directory per vendor, and an HTTP session.

The service provider and the client that the directories know do not exist; the tests play their part.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import secrets
import threading
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests

from simulator.config_file import parse_config
from simulator.forms import PageForm
from simulator.server import RunningSimulator, serve_in_thread

SP = "http://app.example/sso/saml/acme/"
CALLBACK = "http://app.example/sso/oidc/acme/callback"
TENANT = "11111111-2222-4333-8444-555555555555"
GROUP_1 = "5d0e1f2a-0000-4000-8000-000000000001"
GROUP_2 = "5d0e1f2a-0000-4000-8000-000000000002"
MIA = "a1c3e5f7-0001-4a00-8000-00000000a001"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
NOAH = "a1c3e5f7-0002-4a00-8000-00000000a002"


def directory(vendor: str) -> dict[str, object]:
    """One directory as the YAML file would hold it; its slug is the vendor's name."""
    return {
        "slug": vendor,
        "name": f"Acme <{vendor}>",
        "vendor": vendor,
        "tenant_id": TENANT,
        "groups": [{"id": GROUP_1, "name": "Engineers"}, {"id": GROUP_2, "name": "On Call"}],
        "saml": {"service_providers": [{"entity_id": SP, "acs_urls": [SP, f"{SP}second"]}]},
        "oidc": [
            {"client_id": "web", "client_secret": "s3cret+/ä", "redirect_uris": [CALLBACK]},
            {"client_id": "public", "redirect_uris": [CALLBACK], "flows": ["code"]},
        ],
        "people": [
            {
                "id": MIA,
                "user_name": "mia@acme.example",
                "email": "mia.keller@acme.example",
                "given_name": "Mia",
                "family_name": "Keller",
                "display_name": "Mia Keller",
                "groups": [GROUP_1, GROUP_2],
                "space_name": "Trial,DevOps",
                "space_role": ["Space Member", "Space Developer"],
            },
            {"id": NOAH, "user_name": "noah@acme.example", "display_name": "Noah <b>Brandt</b>"},
        ],
    }


@pytest.fixture(scope="session")
def simulator() -> Iterator[RunningSimulator]:
    """A simulator on a free port with the directories ``entra``, ``okta`` and ``generic``."""
    config = parse_config({"directories": [directory(vendor) for vendor in ("entra", "okta", "generic")]})
    with serve_in_thread(config) as running:
        yield running


@pytest.fixture
def session() -> Iterator[requests.Session]:
    """A browser without a person."""
    with requests.Session() as browser:
        browser.trust_env = False
        yield browser


@dataclass
class ServiceProvider:
    """The application's SAML side: makes requests and sends them through the session."""

    url: str
    session: requests.Session

    def request_xml(self, vendor: str = "entra", *, inner: str = "", **attributes: str | None) -> str:
        """An AuthnRequest; an attribute given as None is left out, ``Issuer`` replaces the element's text."""
        issuer = attributes.pop("Issuer", SP)
        wanted: dict[str, str | None] = {
            "ID": f"_{secrets.token_hex(8)}",
            "Version": "2.0",
            "IssueInstant": f"{dt.datetime.now(dt.UTC):%Y-%m-%dT%H:%M:%SZ}",
            "Destination": f"{self.url}/{vendor}/saml/sso",
            "AssertionConsumerServiceURL": SP,
            **attributes,
        }
        text = " ".join(f'{name}="{value}"' for name, value in wanted.items() if value is not None)
        return (
            '<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" '
            f'xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" {text}>'
            f"<saml:Issuer>{issuer}</saml:Issuer>{inner}</samlp:AuthnRequest>"
        )

    def go(self, xml: str, vendor: str = "entra", **query: str) -> requests.Response:
        """Redirect binding."""
        squeezer = zlib.compressobj(wbits=-15)
        packed = base64.b64encode(squeezer.compress(xml.encode()) + squeezer.flush()).decode()
        return self.session.get(
            f"{self.url}/{vendor}/saml/sso?{urlencode({'SAMLRequest': packed, **query})}", timeout=10
        )

    def post(self, xml: str, vendor: str = "entra", **form: str) -> requests.Response:
        """POST binding."""
        data = {"SAMLRequest": base64.b64encode(xml.encode()).decode(), **form}
        return self.session.post(f"{self.url}/{vendor}/saml/sso", data=data, timeout=10)

    def answer(self, page: requests.Response, **fields: Any) -> tuple[bytes, PageForm]:
        """Continue on the page; gives the response's XML and the form that would post it."""
        form = PageForm.read(PageForm.read(page).send(self.session, **fields))
        return base64.b64decode(form.value("SAMLResponse"), validate=True), form


@pytest.fixture
def sp(simulator: RunningSimulator, session: requests.Session) -> ServiceProvider:
    return ServiceProvider(simulator.url, session)


@dataclass
class RelyingParty:
    """The application's OpenID Connect side."""

    url: str
    session: requests.Session

    def authorize(self, vendor: str = "entra", **changes: str | None) -> requests.Response:
        """An authentication request; a parameter given as None is left out. Redirects are not followed."""
        wanted: dict[str, str | None] = {
            "client_id": "web",
            "redirect_uri": CALLBACK,
            "response_type": "code",
            "scope": "openid profile email",
            "state": "st-1",
            "nonce": "n-1",
            **changes,
        }
        query = urlencode({name: value for name, value in wanted.items() if value is not None})
        return self.session.get(
            f"{self.url}/{vendor}/oidc/authorize?{query}", allow_redirects=False, timeout=10
        )

    def proceed(self, page: requests.Response, **fields: Any) -> requests.Response:
        return PageForm.read(page).send(self.session, follow=False, **fields)

    def token(
        self, vendor: str = "entra", auth: tuple[str, str] | None = None, **form: str | None
    ) -> requests.Response:
        data = {"grant_type": "authorization_code", "redirect_uri": CALLBACK} | form
        sent = {name: value for name, value in data.items() if value is not None}
        return self.session.post(f"{self.url}/{vendor}/oidc/token", data=sent, auth=auth, timeout=10)


@pytest.fixture
def rp(simulator: RunningSimulator, session: requests.Session) -> RelyingParty:
    return RelyingParty(simulator.url, session)


@pytest.fixture
def refusal() -> Callable[[requests.Response], str]:
    """The code that an error page shows; fails the test when the page is not an error page."""

    def read(page: requests.Response) -> str:
        assert 400 <= page.status_code < 500
        assert 'id="error-code">' in page.text
        return page.text.split('id="error-code">')[1].split("<")[0]

    return read


@dataclass
class Seen:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: dict[str, Any]


@dataclass
class Recorder:
    """A SCIM server that knows what it is told and records what it is asked."""

    seen: list[Seen] = field(default_factory=list)
    users: list[dict[str, Any]] = field(default_factory=list)
    groups: list[dict[str, Any]] = field(default_factory=list)
    answer: tuple[int, dict[str, Any], dict[str, str]] | None = None
    base_url: str = ""

    def person(self, **changes: object) -> dict[str, Any]:
        """Mia as the server holds her."""
        return {
            "id": "u-1",
            "userName": "mia@acme.example",
            "externalId": "a1c3e5f7-0001-4a00-8000-00000000a001",
            "displayName": "Mia Keller",
            "name": {"givenName": "Mia", "familyName": "Keller"},
            "emails": [{"type": "work", "value": "mia@acme.example", "primary": True}],
            "active": True,
            "meta": {"resourceType": "User"},
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "Engineering"},
        } | changes

    def writes(self) -> list[tuple[str, str]]:
        return [(each.method, each.path) for each in self.seen if each.method != "GET"]

    def operations(self) -> Any:
        """Of the last PATCH."""
        patch = [each.body for each in self.seen if each.method == "PATCH"][-1]
        assert patch["schemas"] == [PATCH_OP]
        return patch["Operations"]

    def reply(self, method: str, path: str) -> tuple[int, dict[str, Any], dict[str, str]]:
        if self.answer is not None:
            return self.answer
        known = self.users if path.startswith("/scim/Users") else self.groups
        wanted = self.seen[-1].query.get("filter", "")
        if wanted.startswith("userName eq "):
            known = [
                user for user in known if user["userName"] == json.loads(wanted.removeprefix("userName eq "))
            ]
        if method == "GET" and path in {"/scim/Users", "/scim/Groups"}:
            return 200, {"totalResults": len(known), "Resources": known}, {}
        if method == "POST":
            return 201, {"id": "new-id", **self.seen[-1].body}, {}
        if method in {"PATCH", "DELETE"}:
            return 204, {}, {}
        return 200, known[0] if method == "GET" else self.seen[-1].body, {}


@pytest.fixture
def server() -> Iterator[Recorder]:
    recorder = Recorder()

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            target = urlsplit(self.path)
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            query = {name: values[0] for name, values in parse_qs(target.query).items()}
            body = json.loads(raw) if raw else {}
            recorder.seen.append(Seen(self.command, target.path, query, dict(self.headers), body))
            status, answer, headers = recorder.reply(self.command, target.path)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            if answer:
                self.wfile.write(json.dumps(answer).encode())

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any

        def log_message(self, format: str, *args: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        recorder.base_url = f"http://127.0.0.1:{http.server_port}/scim"
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield recorder
        http.shutdown()
        thread.join()
