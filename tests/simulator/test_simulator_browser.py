"""The pages in a real browser: the script's comforts, the automatic post, and the same without JavaScript."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode

import pytest
from playwright.sync_api import expect

from simulator.config_file import parse_config
from simulator.server import RunningSimulator, serve_in_thread

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

PEOPLE = [
    {"id": "1", "user_name": "mia@acme.example", "email": "mia@acme.example", "space_name": "Trial"},
    {"id": "2", "user_name": "noah@acme.example", "space_name": "DevOps"},
]


@dataclass
class Application:
    """What stands at the ACS and callback address: it records the forms that arrive."""

    url: str
    posted: list[dict[str, list[str]]] = field(default_factory=list)


@pytest.fixture
def application() -> Iterator[Application]:
    """An application on another site (localhost) than the simulator (127.0.0.1)."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            known.posted.append(parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode()))
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<title>Application</title>")

        def log_message(self, format: str, *args: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        known = Application(f"http://localhost:{http.server_port}/acs")
        threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield known
        http.shutdown()


@pytest.fixture
def running(application: Application) -> Iterator[RunningSimulator]:
    directory = {
        "slug": "acme",
        "vendor": "entra",
        "tenant_id": "t",
        "people": PEOPLE,
        "saml": {"service_providers": {"entity_id": application.url, "acs_urls": application.url}},
        "oidc": {"client_id": "web", "client_secret": "s", "redirect_uris": application.url},
    }
    with serve_in_thread(parse_config({"directories": [directory]})) as simulator:
        yield simulator


@pytest.fixture(params=[True, False], ids=["script", "no-script"])
def script(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def page(chromium: Browser, script: bool) -> Iterator[Page]:
    context = chromium.new_context(java_script_enabled=script)
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


def test_person_is_posted_to_the_application_across_sites(
    running: RunningSimulator, application: Application, page: Page, script: bool
) -> None:
    page.goto(f"{running.url}/acme/saml/start?{urlencode({'sp': application.url, 'RelayState': 'r'})}")
    page.click("#continue")
    if not script:
        page.click("#post")
    expect(page).to_have_title("Application")
    assert set(application.posted[0]) == {"SAMLResponse", "RelayState"}


def test_hybrid_answer_is_posted_to_the_application(
    running: RunningSimulator, application: Application, page: Page, script: bool
) -> None:  # O-1
    request = {"client_id": "web", "redirect_uri": application.url, "response_type": "code id_token"}
    request |= {"response_mode": "form_post", "scope": "openid", "nonce": "n", "state": "s"}
    page.goto(f"{running.url}/acme/oidc/authorize?{urlencode(request)}")
    page.click("#continue")
    if not script:
        page.click("#post")
    expect(page).to_have_title("Application")
    assert set(application.posted[0]) == {"code", "id_token", "state"}


def test_choosing_a_person_shows_their_claims_and_keeps_edits(
    running: RunningSimulator, application: Application, page: Page, script: bool
) -> None:
    page.goto(f"{running.url}/acme/saml/start?{urlencode({'sp': application.url})}")
    page.fill("#timezone", "Asia/Tokyo")
    page.select_option("#person", "2")
    if not script:
        page.click("#load")
    expect(page.locator("#space_name")).to_have_value("DevOps")
    expect(page.locator("#user_name")).to_have_value("noah@acme.example")
    expect(page.locator("#timezone")).to_have_value("Asia/Tokyo")
    expect(page.locator("#leave_out_timezone")).not_to_be_checked()
    expect(page.locator("#leave_out_email")).to_be_checked()
