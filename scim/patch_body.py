"""The envelope of a PATCH: a list of operations (RFC 7644 §3.5.2), read alike for people and groups."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from scim import limits
from scim.errors import InvalidPath, InvalidSyntax, TooLarge
from scim.paths import find_key
from scim.schema import JsonObject


class Op(StrEnum):
    """What an operation does."""

    ADD = "add"
    REPLACE = "replace"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation. ``path`` is "" for the resource itself; ``has_value`` tells a null from nothing."""

    op: Op
    path: str
    value: Any
    has_value: bool


def read_operations(body: JsonObject) -> list[Operation]:
    """Return the operations of a PATCH body; names and ``op`` in any case, as Entra and others send them."""
    found = _member(body, "Operations")
    if not isinstance(found, list) or not found:
        raise InvalidSyntax("A PATCH needs Operations, a list of at least one.")
    if len(found) > limits.PATCH_OPERATIONS:
        raise TooLarge(f"A PATCH may hold {limits.PATCH_OPERATIONS} operations.")
    return [_operation(each) for each in found]


def _operation(found: Any) -> Operation:
    if not isinstance(found, dict):
        raise InvalidSyntax("An operation must be an object.")
    name = _member(found, "op")
    try:
        op = Op(name.strip().lower() if isinstance(name, str) else "")
    except ValueError as error:
        raise InvalidSyntax("op must be add, replace or remove.") from error
    path = _member(found, "path")
    if not isinstance(path, str | None):
        raise InvalidPath("path must be a text.")
    key = find_key(found, "value")
    return Operation(op, (path or "").strip(), None if key is None else found[key], key is not None)


def _member(found: JsonObject, name: str) -> Any:
    key = find_key(found, name)
    return None if key is None else found[key]
