"""The frame that every SCIM endpoint stands in: authentication, one transaction, SCIM's error form, the request log.

``ScimView`` is django-scim2's ``SCIMView`` with nothing of its behaviour left. That class looks resources up without an
account, leaves authentication to ``request.user`` and answers bugs with their text; its filters are SQL text. All its
members are replaced or taken away below, and a test walks the URL resolver to prove that none can be reached.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any, ClassVar

import structlog
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt
from django_scim.constants import SCIM_CONTENT_TYPE
from django_scim.views import SCIMView

from accounts.lifecycle import ChangeHeld, keep_held_change
from audit.refusals import Refused, audit_refusal
from foundation import track_ids
from foundation.client_address import client_address
from scim import dialects, request_log
from scim.authentication import authenticate, throttle
from scim.call import Call
from scim.errors import InternalError, MethodNotAllowed, ScimError, as_scim_error
from scim.models import RequestLogEntry
from scim.request_body import read_body
from scim.schema import JsonObject

log = structlog.get_logger(__name__)

_READS = frozenset({"GET", "HEAD"})


class ScimView(SCIMView):
    """Subclasses write ``get``, ``post``, … as ``(call, request, **url) -> HttpResponse``."""

    http_method_names: ClassVar[list[str]] = ["get", "head", "post", "put", "patch", "delete"]
    always_reads: ClassVar[bool] = False  # a POST that changes nothing, such as .search

    # Taken away: nothing of django-scim2 finds, adapts, filters or answers anything here.
    lookup_field = model_cls = scim_adapter = get_object = load_body = status_501 = None
    get_extra_filter_kwargs = get_extra_exclude_kwargs = None
    get_object_post_processor = get_queryset_post_processor = None

    @method_decorator(csrf_exempt)
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer one request. CSRF doesn't apply: the token is never sent by a browser on its own."""
        started = time.perf_counter()
        call: Call | None = None
        error: ScimError | None = None
        self.body: JsonObject | None = None
        try:
            call = authenticate(request, kwargs.pop("mount"))
            throttle(call)
            response = self._answer(call, request, kwargs)
        except Exception as raised:
            error = _settle(raised, call)
            response = answer(error.to_dict(), error.status, error.headers)
        if call is not None:
            _keep(request, call, self.body, response, error, started)
        return response

    def read_body(self, request: HttpRequest) -> JsonObject:
        """Return the request's body and remember it for the log."""
        self.body = read_body(request)
        return self.body

    def _answer(self, call: Call, request: HttpRequest, url: dict[str, Any]) -> HttpResponse:
        method = request.method or ""
        handler = getattr(self, method.lower(), None) if method.lower() in self.http_method_names else None
        if method == "HEAD":
            handler = getattr(self, "get", None)
        if handler is None:
            allowed = sorted(name.upper() for name in self.http_method_names if hasattr(self, name))
            raise MethodNotAllowed(f"{method} is not possible here.", headers={"Allow": ", ".join(allowed)})
        if method in _READS or self.always_reads:
            response: HttpResponse = handler(call, request, **url)
        else:
            with transaction.atomic():
                response = handler(call, request, **url)
        return response


def answer(
    body: JsonObject | None, status: int = 200, headers: Mapping[str, str] | None = None
) -> HttpResponse:
    """Return a response in SCIM's media type, without a body for None."""
    content = b"" if body is None else json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
    return HttpResponse(content, status=status, content_type=SCIM_CONTENT_TYPE, headers=dict(headers or {}))


def _settle(raised: Exception, call: Call | None) -> ScimError:
    """Do what belongs to a failure once its transaction is rolled back, and return what the client gets."""
    if isinstance(raised, ChangeHeld):
        keep_held_change(raised)
    if isinstance(raised, Refused):
        audit_refusal(raised)
    if call is not None:
        for effect in call.after_rollback:
            effect()
    known = as_scim_error(raised)
    if known is None:
        log.error("scim_failed", exc_info=raised)
        known = InternalError("Something went wrong here; the request was not carried out.")
    return known


def _keep(
    request: HttpRequest,
    call: Call,
    body: JsonObject | None,
    response: HttpResponse,
    error: ScimError | None,
    started: float,
) -> None:
    """Hand one entry to the request log."""
    size = len(request.body) if body is not None else 0
    request_log.keep(
        RequestLogEntry(
            account=call.account,
            token_id=call.credential.token_id,
            method=(request.method or "")[:10],
            path=request_log.masked_path(request.path_info),
            query=request_log.masked_query(request.META.get("QUERY_STRING", "")),
            dialect=dialects.guess(
                request.headers.get("User-Agent", ""), request.headers.get("Content-Type", ""), body
            ).value,
            status=response.status_code,
            duration_ms=int((time.perf_counter() - started) * 1000),
            scim_type=(error.scim_type or "") if error is not None else "",
            detail=request_log.masked_detail(error.detail) if error is not None else "",
            effect={} if error is not None else call.effect,
            body=request_log.masked_body(body, size),
            ip_address=client_address(request) or None,
            track_id=track_ids.current(),
        )
    )
