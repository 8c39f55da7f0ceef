"""Pages for what went wrong outside any view: a track ID, a support contact and nothing else (L-11).

They are rendered without request, session or database, since one of those may be what failed. Below ``/api`` the answer
is JSON, and below ``/api/scim`` SCIM's error form (RFC 7644 §3.12).
"""

from __future__ import annotations

import json

import structlog
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string

from broker import context
from foundation import track_ids

log = structlog.get_logger(__name__)

_SCIM_ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400: the request can't be understood."""
    return _answer(request, 400, "bad_request")


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403: this person may not do that."""
    return _answer(request, 403, "permission_denied")


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: nothing is here, or nothing that this person may know of."""
    return _answer(request, 404, "not_found")


def server_error(request: HttpRequest) -> HttpResponse:
    """500: our fault; the log has the traceback under the same track ID."""
    return _answer(request, 500, "server_error")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403: a form that was not sent from our page, or whose cookie is gone."""
    log.warning("csrf_refused", reason=reason)
    return _answer(request, 403, "csrf", template="403_csrf.html")


def _answer(request: HttpRequest, status: int, code: str, *, template: str | None = None) -> HttpResponse:
    track_id = track_ids.current()
    path = request.path_info
    if path == "/api/scim" or path.startswith("/api/scim/"):
        error = {"schemas": [_SCIM_ERROR], "status": str(status), "detail": f"{code}; track ID {track_id}"}
        return HttpResponse(json.dumps(error), status=status, content_type="application/scim+json")
    if path.startswith("/api/"):
        return JsonResponse({"error": code, "track_id": track_id}, status=status)
    return HttpResponse(
        render_to_string(template or f"{status}.html", dict(context.product())), status=status
    )
