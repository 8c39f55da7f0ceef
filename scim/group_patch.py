"""PATCH, PUT and POST of a group as one plan of set operations; pure.

Members are never loaded to change them: the operations of a request fold, in their order, into "empty it first or not,
add these, remove those", which ``accounts.lifecycle.set_directory_members`` carries out in SQL.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from foundation.ids import parse_id
from scim import limits
from scim.errors import Immutable, InvalidFilter, InvalidPath, InvalidSyntax, InvalidValue, NoTarget, TooLarge
from scim.patch_body import Op, Operation
from scim.paths import Target, find_key, is_uri, resolve
from scim.schema import GROUP, SCHEMAS, JsonObject
from scim.undeclared import write_undeclared
from scim.value_filter import selected_values
from scim.values import coerce_one

_MEMBERS = GROUP.attributes["members"]


@dataclass(slots=True)
class GroupPlan:
    """What a request changes. None leaves a name as it is, "" empties it; ``document`` are undeclared extensions."""

    document: JsonObject
    resource_id: str = ""
    display_name: str | None = None
    external_id: str | None = None
    empty_first: bool = False
    add: set[UUID] = field(default_factory=set)
    remove: set[UUID] = field(default_factory=set)
    ignored: list[str] = field(default_factory=list)

    @property
    def changes_members(self) -> bool:
        """Whether the membership is touched at all."""
        return self.empty_first or bool(self.add or self.remove)

    def apply(self, operation: Operation) -> None:
        """Fold one PATCH operation in."""
        if operation.op is not Op.REMOVE and not operation.has_value:
            raise InvalidValue(f"{operation.op.value} needs a value.")
        if not operation.path:
            if operation.op is Op.REMOVE:
                raise NoTarget("remove needs a path.")
            self.merge(operation.value, operation.op)
            return
        target = resolve(operation.path, GROUP)
        if target.attribute is None and target.undeclared is None:
            self._write_resource(operation)
        elif target.attribute is not None and target.attribute.read_only:
            if target.attribute.name != "schemas" and operation.value != self.resource_id:
                raise Immutable(f"{target.attribute.name} is read-only.")
        else:
            self._write(target, operation.op, operation.value)

    def merge(self, values: Any, op: Op = Op.REPLACE) -> None:
        """Fold an object of attributes in; unknown names are ignored and noted, read-only ones ignored."""
        if not isinstance(values, dict):
            raise InvalidSyntax("The value must be an object of attributes.")
        for key, value in values.items():
            if is_uri(key) and isinstance(value, dict) and key.lower() not in SCHEMAS:
                target: Target | None = Target(extension=key, undeclared=())
            else:
                target = _target_of_key(key)
            if target is None or (target.attribute is None and target.undeclared is None):
                self.ignored.append(key[:100])
            elif target.attribute is None or not target.attribute.read_only:
                self._write(target, op, value)

    def _write_resource(self, operation: Operation) -> None:
        if operation.op is Op.REMOVE:
            raise Immutable("A group can't be removed by a PATCH; use DELETE.")
        self.merge(operation.value, operation.op)

    def _write(self, target: Target, op: Op, value: Any) -> None:
        if target.undeclared is not None:
            write_undeclared(self.document, target, op, value)
        elif target.attribute is _MEMBERS:
            self._write_members(target, op, value)
        elif target.attribute is not None:
            text = None if op is Op.REMOVE else coerce_one(target.attribute, value)
            if target.attribute.name == "externalId":
                self.external_id = text or ""
            elif not text or not text.strip():
                raise InvalidValue("displayName needs a value.")
            else:
                self.display_name = text

    def _write_members(self, target: Target, op: Op, value: Any) -> None:
        if target.selection is not None:
            if op is not Op.REMOVE or target.sub is not None:
                raise InvalidPath("Members are added by the path members.")
            named = selected_values(target.selection, _MEMBERS)
            if named is None:
                raise InvalidFilter('Members are selected by value eq "<id>", several joined by or.')
            self._take_out({key for text in named if (key := parse_id(text)) is not None})
        elif target.sub is not None:
            raise InvalidPath("A member is immutable: remove it and add another.")
        elif op is Op.REMOVE and value is None:
            self._empty()
        elif op is Op.REMOVE:
            # Entra: path members with a value removes those, never everyone.
            self._take_out(_ids(value, strict=False))
        else:
            ids = _ids(value, strict=True)
            if op is Op.REPLACE:
                self._empty()
            self.add |= ids
            self.remove -= ids

    def _empty(self) -> None:
        self.empty_first = True
        self.add.clear()
        self.remove.clear()

    def _take_out(self, ids: set[UUID]) -> None:
        self.add -= ids
        if not self.empty_first:
            self.remove |= ids


def _target_of_key(key: str) -> Target | None:
    try:
        return resolve(key, GROUP)
    except InvalidPath:
        return None


def _ids(value: Any, *, strict: bool) -> set[UUID]:
    items = value if isinstance(value, list) else [] if value is None else [value]
    if len(items) > limits.MEMBERS:
        raise TooLarge(f"A request may name {limits.MEMBERS} members.")
    found: set[UUID] = set()
    for item in items:
        text = item
        if isinstance(item, dict):
            key = find_key(item, "value")
            text = None if key is None else item[key]
        parsed = parse_id(text) if isinstance(text, str) else None
        if parsed is not None:
            found.add(parsed)
        elif strict:
            raise InvalidValue(
                f"A member needs the id of a user in value; there is no user {str(text)[:60]!r}."
            )
    return found
