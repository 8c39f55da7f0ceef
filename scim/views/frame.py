"""The frame that every SCIM endpoint stands in: authentication, one transaction, SCIM's error form, the request log.

``ScimView`` is django-scim2's ``SCIMView`` with nothing of its behaviour left. That class looks resources up without an
account, leaves authentication to ``request.user`` and answers bugs with their text; its filters are SQL text. All its
members are replaced or taken away below, and a test walks the URL resolver to prove that none can be reached.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse
from django_scim.constants import SCIM_CONTENT_TYPE
from django_scim.views import SCIMView

from foundation import track_ids
from foundation.client_address import client_address
from scim import dialects, request_log
from scim.authentication import authenticate, require_account_token, throttle
from scim.call import Call
from scim.errors import MethodNotAllowed, ScimError
from scim.models import RequestLogEntry
from scim.outcome import carry_out, settle
from scim.request_body import read_body
from scim.schema import JsonObject

_READS = frozenset({"GET", "HEAD"})
_to_json = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


class ScimView(SCIMView):
    """Subclasses write ``get``, ``post``, … as ``(call, request, **url) -> HttpResponse``."""

    http_method_names: ClassVar[list[str]] = ["get", "head", "post", "put", "patch", "delete"]
    takes_personal_tokens: ClassVar[bool] = False
    always_reads: ClassVar[bool] = False  # a POST that changes nothing, such as .search
    own_transactions: ClassVar[bool] = False  # several operations in one request, each a transaction (/Bulk)

    # Taken away: nothing of django-scim2 finds, adapts, filters or answers anything here.
    lookup_field = model_cls = scim_adapter = get_object = load_body = status_501 = None
    get_extra_filter_kwargs = get_extra_exclude_kwargs = None
    get_object_post_processor = get_queryset_post_processor = None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer one request. CSRF doesn't apply: the token is never sent by a browser on its own."""
        started = time.perf_counter()
        call: Call | None = None
        self.body: JsonObject | None = None
        try:
            call = authenticate(request, kwargs.pop("mount"))
            throttle(call)
            if not self.takes_personal_tokens:
                require_account_token(call)
            outcome = self._outcome(call, request, kwargs)
        except Exception as raised:
            outcome = settle(raised, call)
        error = outcome if isinstance(outcome, ScimError) else None
        response = answer(error.to_dict(), error.status, error.headers) if error is not None else outcome
        if call is not None:
            _keep(request, call, self.body, response, error, started)
        return response

    dispatch.csrf_exempt = True  # type: ignore[attr-defined]  # as_view() passes it on to the view

    def read_body(self, request: HttpRequest) -> JsonObject:
        """Return the request's body and remember it for the log."""
        self.body = read_body(request)
        return self.body

    def _outcome(self, call: Call, request: HttpRequest, url: dict[str, Any]) -> HttpResponse | ScimError:
        method = request.method or ""
        work = partial(self._handler(method), call, request, **url)
        if method in _READS or self.always_reads or self.own_transactions:
            return work()
        return carry_out(call, work)

    def _handler(self, method: str) -> Callable[..., HttpResponse]:
        name = method.lower()
        handler: Callable[..., HttpResponse] | None = (
            getattr(self, name, None) if name in self.http_method_names else None
        )
        if handler is None:
            allowed = sorted(each.upper() for each in self.http_method_names if hasattr(self, each))
            raise MethodNotAllowed(
                f"{method[:20]} is not possible here.", headers={"Allow": ", ".join(allowed)}
            )
        return handler


def answer(
    body: JsonObject | None, status: int = 200, headers: Mapping[str, str] | None = None
) -> HttpResponse:
    """Return a response in SCIM's media type, without a body for None."""
    content = b"" if body is None else _to_json(body).encode()
    # RFC 9110 §8.6: 204 has no length, and 304's would be that of the resource.
    length = {} if status in (204, 304) else {"Content-Length": str(len(content))}
    sent = {**length, **(headers or {})}
    return HttpResponse(content, status=status, content_type=SCIM_CONTENT_TYPE, headers=sent)


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
    meta = request.META
    request_log.keep(
        RequestLogEntry(
            account=call.account,
            token_id=call.credential.token_id,
            oauth_client_id=call.credential.client_id,
            method=(request.method or "")[:10],
            path=request_log.masked_path(request.path_info),
            query=request_log.masked_query(meta.get("QUERY_STRING", "")),
            dialect=dialects.guess(meta.get("HTTP_USER_AGENT", ""), meta.get("CONTENT_TYPE", ""), body).value,
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
