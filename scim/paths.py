"""What a PATCH path, or a key of a value without a path, points at (RFC 7644 §3.5.2, §3.10).

The grammar is scim2-models'; here a parsed path is matched with the attributes that exist. Real clients put whole paths
into the keys of a pathless value ("name.givenName", "urn:…:User:department", ``emails[type eq "work"].value``), so keys
and paths are read alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from scim2_models import InvalidPathException, Path
from scim2_models.path import FilterNode

from scim import limits
from scim.errors import InvalidPath
from scim.schema import SCHEMAS, USER, Attribute, Schema


@dataclass(frozen=True, slots=True)
class Target:
    """Where a path leads.

    ``extension`` is the extension schema's URN, None for the core schema. ``attribute`` is None when the path names a
    schema as a whole. ``sub`` is a sub-attribute, ``selection`` the filter between brackets. In an undeclared extension
    only names are known: ``undeclared`` holds one or two of them, none when the whole extension is meant.
    """

    extension: str | None = None
    attribute: Attribute | None = None
    sub: Attribute | None = None
    selection: FilterNode | None = None
    undeclared: tuple[str, ...] | None = None


class UnknownAttribute(InvalidPath):
    """A path names what the schema doesn't have; as a key of a value it is ignored instead (P-9)."""

    code = "scim.unknown_attribute"


@lru_cache(maxsize=1024)
def resolve(text: str, core: Schema) -> Target:
    """Return what ``text`` points at in a resource of schema ``core``; raises ``InvalidPath``."""
    text = text.strip()
    if len(text) > limits.PATH_CHARACTERS:
        raise InvalidPath(f"A path may have {limits.PATH_CHARACTERS} characters.")
    named = SCHEMAS.get(text.lower())
    if named is not None:
        return _schema_target(named, core)
    try:
        path = Path(text)
        names, uri, selection = path.parts, path.schema, path.value_filter
    except InvalidPathException as error:
        raise InvalidPath(f"The path {text[:100]!r} can't be read: {error.detail}.") from error
    if not names:
        return Target()
    schema = core if uri is None else SCHEMAS.get(uri.lower())
    if schema is None:
        if selection is not None:
            raise InvalidPath(f"Values of the undeclared schema {uri} can't be selected.")
        return Target(extension=uri, undeclared=names)
    return _attribute_target(schema, core, names, selection, text)


def is_uri(key: str) -> bool:
    """Tell whether a key of a resource names an extension schema or one of its attributes."""
    return ":" in key and "[" not in key


def _schema_target(named: Schema, core: Schema) -> Target:
    if named is core:
        return Target()
    # Another resource type's core schema, or an extension, of which people alone have one.
    if named.attributes.get("schemas") or core is not USER:
        raise UnknownAttribute(f"{named.urn} doesn't belong to this resource.")
    return Target(extension=named.urn)


def _attribute_target(
    schema: Schema, core: Schema, names: tuple[str, ...], selection: FilterNode | None, text: str
) -> Target:
    base = _schema_target(schema, core)
    attribute = schema.attributes.get(names[0].lower())
    if attribute is None:
        raise UnknownAttribute(f"There is no attribute {text[:100]!r}.")
    sub = None
    if len(names) > 1:
        sub = attribute.subs.get(names[1].lower())
        if sub is None:
            raise UnknownAttribute(f"{attribute.name} has no sub-attribute {names[1]!r}.")
    if selection is not None and not (attribute.multi_valued and attribute.is_complex):
        raise InvalidPath(f"{attribute.name} has no values to select from.")
    return Target(extension=base.extension, attribute=attribute, sub=sub, selection=selection)


def find_key(document: Mapping[str, object], name: str) -> str | None:
    """Return the key of ``document`` that is ``name`` but for case."""
    if name in document:
        return name
    lowered = name.lower()
    return next((key for key in document if key.lower() == lowered), None)
