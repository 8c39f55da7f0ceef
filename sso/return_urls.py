"""Where a person goes after signing in or out: nowhere that a parameter could lead them (L-7)."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.utils.http import url_has_allowed_host_and_scheme

from accounts.models import Account

_LIMIT = 2000  # characters


def safe_next(value: str) -> str:
    """Return ``value`` when it is a path of this host, "" otherwise. Absolute URLs are never taken."""
    if not value or len(value) > _LIMIT or not value.startswith("/") or value.startswith(("//", "/\\")):
        return ""
    if any(ord(character) < 0x20 or character == "\x7f" for character in value) or "\\" in value:
        return ""
    return value if url_has_allowed_host_and_scheme(value, allowed_hosts=None) else ""


def landing(account: Account | None, next_url: str) -> str:
    """Return the validated ``next_url``, else the account's own landing URL, else My access."""
    checked = safe_next(next_url)
    if checked:
        return checked
    own = account.landing_url if account is not None else ""
    if urlsplit(own).scheme in ("http", "https"):
        return own  # set by an account admin, never by a parameter
    return safe_next(own) or "/"
