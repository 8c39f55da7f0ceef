"""Give every request a track ID, in ``foundation.track_ids`` while it lasts and in the header ``X-Track-Id``.

A sign-in that comes back binds the track ID it began with; the header then carries that one.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponseBase

from foundation import track_ids


class TrackIdMiddleware:
    """Outermost of ours, so that even a refused host has a track ID."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Bind a fresh track ID, never one that the client sent."""
        before = track_ids.current()
        structlog.contextvars.clear_contextvars()  # the thread may have served another request before
        track_ids.bind(track_ids.new_track_id())
        try:
            response = self.get_response(request)
            response.headers["X-Track-Id"] = track_ids.current()
            return response
        finally:
            track_ids.bind(before)
