"""The browser's side of a sign-in: one cookie, and what binds an attempt to it (V-16).

The cookie holds 256 random bits and nothing else; attempts store its digest. It is Lax, so it is there on the
same-site GET that ends a sign-in and is not on a provider's cross-site POST. It lives beside the session and survives
signing out, so that tabs that are under way don't break each other. An unsolicited sign-in has one of its own.
"""

from __future__ import annotations

import re

from django.http import HttpRequest, HttpResponse

from foundation import public_urls
from foundation.secret_tokens import digest, matches, random_secret

_FORM = re.compile(r"\A[A-Za-z0-9_-]{43}\Z")
_MAX_AGE = 24 * 3600  # seconds; an attempt itself lasts 30 minutes
_UNSOLICITED_AGE = 30 * 60  # seconds
_RESTART_GUARD = 60  # seconds; V-19: an unsolicited response restarts once a minute


def _name(plain: str) -> str:
    return f"__Host-{plain}" if public_urls.is_https() else plain


def cookie_name() -> str:
    """Return the binding cookie's name."""
    return _name("broker-browser")


def unsolicited_cookie_name() -> str:
    """Return the name of the cookie that binds an unsolicited sign-in (V-19).

    Its own name, because the POST that sets it is cross-site and can't see the first cookie: replacing that one would
    end what is under way in other tabs (L-6).
    """
    return _name("broker-unsolicited")


def secret_of(request: HttpRequest, name: str | None = None) -> str | None:
    """Return the browser's secret when it brought a well-formed one."""
    value = request.COOKIES.get(name or cookie_name(), "")
    return value if _FORM.match(value) else None


def secret_or_new(request: HttpRequest) -> str:
    """Return the browser's secret, a fresh one when it has none."""
    return secret_of(request) or random_secret()


def remember(response: HttpResponse, secret: str) -> None:
    """Set the binding cookie on a response."""
    _set(response, cookie_name(), secret, _MAX_AGE)


def remember_unsolicited(response: HttpResponse, secret: str) -> None:
    """Set the cookie of an unsolicited sign-in; it lasts as long as an attempt may."""
    _set(response, unsolicited_cookie_name(), secret, _UNSOLICITED_AGE)


def is_same(request: HttpRequest, browser_digest: str) -> bool:
    """Tell whether this is the browser that an attempt was bound to."""
    secrets = (secret_of(request), secret_of(request, unsolicited_cookie_name()))
    return any(secret is not None and matches(secret, browser_digest) for secret in secrets)


def fingerprint(secret: str) -> str:
    """Return what is stored of a secret."""
    return digest(secret)


def restarted_lately(request: HttpRequest) -> bool:
    """Tell whether this browser was sent round once within the last minute already."""
    return _name("broker-restart") in request.COOKIES


def note_restart(response: HttpResponse) -> None:
    """Remember for a minute that this browser was sent round."""
    _set(response, _name("broker-restart"), "1", _RESTART_GUARD)


def _set(response: HttpResponse, name: str, value: str, max_age: int) -> None:
    response.set_cookie(
        name, value, max_age=max_age, path="/", secure=public_urls.is_https(), httponly=True, samesite="Lax"
    )
