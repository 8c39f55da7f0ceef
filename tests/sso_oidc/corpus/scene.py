"""One sign-in as it is played: a browser leaves for the provider, brings the answer home, and goes on.

A case's hook is called before the browser leaves. It changes what the provider says or does, or sets ``on_answer``,
which is given what the browser is about to carry home and may change it, have another browser begin, or send it
somewhere else.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from urllib.parse import urlencode, urlsplit

from django.http import HttpResponse
from django.test import Client
from django.test.client import ClientHandler

from tests.journeys.person_browser import Page
from tests.journeys.seen import rows
from tests.sso_oidc.corpus.case import Way
from tests.sso_oidc.corpus.provider import AuthorizingProvider, Fields, Grant

HOST = "localhost:8000"
ACME, GLOBEX = "acme", "globex"
CONTINUE = "/sso/continue/"


@cache
def _handler() -> ClientHandler:
    """One request handler for all browsers: making one loads the whole middleware."""
    return ClientHandler()


def new_browser() -> Client:
    """A browser without cookies."""
    client = Client(headers={"host": HOST})
    client.handler = _handler()
    return client


def page_of(url: str, answer: HttpResponse) -> Page:
    """What the browser shows."""
    return Page(url, answer.status_code, answer.content.decode(), dict(answer.headers))


@dataclass
class Delivery:
    """What the browser is about to carry home: fields in order, by which method, to which customer's callback."""

    fields: Fields
    method: str
    slug: str
    browser: Client
    grant: Grant

    def but(self, **changes: str | None) -> Delivery:
        """Return it with fields changed, added at the end, or (None) left out."""
        kept = [(name, changes.get(name, value)) for name, value in self.fields]
        names = {name for name, _ in self.fields}
        added = [(name, value) for name, value in changes.items() if name not in names]
        return replace(self, fields=[(name, value) for name, value in [*kept, *added] if value is not None])

    def value(self, name: str) -> str:
        """The value of a field."""
        return next(value for each, value in self.fields if each == name)


OnAnswer = Callable[["Scene", Delivery], Delivery]


@dataclass
class Scene:
    """``provider`` is acme's, ``evil`` is globex's; a case spoils one of them and the ``way`` says where."""

    way: Way
    provider: AuthorizingProvider
    evil: AuthorizingProvider
    browser: Client
    slug: str = ACME
    on_answer: OnAnswer | None = None
    sent: list[str] = field(default_factory=list)  # values that a page must not show
    slowest: float = 0.0  # seconds of one answer of the product
    before: Counter[str] = field(default_factory=Counter)  # rows of each table when the answer set out
    kept: Delivery | None = None  # somebody else's answer, not yet delivered
    afterwards: list[Callable[[], None]] = field(default_factory=list)  # what must be undone

    def play(self) -> Page:
        """Sign in, and return where that ends."""
        try:
            return self._play()
        finally:
            while self.afterwards:
                self.afterwards.pop()()

    def _play(self) -> Page:
        self.before = rows()
        page, delivery = self.leave(self.browser)
        if delivery is None:
            return page
        if self.on_answer is not None:
            delivery = self.on_answer(self, delivery)
            self.before = rows()
        return self.deliver(delivery)

    def leave(self, browser: Client, slug: str = "") -> tuple[Page, Delivery | None]:
        """Begin in a browser and let the provider answer; without an answer where the product did not let it go."""
        slug = slug or self.slug
        page = self.get(browser, f"/sso/oidc/{slug}/login")
        if page.status != 302:
            return page, None
        provider = self.provider if slug == ACME else self.evil
        grant, fields = provider.authorize(page.headers["Location"])
        method = "POST" if grant.hybrid else "GET"
        return page, Delivery(fields, method, slug, browser, grant)

    def deliver(self, delivery: Delivery) -> Page:
        """Carry an answer home and go on as far as the product says."""
        self.sent += [value for _, value in delivery.fields if len(value) > 8]
        path = f"/sso/oidc/{delivery.slug}/callback"
        if delivery.method == "GET":
            page = self.get(delivery.browser, f"{path}?{urlencode(delivery.fields)}")
        else:
            page = self.post(delivery.browser, path, delivery.fields)
        while page.status == 303 and page.headers["Location"].startswith(CONTINUE):
            page = self.get(delivery.browser, page.headers["Location"])
        return page

    def get(self, browser: Client, url: str) -> Page:
        """A top-level navigation."""
        parts = urlsplit(url)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        return self._timed(url, lambda: browser.get(path))

    def post(self, browser: Client, path: str, fields: Fields) -> Page:
        """A form that another site's page sends: Lax cookies stay at home, what the answer sets is kept."""
        stranger = new_browser()
        body = urlencode(fields)
        kind = "application/x-www-form-urlencoded"
        page = self._timed(path, lambda: stranger.post(path, body, content_type=kind))
        browser.cookies.update(stranger.cookies)
        return page

    def _timed(self, url: str, send: Callable[[], HttpResponse]) -> Page:
        begun = time.perf_counter()
        page = page_of(url, send())
        self.slowest = max(self.slowest, time.perf_counter() - begun)
        return page
