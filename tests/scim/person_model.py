"""What a person should be after a sequence of PATCH and PUT, said a second time and much simpler than in ``scim``.

Only what RFC 7643 §2 and RFC 7644 §3.5 say, and the choices in ``scim/README.md``. It shares no code with the server.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
TEXTS = (
    "title",
    "nickName",
    "displayName",
    "externalId",
    f"{ENTERPRISE}:department",
    "name.givenName",
    "name.formatted",
)
LISTS = ("emails", "phoneNumbers")

Entry = dict[str, Any]
Operation = dict[str, Any]


class Refused(Exception):
    """The whole request must fail and change nothing."""


class PersonModel:
    """Texts by their path, lists of entries by name, the manager's id, and whether the person is active."""

    def __init__(self, user_name: str) -> None:
        self.user_name = user_name
        self.active = True
        self.manager: str | None = None
        self.texts: dict[str, str] = {}
        self.lists: dict[str, list[Entry]] = {name: [] for name in LISTS}

    def patch(self, operations: list[Operation]) -> None:
        """Apply all operations; raises ``Refused`` and leaves everything as it was."""
        work = deepcopy(self)
        for operation in operations:
            work._apply(operation["op"].lower(), operation.get("path", ""), operation.get("value"))
        for name in LISTS:
            work.lists[name] = [entry for entry in work.lists[name] if entry.get("value")]
        self.__dict__.update(work.__dict__)

    def put(self, body: dict[str, Any]) -> None:
        """Replace what the body holds; what it leaves out stays."""
        operations = [{"op": "replace", "path": key, "value": value} for key, value in body.items()]
        self.patch([each for each in operations if each["path"] != "userName"])

    def shown(self) -> dict[str, Any]:
        """Return what a GET must show, without id, schemas and meta."""
        found: dict[str, Any] = {"userName": self.user_name, "active": self.active}
        for path, text in self.texts.items():
            if path.startswith("name."):
                found.setdefault("name", {})[path.removeprefix("name.")] = text
            elif ":" in path:
                found.setdefault(ENTERPRISE, {})[path.rpartition(":")[2]] = text
            else:
                found[path] = text
        if self.manager is not None:
            found.setdefault(ENTERPRISE, {})["manager"] = {"value": self.manager}
        return found | {name: entries for name, entries in self.lists.items() if entries}

    def _apply(self, op: str, path: str, value: Any) -> None:
        if path == "":
            for key, item in value.items():
                self._apply(op, key, item)
        elif path in TEXTS:
            self._set(path, None if op == "remove" else value)
        elif path == f"{ENTERPRISE}:manager":
            self.manager = (value["value"] if isinstance(value, dict) else value) or None
        elif path == "active":
            self.active = value in (True, "True", "true")
        else:
            self._apply_to_list(op, path, value)

    def _set(self, path: str, value: str | None) -> None:
        self.texts.pop(path, None)
        if value:
            self.texts[path] = value

    def _apply_to_list(self, op: str, path: str, value: Any) -> None:
        name, _, rest = path.partition("[")
        entries = self.lists[name]
        if not rest:
            self.lists[name] = _changed(op, entries, value)
            return
        kind, _, sub = rest.removeprefix('type eq "').partition('"]')
        chosen = [entry for entry in entries if entry.get("type", "").lower() == kind.lower()]
        if op == "remove":
            self.lists[name] = [entry for entry in entries if entry not in chosen]
            return
        new = {sub.removeprefix("."): value} if sub else dict(value)
        if not chosen:
            if op == "replace":
                raise Refused("noTarget")
            chosen = [{"type": kind}]
            entries += chosen
        if new.get("primary") and len(chosen) > 1:
            raise Refused("two primary values")
        for entry in chosen:
            _overwrite(entry, new, entries)


def _changed(op: str, entries: list[Entry], value: Any) -> list[Entry]:
    given = [dict(entry) for entry in (value if isinstance(value, list) else [value] if value else [])]
    if op == "remove":
        if value is None:
            return []
        return [entry for entry in entries if not any(_is(each, entry) for each in given)]
    if sum(entry.get("primary", False) for entry in given) > 1:
        raise Refused("two primary values")
    found = [] if op == "replace" else entries
    for new in given:
        same = [each for each in found if _key(each) == _key(new)] if op == "add" else []
        if same:
            _overwrite(same[0], new, found)
        else:
            found.append({})
            _overwrite(found[-1], new, found)
    return found


def _overwrite(entry: Entry, new: Entry, entries: list[Entry]) -> None:
    for key, item in new.items():
        entry.pop(key, None)
        if item not in (None, ""):
            entry[key] = item
    if new.get("primary"):
        for other in entries:
            if other is not entry and other.get("primary"):
                other["primary"] = False


def _key(entry: Entry) -> tuple[str, str]:
    return entry.get("value", "").lower(), entry.get("type", "").lower()


def _is(named: Entry, entry: Entry) -> bool:
    return all(str(entry.get(key)).lower() == str(item).lower() for key, item in named.items())
