"""Requests whose queries and forms are UTF-8, whatever charset a ``Content-Type`` names.

Django goes by that charset, also for the query, while it makes the request object: before any middleware, view or error
page of ours. With some names ("hex", "idna") it fails there, and anybody on the web could fill the log with tracebacks;
with others ("unicode_escape") it makes texts that nothing can store. URLs and the forms of browsers are UTF-8 (RFC 3986
§2.5, WHATWG URL §5), and so is JSON (RFC 8259 §8.1).
"""

from __future__ import annotations

from typing import Any

from django.core.handlers.wsgi import WSGIRequest
from django.utils.http import parse_header_parameters


class Utf8Request(WSGIRequest):
    """Django's request, for ``broker.wsgi``."""

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        self.content_type, self.content_params = parse_header_parameters(meta.get("CONTENT_TYPE", ""))
