"""Django's CSRF protection, made to work with ``Referrer-Policy: no-referrer``.

Under that policy (V-24: addresses may hold tokens) browsers send ``Origin: null`` with a form of our own pages, just as
they would with a form of a sandboxed frame (Fetch standard, "append a request Origin header"). Django refuses "null".
Here the browser's ``Sec-Fetch-Site``, which no script can set, decides in that case; the token, bound to a cookie that
no other host can set, is required as always.
"""

from __future__ import annotations

from django.http import HttpRequest
from django.middleware.csrf import CsrfViewMiddleware


class OpaqueOriginCsrfMiddleware(CsrfViewMiddleware):
    """Takes ``Origin: null`` for ours only when the browser says that the request is same-origin."""

    def _origin_verified(self, request: HttpRequest) -> bool:
        if request.META["HTTP_ORIGIN"] == "null":
            return request.META.get("HTTP_SEC_FETCH_SITE") == "same-origin"
        return bool(super()._origin_verified(request))  # type: ignore[misc]  # private, so not in the stubs
