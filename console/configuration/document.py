"""Open a configuration file: bytes become YAML nodes that know their lines.

Nothing is ever constructed from a tag (V-24): the nodes are read one by one by ``reading``, which knows which type each
key has. That also keeps the spelling of a value, so a number where text belongs is an error and not another text.
"""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from console.configuration.places import Place
from console.configuration.problems import ConfigurationError, Problem

MAX_BYTES = 20 * 1024 * 1024
# What the parser quotes may be a secret without quotation marks (`password: *hunter2` is an alias to YAML).
_QUOTED = re.compile(r"""'[^'<]{2,}'|"[^"<]{2,}\"""")


def open_document(path: Path) -> Place:
    """Return the place of the whole document. Raises ``ConfigurationError`` when it can't be read as YAML."""
    name = str(path)
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise _unreadable(name, 1, error.strerror or "can't be read") from error
    if len(data) > MAX_BYTES:
        raise _unreadable(name, 1, f"is larger than {MAX_BYTES // 1024 // 1024} MiB")
    try:
        node = yaml.compose(data, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _unreadable(name, mark.line + 1 if mark else 1, _explained(error)) from None
    except yaml.YAMLError:
        raise _unreadable(name, 1, "holds a character or an encoding that YAML does not know") from None
    except RecursionError:
        raise _unreadable(name, 1, "is nested too deeply") from None
    if node is None:
        raise _unreadable(name, 1, "is empty")
    return Place(name, 1, "", node)


def _explained(error: yaml.MarkedYAMLError) -> str:
    problem = _QUOTED.sub("…", error.problem or "is not YAML")
    context = _QUOTED.sub("…", error.context or "")
    hint = (
        " (a text that begins with * & ! % @ or ` needs quotes)"
        if "alias" in problem or "token" in problem
        else ""
    )
    return f"is not YAML: {', '.join(filter(None, (context, problem)))}{hint}"


def _unreadable(name: str, line: int, message: str) -> ConfigurationError:
    return ConfigurationError([Problem(Place(name, line, ""), message)])
