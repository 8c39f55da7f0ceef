"""Fills in the simulator's pages without a browser, for tests that speak plain HTTP.

    page = session.get(sign_on_url)                       # the product redirects to the simulator's page
    answer = PageForm.read(page).send(session, person="mia@acme.example", space_name="Trial,DevOps") final =
    PageForm.read(answer).send(session)           # the form that posts SAMLResponse or form_post to the
    product

``send`` behaves like a browser: every control goes along with what it shows, then the given values replace
it. A value may be a list (repeated field) or None (the field is not sent). Choosing another ``person`` brings
that person's claims.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

import lxml.html
import requests

FieldValue = str | list[str] | None


@dataclass(frozen=True)
class PageForm:
    """A form of a page: where it goes and what it would send."""

    action: str
    fields: tuple[tuple[str, str], ...]

    @classmethod
    def read(cls, page: requests.Response) -> PageForm:
        """The page's only form. Raises ValueError, with the page's error text, when there is none."""
        document: Any = lxml.html.document_fromstring(page.text)
        forms = document.forms
        if len(forms) != 1:
            error = str(document.xpath("string(//*[@class='error'])")).strip()
            raise ValueError(
                f"{page.url}: {len(forms)} forms instead of one (status {page.status_code}) {error}"
            )
        action = urljoin(page.url, forms[0].get("action") or "")
        areas = {area.get("name") for area in forms[0].iter("textarea")}
        # A browser drops the line break right after <textarea>; lxml keeps it.
        values = ((str(name), str(value)) for name, value in forms[0].form_values())
        return cls(action, tuple((name, v.removeprefix("\n") if name in areas else v) for name, v in values))

    def values(self, name: str) -> list[str]:
        """What the form would send for a field."""
        return [value for key, value in self.fields if key == name]

    def value(self, name: str) -> str:
        """The single value of a field. Raises KeyError when there is not exactly one."""
        values = self.values(name)
        if len(values) != 1:
            raise KeyError(name)
        return values[0]

    def filled(self, **changes: FieldValue) -> list[tuple[str, str]]:
        """The fields to send, with ``changes`` made."""
        kept = [(name, value) for name, value in self.fields if name not in changes]
        for name, value in changes.items():
            kept += [(name, each) for each in ([value] if isinstance(value, str) else value or [])]
        return kept

    def send(
        self, session: requests.Session, *, follow: bool = True, **changes: FieldValue
    ) -> requests.Response:
        """POST the form. ``follow``: whether redirects are followed."""
        return session.post(self.action, data=self.filled(**changes), allow_redirects=follow, timeout=30)
