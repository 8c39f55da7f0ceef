"""The admin has its own Content-Security-Policy: unfold's Alpine needs 'unsafe-eval', and nothing more."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase


class AdminCspMiddleware:
    """Marks responses below ``/admin/`` for django-csp, which runs around this one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pick the policy by path, so that an error page inside the admin has it too."""
        response = self.get_response(request)
        if request.path_info.startswith("/admin/"):
            response._csp_config = settings.ADMIN_CONTENT_SECURITY_POLICY  # type: ignore[attr-defined]  # django-csp's
        return response
