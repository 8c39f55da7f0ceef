"""Middleware that only browsers need, left out for programs: SCIM and the token endpoint.

A program has no cookie, no language and no page. Sessions, messages, CSRF, languages and lock-outs would be set up for
nothing on each of a directory's requests, some of which arrive hundreds of times a second; and what isn't there can't
confuse one kind of caller with the other. What protects every answer (host check, security headers, track ID, the
request log) is not here and always runs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from csp.middleware import CSPMiddleware
from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponseBase
from django.middleware.common import CommonMiddleware
from django.middleware.locale import LocaleMiddleware
from django.utils import translation

from accounts.middleware import UserSessionMiddleware
from broker.middleware.csrf import OpaqueOriginCsrfMiddleware

_PROGRAMS = ("/api/scim/", "/oauth/")
_EXACT = frozenset({"/api/scim"})


def is_for_programs(path: str) -> bool:
    """Tell whether ``path`` belongs to an interface that is called with a token by a program, never by a browser."""
    return path.startswith(_PROGRAMS) or path in _EXACT


class _BrowserOnly:
    """Put in front of a middleware class."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        super().__init__(get_response)  # type: ignore[call-arg]  # the middleware behind
        self._next = get_response

    def __call__(self, request: HttpRequest) -> Any:
        if is_for_programs(request.path_info):
            return self._next(request)
        return super().__call__(request)  # type: ignore[misc]  # the middleware behind


class BrowserSession(_BrowserOnly, SessionMiddleware):
    """Django's sessions."""


class BrowserLocale(_BrowserOnly, LocaleMiddleware):
    """The browser's language; programs are answered in the default one."""

    def __call__(self, request: HttpRequest) -> Any:
        """Never leave the language of the request that this thread served before."""
        if is_for_programs(request.path_info):
            translation.activate(settings.LANGUAGE_CODE)
        return super().__call__(request)


class BrowserCommon(_BrowserOnly, CommonMiddleware):
    """Redirects for a missing slash."""


class BrowserCsrf(_BrowserOnly, OpaqueOriginCsrfMiddleware):
    """CSRF; its check of views stays on for programs too, whose views are exempt one by one."""


class BrowserAuthentication(_BrowserOnly, AuthenticationMiddleware):
    """``request.user``."""


class BrowserUserSession(_BrowserOnly, UserSessionMiddleware):
    """``request.user_session``."""


class BrowserMessages(_BrowserOnly, MessageMiddleware):
    """Messages of one page to the next."""


class BrowserCsp(_BrowserOnly, CSPMiddleware):
    """The pages' Content-Security-Policy; answers for programs get a fixed one (``response_headers``)."""
