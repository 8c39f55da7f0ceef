"""A person as a SCIM document, and back: which part lives in columns of ``accounts.User`` and which in our JSON.

Columns are the truth for user name, externalId, active, the given, family and display name. E-mail addresses, phone
numbers, time zone and languages are the directory's lists and texts; the columns that the rest of the product reads
(one e-mail, one phone, an IANA zone, a language) are made from them when they change.
"""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from accounts.models import User
from foundation.folding import fold
from scim.models import UserResource
from scim.multi_values import primary_value
from scim.schema import JsonObject

_NAME_COLUMNS = {"givenName": "given_name", "familyName": "family_name"}
_COLUMNS = frozenset({"userName", "externalId", "active", "displayName"})
_ZONES = frozenset(available_timezones())
_PHONE_LENGTH = 60


def document_of(user: User, resource: UserResource | None) -> JsonObject:
    """Return the canonical document of a person, without what only a representation has (id, meta, groups)."""
    document: JsonObject = {"userName": user.user_name}
    if user.external_id:
        document["externalId"] = user.external_id
    kept = dict(resource.attributes) if resource is not None else contacts_of(user)
    name = dict(kept.pop("name", None) or {})
    for key, column in _NAME_COLUMNS.items():
        if value := getattr(user, column):
            name[key] = value
    if name:
        document["name"] = name
    if user.display_name:
        document["displayName"] = user.display_name
    document["active"] = user.directory_active
    return document | kept


def contacts_of(user: User) -> JsonObject:
    """Return e-mail and phone of somebody whom no directory has described yet."""
    found: JsonObject = {}
    if user.email:
        found["emails"] = [{"value": user.email, "type": "work", "primary": True}]
    if user.phone:
        found["phoneNumbers"] = [{"value": user.phone, "type": "work", "primary": True}]
    return found


def kept_of(document: JsonObject) -> JsonObject:
    """Return what ``UserResource.attributes`` holds: the document without what has a column."""
    kept = {key: value for key, value in document.items() if key not in _COLUMNS}
    name = {key: value for key, value in (kept.pop("name", None) or {}).items() if key not in _NAME_COLUMNS}
    if name:
        kept["name"] = name
    return kept


def columns_of(document: JsonObject) -> dict[str, str]:
    """Return the values of ``User``'s columns that follow from a document, "" for none."""
    name = document.get("name") or {}
    zone = document.get("timezone", "")
    phone = primary_value(document.get("phoneNumbers") or [])
    return {
        "user_name": document.get("userName", ""),
        "external_id": document.get("externalId", ""),
        "email": primary_value(document.get("emails") or []),
        "phone": phone if max(len(phone), len(fold(phone))) <= _PHONE_LENGTH else "",
        "given_name": name.get("givenName", ""),
        "family_name": name.get("familyName", ""),
        "display_name": document.get("displayName", ""),
        "timezone": zone if zone in _ZONES else "",  # J-8: an unknown zone is kept in the document only
        "language": _language(document),
    }


def changes_between(before: JsonObject, after: JsonObject) -> dict[str, list[Any]]:
    """Return ``{attribute: [old, new]}`` of every top-level attribute that differs."""
    names = [*before, *(key for key in after if key not in before)]
    return {key: [before.get(key), after.get(key)] for key in names if before.get(key) != after.get(key)}


def _language(document: JsonObject) -> str:
    # RFC 7643 §4.1.1: preferredLanguage reads like an Accept-Language header; its first tag is what people mean.
    found = str(document.get("preferredLanguage") or document.get("locale") or "")
    tag = found.split(",")[0].split(";")[0].strip().replace("_", "-").split("-")[0].lower()
    return tag if tag.isascii() and tag.isalpha() and len(tag) in (2, 3) else ""
