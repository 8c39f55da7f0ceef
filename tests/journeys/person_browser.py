"""A browser for journeys without Chromium: the product in this process, the provider over real HTTP.

It keeps one cookie jar per site and, like a browser, leaves Lax cookies at home on a cross-site POST but brings them on
the same-site GET that follows (design rule 7). What really happens in Chromium is shown in ``tests/e2e``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit

import lxml.html
import requests
from django.test import Client

HOME = "http://localhost:8000"


@dataclass
class Page:
    """What the browser shows: its address, status, text and headers."""

    url: str
    status: int
    text: str
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """The visible text."""
        root = lxml.html.fromstring(self.text)
        return " ".join((root.find("body") if root.find("body") is not None else root).text_content().split())

    def form(self, number: int = 0) -> tuple[str, str, dict[str, str]]:
        """Return action URL, method and fields of a form of this page."""
        form = lxml.html.fromstring(self.text).forms[number]
        fields = {name: value or "" for name, value in form.form_values()}
        return urljoin(self.url, form.action or self.url), (form.method or "get").upper(), fields

    def hidden_fields(self, number: int = 0) -> set[str]:
        """Return the names of a form's hidden inputs."""
        form = lxml.html.fromstring(self.text).forms[number]
        return {str(field.name) for field in form.inputs if getattr(field, "type", "") == "hidden"}

    def link(self, text: str) -> str:
        """Return the address of the link whose text contains ``text``."""
        for anchor in lxml.html.fromstring(self.text).iter("a"):
            if text in " ".join(anchor.text_content().split()):
                return urljoin(self.url, anchor.get("href"))
        raise AssertionError(f"no link {text!r} in: {self.words[:500]}")


class PersonBrowser:
    """One person's browser."""

    def __init__(self, home: str = HOME, *also: str) -> None:
        """``also`` are further hosts of the product that the browser may come to (``http://…``)."""
        self.home = home
        self.host = urlsplit(home).netloc
        self.sites = {
            urlsplit(each).netloc: Client(headers={"host": urlsplit(each).netloc}) for each in (home, *also)
        }
        self.client = self.sites[self.host]
        self.elsewhere = requests.Session()
        self.trail: list[str] = []

    def open(self, url: str) -> Page:
        """Go to ``url`` (a path is taken at home) and follow redirects."""
        return self._follow(self._get(urljoin(self.home, url)))

    def submit(
        self,
        page: Page,
        *,
        form: int = 0,
        follow: bool = True,
        fresh: bool = False,
        **fields: str | list[str],
    ) -> Page:
        """Send a form of ``page`` with ``fields`` changed; ``fresh`` keeps only its hidden fields otherwise."""
        action, method, values = page.form(form)
        if fresh:
            values = {
                name: values[name] for name in page.hidden_fields(form) - {"loaded_person"} if name in values
            }
        data: dict[str, Any] = {**values, **fields}
        if method == "GET":
            raise AssertionError("forms here are POST")
        cross_site = urlsplit(page.url).hostname != urlsplit(action).hostname
        answer = self._post(action, data, cross_site=cross_site)
        return self._follow(answer) if follow else answer

    def leave(self, page: Page) -> Page:
        """Go on as often as a page moves on by itself: by a refresh, or by a form that sends itself."""
        for _ in range(6):
            refresh = lxml.html.fromstring(page.text).xpath("//meta[@http-equiv='refresh']/@content")
            if refresh:
                page = self.open(str(refresh[0]).partition("url=")[2])
            elif 'id="post-form"' in page.text or "data-auto-submit" in page.text:
                page = self.submit(page)
            else:
                return page
        raise AssertionError(f"sent in circles: {self.trail[-10:]}")

    def sign_out(self) -> Page:
        """Press "Sign out", and return where that ends."""
        return self.leave(self._follow(self.post("/logout/", {})))

    def post(self, path: str, data: dict[str, Any], *, cross_site: bool = False) -> Page:
        """POST to the product without following redirects."""
        return self._post(urljoin(self.home, path), data, cross_site=cross_site)

    def me(self) -> dict[str, Any]:
        """Return ``/api/me``."""
        answer = self.client.get("/api/me")
        found: dict[str, Any] = answer.json()
        return found

    def _get(self, url: str) -> Page:
        self.trail.append(url)
        here = self.sites.get(urlsplit(url).netloc)
        if here is not None:
            parts = urlsplit(url)
            answer = here.get(parts.path + (f"?{parts.query}" if parts.query else ""))
            return Page(url, answer.status_code, answer.content.decode(), dict(answer.headers))
        reply = self.elsewhere.get(url, allow_redirects=False, timeout=20)
        return Page(url, reply.status_code, reply.text, dict(reply.headers))

    def _post(self, url: str, data: dict[str, Any], *, cross_site: bool) -> Page:
        self.trail.append(url)
        here = self.sites.get(urlsplit(url).netloc)
        if here is None:
            reply = self.elsewhere.post(url, data=data, allow_redirects=False, timeout=20)
            return Page(url, reply.status_code, reply.text, dict(reply.headers))
        parts = urlsplit(url)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        if not cross_site:
            answer = here.post(path, data)
            return Page(url, answer.status_code, answer.content.decode(), dict(answer.headers))
        stranger = Client(headers={"host": urlsplit(url).netloc})  # Lax cookies stay at home
        answer = stranger.post(path, data)
        here.cookies.update(stranger.cookies)  # what the answer sets is kept
        return Page(url, answer.status_code, answer.content.decode(), dict(answer.headers))

    def _follow(self, page: Page) -> Page:
        for _ in range(10):
            if page.status not in (301, 302, 303, 307):
                return page
            page = self._get(urljoin(page.url, page.headers["Location"]))
        raise AssertionError(f"redirected in circles: {self.trail[-10:]}")


def sign_in(
    browser: PersonBrowser, start: str, person: str = "mia@acme.example", **fields: str | list[str]
) -> Page:
    """Start at ``start``, choose a person at the provider, continue, and return where that ends."""
    page = browser.open(start)
    assert "127.0.0.1" in page.url, f"not at the provider but at {page.url}: {page.words[:400]}"
    answer = browser.submit(page, fresh=True, person=person, **fields)
    if "127.0.0.1" in answer.url and answer.status == 200:  # the form that carries the answer home
        answer = browser.submit(answer)
    return answer


def answer_of(
    browser: PersonBrowser, start: str, person: str = "mia@acme.example", **fields: str | list[str]
) -> Page:
    """Like ``sign_in``, but stop at the page whose form would carry the answer home."""
    return browser.submit(browser.open(start), fresh=True, person=person, **fields)
