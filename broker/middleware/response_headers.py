"""Headers of every answer that Django has no setting for. Static files come with a ``Cache-Control`` of their own."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from broker.middleware.browser_only import is_for_programs

_PERMISSIONS = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer",
        "autoplay",
        "camera",
        "display-capture",
        "encrypted-media",
        "fullscreen",
        "geolocation",
        "gyroscope",
        "magnetometer",
        "microphone",
        "midi",
        "payment",
        "screen-wake-lock",
        "usb",
        "xr-spatial-tracking",
    )
)


# An answer for a program is no page; should a browser be made to show it, it can do nothing.
_NO_PAGE = "default-src 'none'; frame-ancestors 'none'"


class ResponseHeadersMiddleware:
    """``Cache-Control: no-store`` unless the view decided otherwise, ``Permissions-Policy``, resource isolation."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Every page may show a person's data or hold a one-time value (V-24)."""
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("Permissions-Policy", _PERMISSIONS)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if is_for_programs(request.path_info):
            response.headers.setdefault("Content-Security-Policy", _NO_PAGE)
        return response
