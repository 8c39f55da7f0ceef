"""Answer a request that needs a stored secret which no present key opens: 503, a track ID and nothing else (L-11).

Sign-ins refuse it themselves, with the provider's name in the failure log. This is for all the rest; what the view
began to write was rolled back with its transaction.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase

from broker import error_pages
from foundation.encryption import SecretUnreadable


class UnreadableSecretsMiddleware:
    """``SecretUnreadable`` from any view becomes a page, or an error in the form of the API that was called."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Leave everything else as it is."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Return the answer, None for what is nothing of the kind."""
        if not isinstance(exception, SecretUnreadable):
            return None
        return error_pages.secret_unreadable(request, exception)
