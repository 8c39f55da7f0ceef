"""Where something stands in a configuration file: the file, the line and the path of keys that leads there."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

import yaml

_PLAIN_KEY = re.compile(r"[\w-]+\Z")


@dataclass(frozen=True, slots=True)
class Place:
    """A node of the document. ``line`` counts from 1; ``node`` is None where the file has nothing."""

    file: str
    line: int
    path: str
    node: yaml.Node | None = field(repr=False, compare=False, default=None)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}{f' {self.path}' if self.path else ''}"

    def at(self, *steps: str | int) -> Place:
        """Return the place of a key (text) or an item (number) below this one; its parent's line when absent."""
        place = self
        for step in steps:
            place = place._item(step) if isinstance(step, int) else place._key(step)
        return place

    def _key(self, key: str) -> Place:
        path = self.path + (f".{key}" if self.path else key) if _PLAIN_KEY.match(key) else self._odd(key)
        if isinstance(self.node, yaml.MappingNode):
            for key_node, value_node in self.node.value:
                if isinstance(key_node, yaml.ScalarNode) and key_node.value == key:
                    return Place(self.file, line_of(key_node), path, value_node)
        return Place(self.file, self.line, path)

    def _item(self, index: int) -> Place:
        path = f"{self.path}[{index}]"
        if isinstance(self.node, yaml.SequenceNode) and index < len(self.node.value):
            item = self.node.value[index]
            return Place(self.file, line_of(item), path, item)
        return Place(self.file, self.line, path)

    def _odd(self, key: str) -> str:
        if ":" in key:  # "password:secret" without a blank is one key to YAML; don't repeat the secret
            key = f"{key.split(':', 1)[0]}:…"
        return f"{self.path}[{json.dumps(key, ensure_ascii=False)}]"


def line_of(node: yaml.Node) -> int:
    """Return the line where a node begins, counted from 1."""
    return int(node.start_mark.line) + 1
