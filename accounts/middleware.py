"""Checks each signed-in request against its ``UserSession`` and shows times in the person's zone."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from accounts import sessions
from audit import recovery_mark


class UserSessionMiddleware:
    """Sets ``request.user_session``; signs out a browser whose session was ended, is too old or is elsewhere."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Check only requests that bring a session cookie, so that anonymous ones cost no query."""
        session = sessions.enforce(request) if request.session.session_key else None
        request.user_session = session  # type: ignore[attr-defined]  # our own attribute on Django's class
        zone = getattr(request.user, "timezone", "") if session is not None else ""
        in_recovery = session is not None and session.in_recovery
        with timezone.override(_zone(zone)), recovery_mark.marking(in_recovery):
            return self.get_response(request)


def _zone(name: str) -> zoneinfo.ZoneInfo | None:
    try:
        return zoneinfo.ZoneInfo(name) if name else None
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return None
