"""Read a request's body as one JSON object, within limits (V-21); everything else is a clear 4xx."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, UnreadablePostError

from foundation.strict_json import NotStrictJson, parse_object
from scim import limits
from scim.errors import InvalidSyntax, TooLarge, UnsupportedMediaType
from scim.schema import JsonObject

MEDIA_TYPE = "application/scim+json"
_ACCEPTED = frozenset({MEDIA_TYPE, "application/json", ""})
_INFINITE = frozenset({float("inf"), float("-inf")})


def read_body(request: HttpRequest) -> JsonObject:
    """Return the body; raises ``UnsupportedMediaType``, ``TooLarge`` or ``InvalidSyntax``."""
    if (request.content_type or "").lower() not in _ACCEPTED:
        raise UnsupportedMediaType(f"Send {MEDIA_TYPE} or application/json.")
    try:
        length = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        length = 0
    if length > limits.BODY_BYTES:
        raise _too_large()
    try:
        raw = request.body
    except RequestDataTooBig as error:
        raise _too_large() from error
    except UnreadablePostError as error:
        raise InvalidSyntax("The body broke off.") from error
    if len(raw) > limits.BODY_BYTES:
        raise _too_large()
    try:
        body = parse_object(raw)
    except NotStrictJson as error:
        raise InvalidSyntax(f"The body is {error}.") from error
    _check_shape(body)
    return body


def _too_large() -> TooLarge:
    return TooLarge(f"A body may have {limits.BODY_BYTES} bytes (maxPayloadSize).")


def _check_shape(body: JsonObject) -> None:
    # Level by level rather than by recursion: how deep it goes is just what is in question.
    level: list[Any] = [body]
    for _ in range(limits.JSON_DEPTH):
        inner: list[Any] = []
        for item in level:
            for value in item.values() if isinstance(item, dict) else item:
                if isinstance(value, dict | list):
                    inner.append(value)
                elif isinstance(value, float) and value in _INFINITE:
                    raise InvalidSyntax("The body holds a number beyond all bounds.")
        if not inner:
            return
        level = inner
    raise InvalidSyntax(f"The body is nested more than {limits.JSON_DEPTH} deep.")
