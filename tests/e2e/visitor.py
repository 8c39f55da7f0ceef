"""A person at a Chromium of their own: opens pages, picks who they are at the identity provider, and is who they are.

Everything that the browser complains about (console errors and warnings, violations of the Content-Security-Policy,
uncaught errors, files that are missing) is kept in ``complaints``; the fixture that makes visitors asserts that there
are none, in every test.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from tests.e2e.running_product import RunningProduct

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, Request, Response

ENGINEERS = "5d0e1f2a-0000-4000-8000-000000000001"
ON_CALL = "5d0e1f2a-0000-4000-8000-000000000002"
SAML = "/sso/saml/acme-saml/"
OIDC = "/sso/oidc/acme-oidc/login"
DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}

_TELL_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy violation: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`));
"""
# Chromium writes this for every page that is not 200; the tests look at such pages on purpose.
_STATUS_OF_A_PAGE = re.compile(r"^Failed to load resource: the server responded with a status of 4\d\d")


@dataclass(frozen=True)
class Employee:
    """Somebody in Acme's directory who did not exist before; fields as on the identity provider's page."""

    given_name: str
    family_name: str = "Tester"
    space_name: str = "Trial,DevOps"
    space_role: str = "Space Member,Space Developer"
    groups: str = f"{ENGINEERS}\n{ON_CALL}"
    timezone: str = "Europe/Berlin"
    object_id: str = field(default_factory=lambda: str(uuid4()))
    mark: str = field(default_factory=lambda: token_hex(4))

    @property
    def email(self) -> str:
        """Also the user name."""
        return f"{self.given_name.lower()}-{self.mark}@acme.example"

    @property
    def display_name(self) -> str:
        """As pages show them."""
        return f"{self.given_name} {self.family_name}"

    def claims(self) -> dict[str, str]:
        """What the identity provider's page is filled with."""
        return {
            "user_name": self.email,
            "email": self.email,
            "display_name": self.display_name,
            **{
                name: getattr(self, name)
                for name in (
                    "given_name",
                    "family_name",
                    "object_id",
                    "space_name",
                    "space_role",
                    "groups",
                    "timezone",
                )
            },
        }


