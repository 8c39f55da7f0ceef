"""An admin's invitation and the browser that follows the link of its mail."""

from __future__ import annotations

import re
from typing import Any

import lxml.html
from django.core import mail
from django.test import Client

from accounts.models import Invitation, User
from foundation import outbox
from tests.conftest import client_of
from tests.console.admin_pages import page, read
from tests.worlds import sign_in

NEW_PASSWORD = "plum-orchard-lantern-58"


def browse(user: User) -> Client:
    """Return a browser on the deployment's host in which this person is signed in by password."""
    browser = client_of("localhost:8000")
    sign_in(browser, user)
    return browser


def words(answer: Any) -> str:
    """Return the visible text of a page."""
    body = lxml.html.fromstring(answer.content).find("body")
    assert body is not None
    return " ".join(" ".join(body.itertext()).split())


def invite(admin: Client, email: str, invited_as: str = "member", **chosen: object) -> Any:
    """Fill in the admin's form and send it."""
    address = page(Invitation, "add")
    fields = {**read(admin, address), "email": email, "invited_as": invited_as, **chosen}
    return admin.post(address, fields, follow=True)


def mailed_link(email: str) -> str:
    """Let the worker send what waits and return the path of the newest link that ``email`` got."""
    outbox.drain()
    [*_, newest] = [each for each in mail.outbox if each.to == [email]]
    found = re.search(r"http://[^/]+(/invitation/inv_[^\s]+)", str(newest.body))
    assert found is not None, newest.body
    return found[1]


def follow(browser: Client, link: str) -> Any:
    """Open the link of the mail and return the page that it ends on."""
    return browser.get(link, follow=True)


def accept(browser: Client, password: str = NEW_PASSWORD, again: str | None = None) -> Any:
    """Send the form of a new member."""
    fields = {
        "given_name": "Nora",
        "family_name": "New",
        "password": password,
        "password_again": password if again is None else again,
    }
    return browser.post("/invitation/", fields, follow=True)
