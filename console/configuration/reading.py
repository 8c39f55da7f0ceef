"""Turn YAML nodes into the frozen dataclasses of ``schema``, by their annotations.

A ``Part`` is a mapping of the file; its fields are the keys it may have. ``X | None`` and fields with a default may be
left out, and null counts as left out: absent is not empty (design rule 5). Types are strict: a number is no text. All
problems are collected, so that one run shows them all.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from types import UnionType
from typing import Annotated, Any, Final, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import yaml

from console.configuration.checks import Unique
from console.configuration.places import Place
from console.configuration.problems import ConfigurationError, Problem, did_you_mean, one_of

P = TypeVar("P", bound="Part")
Contradiction = tuple[tuple[str | int, ...], str]  # the way from the part to the key, and the complaint

_TAG: Final = "tag:yaml.org,2002:"
_TEXT, _BOOL, _INT, _NULL = (f"{_TAG}{name}" for name in ("str", "bool", "int", "null"))
_TRUE, _FALSE = frozenset({"true", "yes", "on"}), frozenset({"false", "no", "off"})
_WHOLE_NUMBER = re.compile(r"0|[1-9][0-9]{0,8}")
_INVALID: Final = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A mapping of the file. ``place`` leads back to it and, with ``place.at``, to each of its keys."""

    place: Place = dataclasses.field(repr=False, compare=False)

    def contradictions(self) -> Iterator[Contradiction]:
        """Yield what can't be, although each value by itself is fine."""
        yield from ()


def read(kind: type[P], place: Place) -> P:
    """Return the document as a ``kind``. Raises ``ConfigurationError`` with every problem found."""
    reader = _Reader()
    part = reader.part(kind, place)
    if reader.problems or part is None:
        raise ConfigurationError(reader.problems)
    return part


class _Reader:
    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self._known: dict[type[Part], Mapping[str, Any]] = {}

    def part(self, kind: type[P], place: Place) -> P | None:
        before = len(self.problems)
        given = self._keys(place)
        if given is None:
            return None
        annotations = self._annotations(kind)
        for key in given:
            if key not in annotations:
                self._unknown(place.at(key), key, annotations)
        values: dict[str, Any] = {}
        for field in dataclasses.fields(kind):
            if field.name == "place":
                continue
            child = place.at(field.name)
            if field.name in given and not _is_null(child.node):
                values[field.name] = self._value(annotations[field.name], child)
            elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
                self._add(child, "is required")
        if len(self.problems) > before:
            return None
        part = kind(place=place, **values)
        for steps, message in part.contradictions():
            self._add(place.at(*steps), message)
        return part

    def _annotations(self, kind: type[Part]) -> Mapping[str, Any]:
        if kind not in self._known:
            hints = get_type_hints(kind, include_extras=True)
            self._known[kind] = {name: hint for name, hint in hints.items() if name != "place"}
        return self._known[kind]

    def _add(self, place: Place, message: str) -> Any:
        self.problems.append(Problem(place, message))
        return _INVALID

    def _unknown(self, place: Place, key: str, known: Mapping[str, Any]) -> None:
        if ":" in key:
            self._add(place, "is not a known key; a blank is missing after the colon")
        else:
            self._add(place, f"is not a known key{did_you_mean(key, known)}")

    def _keys(self, place: Place) -> list[str] | None:
        if not isinstance(place.node, yaml.MappingNode) or place.node.tag != f"{_TAG}map":
            self._add(place, "must be a mapping of keys to values")
            return None
        keys: list[str] = []
        for node, _ in place.node.value:
            at = place.at(node.value) if isinstance(node, yaml.ScalarNode) else place
            if not isinstance(node, yaml.ScalarNode):
                self._add(place, "a key must be plain text")
            elif node.value in keys:
                line = int(node.start_mark.line) + 1
                self._add(dataclasses.replace(at, line=line), f"is given twice; first in line {at.line}")
            else:
                keys.append(node.value)
        return keys

    def _value(self, hint: Any, place: Place) -> Any:
        origin, arguments = get_origin(hint), get_args(hint)
        if origin is Annotated:
            return self._checked(self._value(arguments[0], place), arguments[1:], place)
        if origin in (Union, UnionType):
            if Literal[""] in arguments and _is_empty_text(place.node):
                return ""
            return self._value(next(one for one in arguments if one is not type(None)), place)
        if origin is tuple:
            return self._list(arguments[0], place)
        if origin is Mapping:
            keys = self._keys(place)
            return (
                {key: self._value(arguments[1], place.at(key)) for key in keys}
                if keys is not None
                else _INVALID
            )
        if issubclass(hint, Part):
            part = self.part(hint, place)
            return _INVALID if part is None else part
        return self._scalar(hint, place)

    def _checked(self, value: Any, checks: tuple[Any, ...], place: Place) -> Any:
        for check in checks:
            if value is _INVALID:
                break
            if isinstance(check, Unique):
                for index, complaint in check.repeated(value):
                    self._add(place.at(index, check.attribute), complaint)
            elif complaint := check(value):
                return self._add(place, complaint)
        return value

    def _list(self, hint: Any, place: Place) -> Any:
        if not isinstance(place.node, yaml.SequenceNode) or place.node.tag != f"{_TAG}seq":
            return self._add(place, "must be a list")
        items = [self._value(hint, place.at(index)) for index in range(len(place.node.value))]
        return _INVALID if _INVALID in items else tuple(items)

    def _scalar(self, hint: type, place: Place) -> Any:
        node = place.node if isinstance(place.node, yaml.ScalarNode) else None
        tag = "" if node is None else node.tag
        text = "" if node is None else str(node.value)
        if issubclass(hint, Enum):
            choices = [str(choice.value) for choice in hint]
            return (
                hint(text)
                if tag == _TEXT and text in choices
                else self._add(place, f"must be {one_of(choices)}")
            )
        if hint is bool:
            lowered = text.lower()
            known = tag == _BOOL and lowered in _TRUE | _FALSE
            return lowered in _TRUE if known else self._add(place, "must be true or false")
        if hint is int:
            known = tag == _INT and _WHOLE_NUMBER.fullmatch(text) is not None
            return int(text) if known else self._add(place, "must be a whole number")
        if tag != _TEXT:
            return self._add(
                place, "must be text" if node is None or tag == _NULL else "must be text; put it in quotes"
            )
        return text if _is_storable(text) else self._add(place, "holds a character that can't be stored")


def _is_null(node: yaml.Node | None) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == _NULL


def _is_empty_text(node: yaml.Node | None) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == _TEXT and node.value == ""


def _is_storable(text: str) -> bool:
    # A null character or half a surrogate pair gets into a YAML text by an escape; PostgreSQL refuses both.
    return "\x00" not in text and not any("\ud800" <= character <= "\udfff" for character in text)
