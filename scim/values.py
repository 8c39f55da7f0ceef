"""One place where JSON from a directory becomes values of our attributes (design rule 6).

``coerce`` gives names their spelling in the schema and values their type, or raises ``InvalidValue``. It bears what
real clients send: booleans as text, numbers where text belongs, one object or one text for a multi-valued attribute, a
bare text for ``manager``, a list of one for what has one value. Null and "" mean "no value" (RFC 7643 §2.5; Okta and
OneLogin send "" to clear).
"""

from __future__ import annotations

import re
from typing import Any

from scim import limits
from scim.errors import InvalidValue
from scim.schema import Attribute, AttributeType, JsonObject

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_BOOLEANS = {"true": True, "false": False}


def coerce(attribute: Attribute, value: Any) -> Any:
    """Return a value fit for ``attribute``, None for "no value"; a list for a multi-valued one.

    Complex values come back with the sub-attributes that were given, None standing for one given without a value.
    """
    if not attribute.multi_valued:
        return coerce_one(attribute, _unpacked(attribute, value))
    if value is None:
        return []
    items = value if isinstance(value, list) else [value]
    if len(items) > limits.VALUES:
        raise InvalidValue(f"{attribute.name} has more than {limits.VALUES} values.")
    return [one for item in items if (one := coerce_one(attribute, item)) not in (None, {})]


def coerce_one(attribute: Attribute, value: Any) -> Any:
    """Return one value of ``attribute``, also where the attribute holds several."""
    if value is None or value == "":
        return None
    if attribute.is_complex:
        return _complex(attribute, value)
    if attribute.type is AttributeType.BOOLEAN:
        return boolean(value, attribute.name)
    return text(value, attribute.name)


def boolean(value: Any, name: str) -> bool:
    """Return true or false, also from their names in any case, as Entra sends them; nothing else is either."""
    if isinstance(value, bool):
        return value
    known = _BOOLEANS.get(value.strip().lower()) if isinstance(value, str) else None
    if known is None:
        raise InvalidValue(f"{name} must be true or false.")
    return known


def text(value: Any, name: str) -> str:
    """Return a text that every database can store; numbers become their digits."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise InvalidValue(f"{name} must be a text.")
    if _UNSTORABLE.search(value):
        raise InvalidValue(f"{name} holds a character that can't be stored.")
    return value


def _unpacked(attribute: Attribute, value: Any) -> Any:
    # Entra's older jobs write one value as [{"value": "Babs"}], and a manager as [{"$ref": …, "value": …}].
    if not isinstance(value, list) or len(value) != 1 or not isinstance(value[0], dict):
        return value
    if attribute.is_complex:
        return value[0]
    return value[0].get("value", value)


def _complex(attribute: Attribute, value: Any) -> JsonObject:
    if not isinstance(value, dict):
        if "value" in attribute.subs and isinstance(value, str | int) and not isinstance(value, bool):
            return {"value": coerce_one(attribute.subs["value"], value)}
        raise InvalidValue(f"{attribute.name} must be an object.")
    found: JsonObject = {}
    for key, item in value.items():
        sub = attribute.subs.get(key.lower())
        if sub is not None and not sub.read_only:
            found[sub.name] = coerce_one(sub, item)
    return found


def is_storable(value: str) -> bool:
    """Tell whether a text can be sent to every database, as a value or in a comparison."""
    return not _UNSTORABLE.search(value)
