"""PATCH of a person, and everything else that writes attributes into their document; pure (RFC 7644 §3.5.2).

A document is the canonical JSON of a person without what the server makes itself: names spelt as in the schema, values
typed, extensions under their URN. ``Draft`` is a copy of one that operations are applied to; only when all of them have
succeeded does anybody store it, so a PATCH is atomic. POST and PUT merge a whole body into a draft by the same rules.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from scim.errors import Immutable, InvalidPath, InvalidSyntax, InvalidValue, NoTarget
from scim.multi_values import change_values
from scim.patch_body import Op, Operation
from scim.paths import Target, is_uri, resolve
from scim.schema import SCHEMAS, USER, Attribute, JsonObject, is_ignored_name
from scim.undeclared import cleaned, write_undeclared
from scim.values import coerce

_NEVER_EMPTY = frozenset({"userName", "active"})


class Draft:
    """A document being changed. ``ignored`` collects the names that mean nothing here (P-9)."""

    def __init__(self, document: JsonObject, *, resource_id: str = "", replacing: bool = False) -> None:
        """``replacing`` is PUT: a complex value that is given replaces the old one as a whole."""
        self.document = deepcopy(document)
        self._id = resource_id
        self._replacing = replacing
        self.ignored: list[str] = []

    def apply(self, operation: Operation) -> None:
        """Apply one operation of a PATCH; raises a ``ScimError`` and then the draft is worth nothing."""
        if operation.op is not Op.REMOVE and not operation.has_value:
            raise InvalidValue(f"{operation.op.value} needs a value.")
        if not operation.path:
            if operation.op is Op.REMOVE:
                raise NoTarget("remove needs a path.")
            self.merge(operation.value, operation.op)
            return
        if is_ignored_name(operation.path):
            return
        target = resolve(operation.path, USER)
        if target.attribute is not None and target.attribute.read_only:
            self._refuse_unless_echoed(target.attribute, operation)
            return
        self._write(target, operation.op, operation.value)

    def merge(self, values: Any, op: Op = Op.REPLACE) -> None:
        """Write each member of an object; unknown names are ignored and noted, read-only ones ignored."""
        if not isinstance(values, dict):
            raise InvalidSyntax("The value must be an object of attributes.")
        for key, value in values.items():
            target = self._target_of_key(key, value)
            if target is None:
                if not is_ignored_name(key):
                    self.ignored.append(key[:100])
            elif not _says_nothing(target.attribute, value):
                self._write(target, op, value)

    def finished(self) -> JsonObject:
        """Return the document without empty parts; raises ``InvalidValue`` when the user name is missing."""
        document = cleaned_document(self.document)
        if not str(document.get("userName", "")).strip():
            raise InvalidValue("userName is required.")
        return document

    def _target_of_key(self, key: str, value: Any) -> Target | None:
        plain = USER.attributes.get(key.lower())
        if plain is not None:
            return Target(attribute=plain)
        if is_uri(key) and isinstance(value, dict) and key.lower() not in SCHEMAS:
            return Target(extension=key, undeclared=())
        try:
            return resolve(key, USER)
        except InvalidPath:
            return None

    def _refuse_unless_echoed(self, attribute: Attribute, operation: Operation) -> None:
        if attribute.name == "schemas" or (attribute.name == "id" and operation.value == self._id):
            return
        raise Immutable(f"{attribute.name} is read-only.")

    def _write(self, target: Target, op: Op, value: Any) -> None:
        if target.undeclared is not None:
            write_undeclared(self.document, target, op, value)
        elif target.attribute is None:
            self._write_schema(target, op, value)
        else:
            host = self.document
            if target.extension is not None:
                host = self.document.setdefault(target.extension, {})
            self._write_attribute(host, target, target.attribute, op, value)

    def _write_schema(self, target: Target, op: Op, value: Any) -> None:
        if target.extension is None:
            if op is Op.REMOVE:
                raise Immutable("A person can't be removed by a PATCH; use DELETE.")
            self.merge(value, op)
        elif op is Op.REMOVE or value is None:
            self.document.pop(target.extension, None)
        else:
            if not isinstance(value, dict):
                raise InvalidValue(f"{target.extension} must be an object.")
            attributes = SCHEMAS[target.extension.lower()].attributes
            host = self.document.setdefault(target.extension, {})
            for key, item in value.items():
                attribute = attributes.get(key.lower().removeprefix(f"{target.extension.lower()}:"))
                if attribute is None:
                    self.ignored.append(key[:100])
                else:
                    self._write_attribute(host, Target(attribute=attribute), attribute, op, item)

    def _write_attribute(
        self, host: JsonObject, target: Target, attribute: Attribute, op: Op, value: Any
    ) -> None:
        if attribute.multi_valued:
            entries = change_values(host.get(attribute.name) or [], target, attribute, op, value)
            host[attribute.name] = entries
            return
        if target.sub is not None:
            sub_host = host.setdefault(attribute.name, {})
            if op is Op.REMOVE:
                sub_host.pop(target.sub.name, None)
            elif not target.sub.read_only:
                sub_host[target.sub.name] = coerce(target.sub, value)
            return
        new = None if op is Op.REMOVE else coerce(attribute, value)
        if new is None:
            if attribute.name in _NEVER_EMPTY and op is Op.REMOVE:
                raise Immutable(f"{attribute.name} can't be removed.")
            if attribute.name in _NEVER_EMPTY:
                raise InvalidValue(f"{attribute.name} needs a value.")
            host.pop(attribute.name, None)
        elif attribute.is_complex and not self._replacing:
            # RFC 7644 §3.5.2.3: sub-attributes that the value leaves out stay.
            host[attribute.name] = (host.get(attribute.name) or {}) | new
        else:
            host[attribute.name] = new


def _says_nothing(attribute: Attribute | None, value: Any) -> bool:
    # Some clients send every attribute they know, those without a value as null; active has no such state.
    return attribute is not None and (
        attribute.read_only or (attribute.name == "active" and value in (None, ""))
    )


def cleaned_document(document: JsonObject) -> JsonObject:
    """Return a document without nulls, empty objects, and entries that hold no value."""
    found: JsonObject = {}
    for key, value in document.items():
        attribute = USER.attributes.get(key.lower())
        if attribute is not None and attribute.multi_valued:
            # A server must not invent emails: [{"type": "work"}] out of a value that was cleared.
            needs = "value" in attribute.subs
            entries = [
                each for item in value or [] if (each := cleaned(item)) and (not needs or "value" in each)
            ]
            if entries:
                found[key] = entries
        elif (plain := cleaned(value)) not in (None, "", {}):
            found[key] = plain
    return found
