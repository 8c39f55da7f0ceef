"""Changes of a multi-valued attribute such as ``emails``; pure (RFC 7644 §3.5.2, RFC 7643 §2.4)."""

from __future__ import annotations

from typing import Any

from foundation.folding import fold
from scim import limits
from scim.errors import InvalidValue, NoTarget
from scim.patch_body import Op
from scim.paths import Target
from scim.schema import Attribute, JsonObject
from scim.value_filter import described, matches
from scim.values import coerce, coerce_one


def change_values(
    before: list[JsonObject], target: Target, attribute: Attribute, op: Op, value: Any
) -> list[JsonObject]:
    """Return the entries after one operation; ``before`` is not changed. At most one of them is primary."""
    entries = [dict(entry) for entry in before]
    was_primary = {id(entry) for entry in entries if entry.get("primary")}
    if target.selection is not None:
        entries = _change_selected(entries, target, attribute, op, value)
    elif target.sub is not None:
        entries = _change_each(entries, target.sub, attribute, op, value)
    elif op is Op.REMOVE:
        entries = _remove(entries, attribute, value)
    else:
        fresh = [_without_nulls(entry) for entry in coerce(attribute, value)]
        if sum(bool(entry.get("primary")) for entry in fresh) > 1:
            raise _two_primary(attribute)
        entries = fresh if op is Op.REPLACE else _add(entries, fresh)
    if len(entries) > limits.VALUES:
        raise InvalidValue(f"{attribute.name} has more than {limits.VALUES} values.")
    return _one_primary(entries, was_primary)


def primary_value(entries: list[JsonObject]) -> str:
    """Return the value that stands for all: the primary, else one of type work, else the first; "" for none."""
    ranked = sorted(
        (entry for entry in entries if entry.get("value")),
        key=lambda entry: (not entry.get("primary"), fold(str(entry.get("type", ""))) != "work"),
    )
    return str(ranked[0]["value"]) if ranked else ""


def _change_selected(
    entries: list[JsonObject], target: Target, attribute: Attribute, op: Op, value: Any
) -> list[JsonObject]:
    selection = target.selection
    if selection is None:
        return entries
    chosen = [entry for entry in entries if matches(selection, entry, attribute)]
    if op is Op.REMOVE:
        if target.sub is None:
            return [entry for entry in entries if not any(entry is each for each in chosen)]
        for entry in chosen:
            entry.pop(target.sub.name, None)
        return entries
    new = _given(target, attribute, value)
    if not chosen:
        start = described(selection, attribute) if op is Op.ADD else None
        if start is None:
            raise NoTarget(f"No value of {attribute.name} matches {str(selection)[:200]}.")
        return [*entries, _without_nulls(start | new)]
    _update_all(chosen, new, attribute)
    return entries


def _change_each(
    entries: list[JsonObject], sub: Attribute, attribute: Attribute, op: Op, value: Any
) -> list[JsonObject]:
    if op is Op.REMOVE:
        for entry in entries:
            entry.pop(sub.name, None)
        return entries
    new = {sub.name: coerce_one(sub, value)}
    if not entries:
        return [_without_nulls(new)]
    _update_all(entries, new, attribute)
    return entries


def _remove(entries: list[JsonObject], attribute: Attribute, value: Any) -> list[JsonObject]:
    # Entra names what to remove in the value; without one everything goes.
    if value is None:
        return []
    doomed = [_without_nulls(entry) for entry in coerce(attribute, value)]
    return [entry for entry in entries if not any(_covers(each, entry) for each in doomed)]


def _covers(named: JsonObject, entry: JsonObject) -> bool:
    return bool(named) and all(_same(entry.get(key), item) for key, item in named.items() if key != "display")


def _add(entries: list[JsonObject], fresh: list[JsonObject]) -> list[JsonObject]:
    for new in fresh:
        twin = next(
            (
                entry
                for entry in entries
                if "value" in new and all(_same(entry.get(key), new.get(key)) for key in ("value", "type"))
            ),
            None,
        )
        if twin is not None:
            _update(twin, new)
        elif new not in entries:
            entries.append(new)
    return entries


def _same(left: Any, right: Any) -> bool:
    if isinstance(left, str) and isinstance(right, str):
        return fold(left) == fold(right)
    return bool(left == right)


def _given(target: Target, attribute: Attribute, value: Any) -> JsonObject:
    if target.sub is not None:
        return {target.sub.name: coerce_one(target.sub, value)}
    one = value[0] if isinstance(value, list) and len(value) == 1 else value
    found = coerce_one(attribute, one)
    if not isinstance(found, dict):
        raise InvalidValue(f"{attribute.name} needs an object here.")
    return found


def _update_all(entries: list[JsonObject], new: JsonObject, attribute: Attribute) -> None:
    if new.get("primary") and len(entries) > 1:
        raise _two_primary(attribute)  # one of them would not become it, and that is no success
    for entry in entries:
        _update(entry, new)


def _two_primary(attribute: Attribute) -> InvalidValue:
    return InvalidValue(f"Only one value of {attribute.name} can be primary.")


def _update(entry: JsonObject, new: JsonObject) -> None:
    for key, item in new.items():
        if item is None:
            entry.pop(key, None)
        else:
            entry[key] = item


def _without_nulls(entry: JsonObject) -> JsonObject:
    return {key: item for key, item in entry.items() if item is not None}


def _one_primary(entries: list[JsonObject], before: set[int]) -> list[JsonObject]:
    # RFC 7644 §3.5.2: marking one primary unmarks the others.
    primary = [entry for entry in entries if entry.get("primary")]
    if len(primary) < 2:
        return entries
    keep = next((entry for entry in primary if id(entry) not in before), primary[0])
    for entry in primary:
        if entry is not keep:
            entry["primary"] = False
    return entries
