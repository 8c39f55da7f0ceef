"""Read JSON that came from outside strictly, so that nothing later has to wonder what it may contain.

Python's parser accepts more than JSON and more than our database: repeated names (two readers of one signed
document may then see two different values), ``NaN``, halves of surrogate pairs, which cannot be encoded to
UTF-8 again, and NUL characters, which PostgreSQL refuses. Each of them would surface far away as an
exception page. ``parse_object`` refuses them all at the edge (design rule 6).
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

JsonObject = dict[str, Any]


class NotStrictJson(Exception):
    """What arrived is not a JSON object that we take. The message names the rule, never the content."""

    code = "json.refused"


def parse_object(raw: bytes) -> JsonObject:
    """Return the JSON object in ``raw`` (UTF-8, no byte order mark); raises ``NotStrictJson``."""
    try:
        text = raw.decode("utf-8")
        parsed = json.loads(text, object_pairs_hook=_unique_names, parse_constant=_refuse_constant)
    except RecursionError:
        raise NotStrictJson("nested too deeply") from None
    except ValueError:
        # Decoder errors quote the document, and with it perhaps a token.
        raise NotStrictJson("not JSON in UTF-8") from None
    if not isinstance(parsed, dict):
        raise NotStrictJson("not an object")
    # Both unwanted kinds of character can only be written as an escape, so plain documents skip the walk.
    if "\\u" in text:
        _check_texts(parsed)
    return parsed


def _unique_names(pairs: list[tuple[str, Any]]) -> JsonObject:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotStrictJson("a name occurs twice")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise NotStrictJson("NaN and Infinity are not JSON")


def _check_texts(value: Any) -> None:
    # No recursion: a document may be nested as deeply as the parser bore, and we stand deeper on the stack
    # than it did.
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            waiting.extend(item.keys())
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
        elif isinstance(item, str) and ("\0" in item or any("\ud800" <= sign <= "\udfff" for sign in item)):
            raise NotStrictJson("a text with NUL or half a character")
