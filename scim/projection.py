"""Which attributes an answer carries: ``attributes`` and ``excludedAttributes``; pure (RFC 7644 §3.9).

Names compare without case, may be qualified by their schema's URN and may name one sub-attribute. What doesn't exist is
left out silently, as the RFC has it. ``schemas`` and ``id`` are always there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from scim.errors import InvalidValue
from scim.schema import SCHEMAS, JsonObject

_ALWAYS = frozenset({"schemas", "id"})

# Of one attribute: all of it (None), or the lower-case names of some sub-attributes.
Parts = frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Projection:
    """A choice of attributes by lower-case name; both maps empty means everything."""

    included: Mapping[str, Parts] = field(default_factory=dict)
    excluded: Mapping[str, Parts] = field(default_factory=dict)

    def wants(self, name: str) -> bool:
        """Tell whether any of attribute ``name`` will be shown, so that it need not be loaded otherwise."""
        lowered = name.lower()
        if lowered in _ALWAYS:
            return True
        if self.included:
            return lowered in self.included
        return self.excluded.get(lowered, frozenset()) is not None

    def asks_for(self, name: str, sub: str) -> bool:
        """Tell whether a sub-attribute that is returned on request only was requested, by itself or with all of it."""
        parts = self.included.get(name.lower(), frozenset())
        return parts is None or sub.lower() in parts

    def apply(self, resource: JsonObject) -> JsonObject:
        """Return the part of a representation that was asked for."""
        if not self.included and not self.excluded:
            return resource
        found = {key: self._part(key, value) for key, value in resource.items() if self.wants(key)}
        return {key: value for key, value in found.items() if value or not resource[key]}

    def _part(self, key: str, value: object) -> object:
        lowered = key.lower()
        if lowered in _ALWAYS:
            return value
        if self.included:
            shown = self.included[lowered]
            return value if shown is None else _pick(value, shown.__contains__)
        hidden = self.excluded.get(lowered) or frozenset()
        return _pick(value, lambda name: name not in hidden) if hidden else value


def read_projection(attributes: Iterable[str], excluded: Iterable[str]) -> Projection:
    """Return the choice that two lists of names stand for; each may hold commas. Both at once are refused."""
    projection = Projection(_parts(attributes), _parts(excluded))
    if projection.included and projection.excluded:
        raise InvalidValue("attributes and excludedAttributes can't be given together.")
    return projection


def _parts(names: Iterable[str]) -> dict[str, Parts]:
    found: dict[str, Parts] = {}
    for name in (part.strip() for text in names for part in text.split(",")):
        if not name:
            continue
        attribute, sub = _split(name.lower())
        known = found.get(attribute, frozenset())
        found[attribute] = None if sub is None or known is None else known | {sub}
    return found


def _split(name: str) -> tuple[str, str | None]:
    if name in SCHEMAS:  # an extension as a whole
        return name, None
    urn, separator, rest = name.rpartition(":")
    if separator:
        schema = SCHEMAS.get(urn)
        if schema is None or "schemas" not in schema.attributes:
            # A part of an extension is a member of it; its own sub-attributes come along.
            return (urn, rest.partition(".")[0]) if schema else (name, None)
        name = rest
    attribute, dot, sub = name.partition(".")
    return attribute, sub if dot else None


def _pick(value: object, wanted: Callable[[str], bool]) -> object:
    if isinstance(value, dict):
        return {key: item for key, item in value.items() if wanted(key.lower())}
    if isinstance(value, list):
        return [part for item in value if (part := _pick(item, wanted)) != {}]
    return value
