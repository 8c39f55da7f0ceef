"""One log line when a request ends, naming the route and never the raw path or query.

Paths hold setup links, and queries hold codes and keys (V-24). A line shows the matched URL pattern and the values of
harmless parameters from a fixed list (a provider's slug, an admin row's id). Django's own request loggers are put
through the same by ``MaskRequestPath``.
"""

from __future__ import annotations

import logging

import structlog
from django.http import HttpRequest
from django.urls import Resolver404, resolve
from django_structlog.middlewares import RequestMiddleware

from broker.middleware.hosts import PROBES

_SHOWN = frozenset({"provider", "slug", "account", "object_id", "app_label", "pk"})


def route_of(request: HttpRequest) -> str:
    """Return e.g. ``sso/saml/<slug:provider>/ [provider=acme-saml]``; a path that matches nothing is not shown."""
    match = request.resolver_match
    if match is None:
        try:
            match = resolve(request.path_info, getattr(request, "urlconf", None))
        except Resolver404:
            return "(no route)"
    shown = [f"{name}={value}" for name, value in match.kwargs.items() if name in _SHOWN]
    route = f"/{match.route}"
    return f"{route} [{' '.join(shown)}]" if shown else route


class RequestLogMiddleware(RequestMiddleware):
    """django-structlog's middleware, with a masked request and without a query for the user."""

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        """Return method and route."""
        return f"{request.method} {route_of(request)}"

    @staticmethod
    def bind_user_id(request: HttpRequest) -> None:
        """Name the user only if the view already asked who it is."""
        user = getattr(request, "_cached_user", None)
        if user is not None and user.pk is not None:
            structlog.contextvars.bind_contextvars(user_id=str(user.pk))

    def prepare(self, request: HttpRequest) -> None:
        """Log nothing yet: the line at the end says it all, and the track ID is bound already."""

    def handle_response(self, request: HttpRequest, response: object) -> None:
        """Log the end; probes are too many to be worth a line."""
        if request.path_info not in PROBES:
            super().handle_response(request, response)  # type: ignore[arg-type]  # any response class


class MaskRequestPath(logging.Filter):
    """Replaces the raw path in what Django logs about a request ("Not Found: /setup/…")."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record through, with the path swapped for its route."""
        request = getattr(record, "request", None)
        if isinstance(request, HttpRequest) and isinstance(record.args, tuple):
            raw = {
                request.path,
                request.path.encode("unicode_escape").decode("ascii"),
                request.get_full_path(),
            }
            record.args = tuple(route_of(request) if arg in raw else arg for arg in record.args)
        return True
