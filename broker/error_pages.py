"""Pages for what went wrong outside any view: a track ID, a support contact and nothing else (L-11).

They are rendered without request or session, and without the database if that is what failed. Below ``/api`` the answer
is JSON, and below ``/api/scim`` SCIM's error form (RFC 7644 §3.12).
"""

from __future__ import annotations

import json

import structlog
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string

from audit.failures import record_failure
from broker import context
from broker.middleware.client_address import address_of
from foundation import track_ids
from foundation.encryption import SecretUnreadable
from foundation.redaction import mask_path

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


def secret_unreadable(request: HttpRequest, error: SecretUnreadable) -> HttpResponse:
    """503: a stored secret is needed that no present key opens; the failure log says which."""
    return _answer(request, 503, error.code, logged_as=error.code, why=str(error), template="500.html")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403: a form that was not sent from our page, or whose cookie is gone."""
    log.warning("csrf_refused", reason=reason)
    return _answer(request, 403, "csrf", template="403_csrf.html")


def _answer(
    request: HttpRequest,
    status: int,
    code: str,
    *,
    template: str | None = None,
    logged_as: str = "",
    why: str = "",
) -> HttpResponse:
    track_id = _logged(request, code, logged_as or f"http.{code}", why)
    path = request.path_info
    if path == "/api/scim" or path.startswith("/api/scim/"):
        error = {"schemas": [_SCIM_ERROR], "status": str(status), "detail": f"{code}; track ID {track_id}"}
        return HttpResponse(json.dumps(error), status=status, content_type="application/scim+json")
    if path.startswith("/api/"):
        return JsonResponse({"error": code, "track_id": track_id}, status=status)
    return HttpResponse(
        render_to_string(template or f"{status}.html", dict(context.product())), status=status
    )


def _logged(request: HttpRequest, code: str, logged_as: str, why: str) -> str:
    """Put the failure into the failure log and return the track ID to show, which is then one that can be found.

    Counted in one row per address and hour, whatever the path: somebody who tries addresses must not use up the quota
    of the company that they share an address with (V-21).
    """
    message = f"{request.method} {mask_path(request.path_info)[:200]} was answered with {code}"
    if why:
        message = f"{message}: {why}"
    try:
        return record_failure(code=logged_as, message=message, address=address_of(request))
    except DatabaseError:  # perhaps the very reason for the page; the log has the same track ID
        log.warning("failure_not_logged", code=code, exc_info=True)
        return track_ids.current()
