"""Which rows make a person findable by filters; pure. ``scim.filters`` looks for them by the same names.

A row holds the value as it is compared: folded, unless the schema says that case counts. What has a column is not
repeated here. Attributes whose values are too long or of no use in a filter (photos, certificates, addresses, URLs)
have no rows, and a filter on them is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from foundation.folding import fold
from scim.errors import InvalidValue
from scim.models.resource import KEY_LENGTH
from scim.schema import ENTERPRISE, ENTERPRISE_URN, USER, Attribute, JsonObject

TYPE_LENGTH = 60

# Multi-valued attributes with a row per value.
LISTS: Mapping[str, Attribute] = MappingProxyType(
    {name: USER.attributes[name] for name in ("emails", "phonenumbers", "ims", "entitlements", "roles")}
)


def _single_texts() -> dict[str, Attribute]:
    found = {
        name: USER.attributes[name]
        for name in ("nickname", "title", "usertype", "preferredlanguage", "locale", "timezone")
    }
    for name, sub in USER.attributes["name"].subs.items():
        if name not in ("givenname", "familyname"):
            found[f"name.{name}"] = sub
    for name, attribute in ENTERPRISE.attributes.items():
        if not attribute.is_complex:
            found[f"{ENTERPRISE_URN.lower()}:{name}"] = attribute
    for name in ("value", "displayname"):
        found[f"{ENTERPRISE_URN.lower()}:manager.{name}"] = ENTERPRISE.attributes["manager"].subs[name]
    return found


# Attributes with at most one value, by the path that a filter names them with, in lower case.
SINGLES: Mapping[str, Attribute] = MappingProxyType(_single_texts())


@dataclass(frozen=True, slots=True)
class SearchRow:
    """What one row of ``UserValue`` says, but for whose it is."""

    attribute: str
    value_key: str
    type_key: str = ""
    is_primary: bool = False


def rows_of(document: JsonObject) -> list[SearchRow]:
    """Return the rows of a document; raises ``InvalidValue`` for a value longer than can be compared."""
    return [*_list_rows(document), *_single_rows(document)]


def comparable(attribute: Attribute, value: str) -> str:
    """Return the form in which values of ``attribute`` are compared."""
    return value if attribute.case_exact else fold(value)


def _list_rows(document: JsonObject) -> Iterator[SearchRow]:
    for key, attribute in LISTS.items():
        for entry in document.get(attribute.name) or ():
            yield SearchRow(
                attribute=key,
                value_key=_fitting(
                    comparable(attribute.subs["value"], entry["value"]), KEY_LENGTH, attribute.name
                ),
                type_key=_fitting(fold(entry.get("type", "")), TYPE_LENGTH, f"{attribute.name}.type"),
                is_primary=bool(entry.get("primary")),
            )


def _single_rows(document: JsonObject) -> Iterator[SearchRow]:
    # Most documents have few of these, so the document is walked, not the table of all that could be.
    for key, value in document.items():
        lowered = key.lower()
        if isinstance(value, str):
            yield from _single(lowered, value)
        elif isinstance(value, dict) and lowered == "name":
            yield from _below("name.", value)
        elif isinstance(value, dict) and lowered == ENTERPRISE_URN.lower():
            yield from _below(f"{lowered}:", value)
            yield from _below(f"{lowered}:manager.", value.get("manager") or {})


def _below(prefix: str, values: JsonObject) -> Iterator[SearchRow]:
    for key, value in values.items():
        if isinstance(value, str):
            yield from _single(f"{prefix}{key.lower()}", value)


def _single(path: str, value: str) -> Iterator[SearchRow]:
    attribute = SINGLES.get(path)
    if attribute is not None:
        yield SearchRow(path, _fitting(comparable(attribute, value), KEY_LENGTH, attribute.name))


def _fitting(key: str, limit: int, name: str) -> str:
    if len(key) > limit:
        raise InvalidValue(f"{name} is longer than {limit} characters.")
    return key