@dataclass
class Visitor:
    """A browser with its own cookies and one tab."""

    context: BrowserContext
    product: RunningProduct
    page: Page = field(init=False)
    complaints: list[str] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    responses: list[Response] = field(default_factory=list)
    _console: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.context.set_default_timeout(20_000)
        self.context.add_init_script(_TELL_VIOLATIONS)
        self.page = self.context.new_page()
        self.page.on("console", self._note_console)
        self.page.on("pageerror", lambda error: self.complaints.append(f"uncaught: {error}"))
        self.page.on("request", lambda request: self.requests.append(request))
        self.page.on("response", lambda response: self.responses.append(response))

    def open(self, path: str) -> Response | None:
        """Go to a path of the product (or a whole URL) and wait until it is loaded."""
        return self.page.goto(path if path.startswith("http") else f"{self.product.url}{path}")

    def follow(self, link_or_button: Locator) -> None:
        """Click, and wait until the page that it leads to is loaded (which may have the same address)."""
        with self.page.expect_navigation():
            link_or_button.click()

    @property
    def words(self) -> str:
        """The visible text of the page."""
        return " ".join(self.page.locator("body").inner_text().split())

    @property
    def status(self) -> int:
        """HTTP status of the page that is shown."""
        return self._shown().status

    def header(self, name: str) -> str:
        """A header of the page that is shown, by its name in lower case; "" when it is missing."""
        return str(self._shown().headers.get(name, ""))

    def _shown(self) -> Response:
        pages = [each for each in self.responses if each.request.is_navigation_request()]
        return pages[-1]

    def is_at_provider(self) -> bool:
        """Tell whether the identity provider's page is shown."""
        return self.page.url.startswith(self.product.provider_url)

    def say_who(self, employee: Employee, **claims: str) -> None:
        """Fill in the identity provider's page, which must be shown; ``claims`` replace the employee's own."""
        assert self.is_at_provider(), f"at {self.page.url}: {self.words[:300]}"
        for name, value in {**employee.claims(), **claims}.items():
            self.page.fill(f"#{name}", value)

    def go_on(self) -> None:
        """Press Continue at the identity provider and wait for where that leads: back home, answer page and all."""
        self.page.click("#continue")
        self.page.wait_for_url(f"{self.product.url}/**")

    def sign_in(self, employee: Employee, start: str = SAML, **claims: str) -> None:
        """From the start of a sign-in to its end."""
        self.open(start)
        self.say_who(employee, **claims)
        self.go_on()

    def sign_out(self) -> None:
        """Press "Sign out" and wait for where that ends: through the identity provider, if the session came from it."""
        self.page.locator("form[action='/logout/'] button").click()
        self.page.wait_for_selector("main a[href='/login/']")

    def sign_in_with_password(self, account: str, name: str, password: str) -> None:
        """On the account's own page; an empty account means the general one, two steps."""
        self.open(f"/login/{account}/" if account else "/login/")
        if not account:
            self.page.get_by_label("Work e-mail").fill(name)
            self.follow(self.page.get_by_role("button", name="Continue"))
        self.page.get_by_label("User name or e-mail").fill(name)
        self.page.get_by_label("Password").fill(password)
        self.follow(self.page.get_by_role("button", name="Sign in with password"))

    def ask_me(self) -> tuple[int, dict[str, Any]]:
        """Ask ``/api/me`` from within the page; status and answer."""
        asked = "async () => { const me = await fetch('/api/me'); return [me.status, await me.json()]; }"
        status, body = self.page.evaluate(asked)
        return int(status), dict(body)

    def me(self) -> dict[str, Any]:
        """Who the page's session is."""
        status, body = self.ask_me()
        assert status == 200, (status, body)
        return body

    def cookie(self, name: str) -> dict[str, Any]:
        """The product's cookie of this name."""
        (found,) = (dict(each) for each in self.context.cookies(self.product.url) if each["name"] == name)
        return found

    def track_id(self) -> str:
        """The track ID that the page shows."""
        return self.page.locator("code").first.inner_text().strip()

    def overflow(self) -> int:
        """How many pixels the page is wider than its window."""
        return int(
            self.page.evaluate("document.scrollingElement.scrollWidth - document.documentElement.clientWidth")
        )

    @contextmanager
    def on_a_phone(self) -> Iterator[None]:
        """Make the window as narrow as a phone's for a while."""
        self.page.set_viewport_size(PHONE)  # type: ignore[arg-type]  # a TypedDict of just these two
        yield
        self.page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]

    def picture(self, name: str) -> None:
        """Keep what is shown in the folder ``E2E_SCREENSHOTS``, if there is one: desktop, dark, phone, dark phone."""
        folder = os.environ.get("E2E_SCREENSHOTS", "")
        if not folder:
            return
        Path(folder).mkdir(parents=True, exist_ok=True)
        for scheme in ("light", "dark"):
            self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # no button caught half-way
            self.page.screenshot(path=f"{folder}/{name}-{scheme}.png", full_page=True)
            with self.on_a_phone():
                self.page.screenshot(path=f"{folder}/{name}-phone-{scheme}.png", full_page=True)
        self.page.emulate_media(color_scheme="light")

    def all_complaints(self) -> list[str]:
        """Everything that went wrong in this browser so far."""
        pages = {each.url for each in self.requests if each.is_navigation_request()}
        expected = {*pages, f"{self.product.url}/api/me"}
        told = [
            f"{text} ({url})"
            for text, url in self._console
            if not (_STATUS_OF_A_PAGE.match(text) and url in expected)
        ]
        return [*self.complaints, *told]

    def forget_complaints(self) -> None:
        """For the one test that makes the browser complain."""
        self.complaints.clear()
        self._console.clear()

    def _note_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self._console.append((message.text, str(message.location.get("url", ""))))
