"""Attributes of extension schemas that this server never heard of: kept and returned as they came (P-9)."""

from __future__ import annotations

from typing import Any

from scim.errors import InvalidValue
from scim.patch_body import Op
from scim.paths import Target, find_key
from scim.schema import JsonObject

_SECRET = "password"  # noqa: S105  (a name)


def write_undeclared(document: JsonObject, target: Target, op: Op, value: Any) -> None:
    """Write a whole undeclared extension, one attribute of it, or one sub-attribute."""
    uri, names = target.extension or "", target.undeclared or ()
    whole = f"{uri}:{names[0]}" if len(names) == 1 else uri
    if not names or find_key(document, whole) is not None or (isinstance(value, dict) and len(names) == 1):
        # "urn:x:User" reads as attribute User of urn:x; an object, or something kept under that name, decides.
        _write_whole(document, whole, op, value)
        return
    if _SECRET in names[-1].lower():
        return
    key = find_key(document, uri) or uri
    host = document.setdefault(key, {})
    for name in names[:-1]:
        inner = find_key(host, name) or name
        if not isinstance(host.get(inner), dict):
            host[inner] = {}
        host = host[inner]
    last = find_key(host, names[-1]) or names[-1]
    if op is Op.REMOVE or value is None:
        host.pop(last, None)
    else:
        host[last] = without_secrets(value)


def cleaned(value: Any) -> Any:
    """Return a value without null members, and None for an empty object."""
    if isinstance(value, dict):
        return {key: item for key, inner in value.items() if (item := cleaned(inner)) is not None} or None
    return value


def without_secrets(value: Any) -> Any:
    """Return a copy without anything named like a password, which is never stored."""
    if isinstance(value, dict):
        return {key: without_secrets(item) for key, item in value.items() if _SECRET not in key.lower()}
    if isinstance(value, list):
        return [without_secrets(item) for item in value]
    return value


def _write_whole(document: JsonObject, uri: str, op: Op, value: Any) -> None:
    key = find_key(document, uri) or uri
    if len(key) > 200:
        raise InvalidValue("The name of an extension schema is too long.")
    if op is Op.REMOVE or value is None:
        document.pop(key, None)
    elif not isinstance(value, dict):
        raise InvalidValue(f"{uri} must be an object.")
    else:
        host = document.setdefault(key, {})
        for name, item in without_secrets(value).items():
            inner = find_key(host, name) or name
            if item is None:
                host.pop(inner, None)
            else:
                host[inner] = item
