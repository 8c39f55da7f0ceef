"""Mail as people see it: what a worker sent, and the link in it."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import lxml.html
from django.core import mail
from django.test import Client

from foundation import outbox


def deliver() -> None:
    """Let the worker do what is due: take requests, then send what they led to."""
    while outbox.drain():
        pass


def mails_to(address: str) -> list[Any]:
    """Return the mails that an address got, oldest first."""
    deliver()
    return [message for message in mail.outbox if message.to == [address]]


def link_in(message: Any, host: str = "localhost:8000") -> str:
    """Return the path of the one link in a mail; its host is the deployment's, or ``host``."""
    (url,) = re.findall(r"https?://\S+", message.body)
    assert urlsplit(url).netloc == host
    return urlsplit(url).path


def link_to(address: str, host: str = "localhost:8000") -> str:
    """Return the path of the link in the newest mail to an address that has one."""
    found = [message for message in mails_to(address) if "http" in message.body]
    assert found, f"no link for {address}; there are {[(m.to, m.subject) for m in mail.outbox]}"
    return link_in(found[-1], host)


def words(answer: Any) -> str:
    """Return the visible text of a page."""
    body = lxml.html.fromstring(answer.text).find("body")
    assert body is not None
    return " ".join(" ".join(body.itertext()).split())


def open_link(browser: Client, path: str) -> Any:
    """Open a link's address as a browser does: the token goes, and the page with the button comes."""
    moved = browser.get(path)
    assert moved.status_code == 303, moved.status_code
    token = path.rstrip("/").rpartition("/")[2]
    assert token not in moved["Location"]  # V-24
    assert moved["Referrer-Policy"] == "no-referrer"
    assert moved["Cache-Control"] == "no-store"
    return browser.get(moved["Location"])


def press(browser: Client, path: str, **fields: str) -> Any:
    """Open a link and press its button."""
    page = open_link(browser, path)
    if page.status_code != 200:
        return page
    return browser.post(page.request["PATH_INFO"], fields)
