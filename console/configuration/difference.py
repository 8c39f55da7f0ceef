"""What a configuration file changes, as it is printed: one entry an object, one line a field.

    + account acme
        name: Acme Corp
    ~ acme: identity provider acme-oidc
        flow: code → hybrid
        client_secret: changed

Secrets come in through ``secret`` only, which is not told their value.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class _Entry:
    is_new: bool
    lines: list[str] = field(default_factory=list)


class Difference:
    """Collects what was done; empty when nothing was. Objects are named by a label such as ``acme: space Trial``."""

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}

    def __bool__(self) -> bool:
        return bool(self._entries)

    def created(self, label: str, **fields: Any) -> None:
        """An object is new; empty fields are not worth a line."""
        self._entries[label] = _Entry(is_new=True)
        for name, value in fields.items():
            if value not in (None, "", ()):
                self.changed(label, name, None, value)

    def changed(self, label: str, name: str, old: Any, new: Any) -> None:
        """A field has another value."""
        entry = self._entry(label)
        before = "" if entry.is_new else f"{_shown(old)} → "
        entry.lines.append(f"{name}: {before}{_shown(new)}")

    def added(self, label: str, name: str, value: str) -> None:
        """A list has one more."""
        self._entry(label).lines.append(f"{name}: + {_shown(value)}")

    def secret(self, label: str, name: str, word: str = "changed") -> None:
        """A secret has another value."""
        self._entry(label).lines.append(f"{name}: {word}")

    def lines(self) -> list[str]:
        """Return the text, a line each."""
        text = []
        for label, entry in self._entries.items():
            text.append(f"{'+' if entry.is_new else '~'} {label}")
            text += [f"    {line}" for line in entry.lines]
        return text

    def summary(self) -> str:
        """Return ``3 created, 1 changed`` or ``no changes``."""
        new = sum(entry.is_new for entry in self._entries.values())
        return f"{new} created, {len(self._entries) - new} changed" if self._entries else "no changes"

    def _entry(self, label: str) -> _Entry:
        return self._entries.setdefault(label, _Entry(is_new=False))


def _shown(value: Any) -> str:
    if value is None or value == "":
        return "(none)"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(map(_shown, value)) or "(none)"
    text = str(value)
    # Whoever reads the difference on a terminal must not be fooled by what a name does to it.
    return text if text.isprintable() else json.dumps(text)
