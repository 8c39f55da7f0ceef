"""Which attributes exist: one table, made from scim2-models' schemas, for reading requests and for /Schemas alike.

scim2-models describes RFC 7643 to the letter. Where this server is different, the description is corrected here, before
anything reads it, so that what is published is what happens:

- ``password`` is gone: nobody gets one by SCIM, and sending one changes nothing (P-9).
- ``active`` is required: everybody has it, and to remove it is 400 (RFC 7644 §3.5.2.2). A POST without it means true.
- ``manager`` needs neither ``value`` nor ``$ref``, and keeps ``displayName``: directories send any one of the three.
- a group's ``displayName`` is unique in the account, and its members are people, whose names are shown only to those
  who ask for them by ``attributes``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from scim2_models import EnterpriseUser
from scim2_models import Group as GroupModel
from scim2_models import User as UserModel

JsonObject = dict[str, Any]

USER_URN = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP_URN = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE_URN = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


class AttributeType(StrEnum):
    """The data types of RFC 7643 §2.3."""

    STRING = "string"
    BOOLEAN = "boolean"
    DECIMAL = "decimal"
    INTEGER = "integer"
    DATE_TIME = "dateTime"
    BINARY = "binary"
    REFERENCE = "reference"
    COMPLEX = "complex"


@dataclass(frozen=True, slots=True, eq=False)
class Attribute:
    """One attribute; ``subs`` are its sub-attributes by lower-case name, since names compare without case."""

    name: str
    type: AttributeType = AttributeType.STRING
    multi_valued: bool = False
    case_exact: bool = False
    read_only: bool = False
    subs: Mapping[str, Attribute] = field(default_factory=dict)

    @property
    def is_complex(self) -> bool:
        """Holds sub-attributes."""
        return self.type is AttributeType.COMPLEX


@dataclass(frozen=True, slots=True, eq=False)
class Schema:
    """A schema: its attributes by lower-case name, and the description that /Schemas publishes."""

    urn: str
    attributes: Mapping[str, Attribute]
    published: JsonObject


def _attribute(description: JsonObject) -> Attribute:
    return Attribute(
        name=description["name"],
        type=AttributeType(description["type"]),
        multi_valued=description["multiValued"],
        case_exact=description["caseExact"],
        read_only=description["mutability"] == "readOnly",
        subs=_by_name(description.get("subAttributes", ())),
    )


def _by_name(descriptions: Any) -> Mapping[str, Attribute]:
    return MappingProxyType({each["name"].lower(): _attribute(each) for each in descriptions})


def _find(descriptions: list[JsonObject], name: str) -> JsonObject:
    return next(each for each in descriptions if each["name"] == name)


def _user() -> JsonObject:
    schema: JsonObject = UserModel.to_schema().model_dump()
    schema["attributes"] = [each for each in schema["attributes"] if each["name"] != "password"]
    _find(schema["attributes"], "active")["required"] = True
    return schema


def _enterprise() -> JsonObject:
    schema: JsonObject = EnterpriseUser.to_schema().model_dump()
    schema["name"] = "Enterprise User"
    for sub in _find(schema["attributes"], "manager")["subAttributes"]:
        sub["required"] = False
        sub["mutability"] = "readWrite"
    return schema


def _group() -> JsonObject:
    schema: JsonObject = GroupModel.to_schema().model_dump()
    _find(schema["attributes"], "displayName")["uniqueness"] = "server"
    for sub in _find(schema["attributes"], "members")["subAttributes"]:
        if sub["name"] == "$ref":
            sub["referenceTypes"] = ["User"]
        elif sub["name"] == "type":
            sub["canonicalValues"] = ["User"]
        elif sub["name"] == "display":
            sub["mutability"] = "readOnly"
            sub["returned"] = "request"
    return schema


# RFC 7643 §3.1: every resource has these, and no schema lists them.
_COMMON = (
    Attribute("schemas", AttributeType.REFERENCE, multi_valued=True, case_exact=True, read_only=True),
    Attribute("id", case_exact=True, read_only=True),
    Attribute("externalId", case_exact=True),
    Attribute(
        "meta",
        AttributeType.COMPLEX,
        read_only=True,
        subs=MappingProxyType(
            {
                name.lower(): Attribute(name, kind, case_exact=True, read_only=True)
                for name, kind in (
                    ("resourceType", AttributeType.STRING),
                    ("created", AttributeType.DATE_TIME),
                    ("lastModified", AttributeType.DATE_TIME),
                    ("location", AttributeType.REFERENCE),
                    ("version", AttributeType.STRING),
                )
            }
        ),
    ),
)


def _schema(published: JsonObject, *, common: bool) -> Schema:
    shared = {each.name.lower(): each for each in _COMMON} if common else {}
    attributes = MappingProxyType(shared | dict(_by_name(published["attributes"])))
    return Schema(published["id"], attributes, published)


USER = _schema(_user(), common=True)
ENTERPRISE = _schema(_enterprise(), common=False)
GROUP = _schema(_group(), common=True)

SCHEMAS: Mapping[str, Schema] = MappingProxyType(
    {each.urn.lower(): each for each in (USER, ENTERPRISE, GROUP)}
)


def is_ignored_name(name: str) -> bool:
    """Tell whether a name is one that never does anything and never is an error: a password (P-9)."""
    return name.lower() == "password"
