"""What people do with an authenticator app, for journeys through the second step."""

from __future__ import annotations

import re

import lxml.html
from django.utils import timezone

from accounts import totp
from tests.journeys.mailbox import mails_to
from tests.journeys.person_browser import Page, PersonBrowser
from tests.worlds import PASSWORD


def code_of(secret: str) -> str:
    """Return what an authenticator app shows now."""
    return totp.code_at(secret.replace(" ", ""), int(timezone.now().timestamp()) // 30)


def secret_on(page: Page) -> str:
    """Return the key that the page shows to be typed into an app."""
    [shown] = lxml.html.fromstring(page.text).xpath("//code[@id='app-secret']/text()")
    return str(shown)


def codes_on(page: Page) -> list[str]:
    """Return the recovery codes that the page shows."""
    return re.findall(r"<code>([A-Z2-7-]{19})</code>", page.text)


def type_password(browser: PersonBrowser, name: str, path: str = "/login/", next_url: str = "") -> Page:
    """Type user name and password, and return where that ends."""
    fields = {"user_name": name, "password": PASSWORD, "next": next_url}
    return browser._follow(browser.post(path, fields))


def type_mailed_code(browser: PersonBrowser, page: Page, address: str) -> Page:
    """Type the code that came by mail to somebody who has no second factor yet (V-11)."""
    assert "Look into your mailbox" in page.words
    return browser.submit(page, code=mailed_code(address))


def mailed_code(address: str) -> str:
    """Return the code in the newest mail to an address."""
    return re.findall(r"^[A-Z2-7]{5}-[A-Z2-7]{5}$", mails_to(address)[-1].body, re.MULTILINE)[0]


def enrol_app(browser: PersonBrowser, page: Page) -> tuple[str, Page]:
    """Set up an authenticator app on the page for it; return its secret and what comes next."""
    secret = secret_on(page)
    return secret, browser.submit(page, form=1, code=code_of(secret))


def with_app(browser: PersonBrowser, name: str = "admin@acme.example") -> tuple[str, list[str]]:
    """Let a member of Acme set up an app on My access and sign out; return its secret and recovery codes."""
    type_password(browser, name, "/login/acme/")
    page = browser.submit(browser.open("/second-factor/"), form=0)
    secret, done = enrol_app(browser, page)
    browser.sign_out()
    return secret, codes_on(done)
