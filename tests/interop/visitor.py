"""A person's browser without a screen: cookies, redirects, forms that send themselves, forms that a person fills in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

import lxml.html
import requests

_STEPS = 20  # pages on the way from one thing a person does to the next
_MESSAGES = ("SAMLRequest", "SAMLResponse", "id_token", "id_token_hint")


@dataclass(slots=True)
class Page:
    """What the person sees when the browser came to rest."""

    url: str
    status: int
    text: str

    @property
    def forms(self) -> list[lxml.html.FormElement]:
        return list(lxml.html.document_fromstring(self.text, base_url=self.url).forms) if self.text else []


@dataclass(slots=True)
class Visitor:
    """One browser. ``sent`` are the messages that it carried by form between the two sides, newest last."""

    session: requests.Session = field(default_factory=requests.Session)
    sent: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def open(self, url: str) -> Page:
        """Follow a link."""
        return self._settle(self.session.get(url, timeout=60))

    def fill(self, page: Page, action: str = "", **values: str) -> Page:
        """Fill in the form with these fields (or the one that leads to ``action``), and send it."""
        for form in page.forms:
            if set(values) <= set(form.fields) and action in (form.action or page.url):
                return self._settle(self._send(page, form, values))
        raise AssertionError(f"no such form on {page.url} ({page.status}):\n{page.text[:3000]}")

    def json(self, url: str) -> dict[str, Any]:
        found: dict[str, Any] = self.session.get(url, timeout=60).json()
        return found

    def _settle(self, response: requests.Response) -> Page:
        for _ in range(_STEPS):
            page = Page(response.url, response.status_code, response.text)
            if onward := self._onward(page):
                response = self.session.get(onward, timeout=60)
                continue
            carrying = [form for form in page.forms if set(_MESSAGES) & set(form.fields)]
            if not carrying:
                return page
            response = self._send(page, carrying[0], {})
        raise AssertionError(f"no end in sight at {response.url}")

    def _send(self, page: Page, form: lxml.html.FormElement, values: dict[str, str]) -> requests.Response:
        fields = {name: value for name, value in form.form_values()} | values
        address = urljoin(page.url, form.action or page.url)
        if set(_MESSAGES) & set(fields):
            self.sent.append((address, fields))
        if form.method.upper() == "GET":
            return self.session.get(address, params=fields, timeout=60)
        # Origin as browsers send it; Referer is not sent at all by pages with no-referrer.
        return self.session.post(address, data=fields, timeout=60)

    @staticmethod
    def _onward(page: Page) -> str | None:
        """Where a page that moves on by itself leads (meta refresh)."""
        if "http-equiv" not in page.text:
            return None
        for meta in lxml.html.document_fromstring(page.text).iter("meta"):
            if (meta.get("http-equiv") or "").lower() == "refresh":
                _, _, target = (meta.get("content") or "").partition("=")
                return urljoin(page.url, target.strip())
        return None
