"""A bulk request as a list of operations, and the order in which they can be done; pure (RFC 7644 §3.7).

``bulkId:<id>`` stands for the resource that the POST with this ``bulkId`` makes, wherever a whole value of ``data`` is
that text, or the id in a ``path``. A POST is done before the first operation that refers to it; otherwise the request's
order is kept. What is wrong with the message as a whole raises; what is wrong with one operation is kept as its
``problem`` and answered in its place.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from scim import limits
from scim.errors import (
    Forbidden,
    InvalidSyntax,
    InvalidValue,
    MethodNotAllowed,
    NotFound,
    ScimError,
    TooLarge,
    UnresolvedReference,
)
from scim.paths import find_key
from scim.schema import JsonObject

RESPONSE_URN = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"
_PREFIX = "bulkId:"
_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_ENDPOINTS = frozenset({"Users", "Groups"})
_NOT_IN_BULK = frozenset({"Bulk", "Me", ".search", "Schemas", "ResourceTypes", "ServiceProviderConfig"})


@dataclass(frozen=True, slots=True)
class BulkOperation:
    """One operation. ``resource_id`` is "" for the collection; ``bulk_id`` and ``version`` are "" when not given.

    ``data`` is an object unless there is a ``problem`` or the method is DELETE.
    """

    method: str
    bulk_id: str
    endpoint: str = ""
    resource_id: str = ""
    version: str = ""
    data: Any = None
    problem: ScimError | None = None

    @property
    def creates(self) -> bool:
        """Whether others may refer to what it makes."""
        return self.method == "POST" and bool(self.bulk_id)

    def references(self) -> frozenset[str]:
        """Return the ``bulkId`` of every operation that this one needs done first."""
        if self.problem is not None:
            return frozenset()
        return frozenset(
            text.removeprefix(_PREFIX)
            for text in (self.resource_id, *_texts(self.data))
            if text.startswith(_PREFIX)
        )

    def resource_name(self, ids: Mapping[str, str]) -> str:
        """Return the id that the path names, "" when it names none that exists."""
        if not self.resource_id.startswith(_PREFIX):
            return self.resource_id
        return ids.get(self.resource_id.removeprefix(_PREFIX), "")

    def resolved(self, ids: Mapping[str, str], cycle: bool) -> BulkOperation:
        """Return the operation with ids in place of references; raises its problem or ``UnresolvedReference``.

        ``ids`` are those of what was made so far, by ``bulkId``. ``cycle`` says that no order would do.
        """
        if self.problem is not None:
            raise self.problem
        missing = sorted(self.references() - ids.keys())
        if missing:
            named = f"{_PREFIX}{missing[0][:100]}"
            # RFC 7644 §3.7.1 allows 409 after a failed attempt. Here a circle can't be closed: members of groups are
            # people, and two people who manage each other need a PATCH once both exist.
            why = (
                "is part of a circle of references" if cycle else "stands for nothing that this request made"
            )
            raise UnresolvedReference(f"{named} {why}.")
        if not self.references():
            return self
        return replace(self, resource_id=_id_of(self.resource_id, ids), data=_with_ids(self.data, ids))


@dataclass(frozen=True, slots=True)
class BulkRequest:
    """``stop_after`` is the number of errors after which nothing more is done, None to do all."""

    operations: tuple[BulkOperation, ...]
    stop_after: int | None


def read_bulk(body: JsonObject, most: int) -> BulkRequest:
    """Read the message; ``most`` operations are allowed. Raises ``InvalidSyntax``, ``InvalidValue`` or ``TooLarge``."""
    found = _member(body, "Operations")
    if not isinstance(found, list) or not found:
        raise InvalidSyntax("A bulk request needs Operations, a list of at least one.")
    if len(found) > most:
        raise TooLarge(
            f"A bulk request may hold {most} operations (maxOperations); this one has {len(found)}."
        )
    if not all(isinstance(each, dict) for each in found):
        raise InvalidSyntax("An operation must be an object.")
    operations = tuple(_operation(each) for each in found)
    _check_members(operations)
    names = [each.bulk_id for each in operations if each.creates]
    if len(set(names)) < len(names):
        raise InvalidValue("Two operations have the same bulkId.")
    return BulkRequest(operations, _stop_after(_member(body, "failOnErrors")))


def execution_order(operations: Sequence[BulkOperation]) -> tuple[list[int], frozenset[int]]:
    """Return the indexes of ``operations`` in the order to do them, and which of them wait for each other in a circle.

    An operation that only refers into a circle is counted with it: it can't be done either.
    """
    makers = {each.bulk_id: index for index, each in enumerate(operations) if each.creates}
    needs = [sorted(makers[name] for name in each.references() & makers.keys()) for each in operations]
    circular = _circular(needs)
    order: list[int] = []
    done: set[int] = set()
    for start in range(len(operations)):
        waiting = [start]
        while waiting:
            index = waiting[-1]
            open_needs = [] if index in circular else [each for each in needs[index] if each not in done]
            if open_needs:
                waiting.extend(reversed(open_needs))
                continue
            waiting.pop()
            if index not in done:
                done.add(index)
                order.append(index)
    return order, circular


def _circular(needs: Sequence[Collection[int]]) -> frozenset[int]:
    # What is left when everything that waits for nothing has been taken away, again and again.
    left = {index: len(each) for index, each in enumerate(needs)}
    needed_by: dict[int, list[int]] = {}
    for index, each in enumerate(needs):
        for need in each:
            needed_by.setdefault(need, []).append(index)
    free = [index for index, count in left.items() if not count]
    while free:
        index = free.pop()
        del left[index]
        for other in needed_by.get(index, ()):
            left[other] -= 1
            if not left[other]:
                free.append(other)
    return frozenset(left)


def _operation(found: JsonObject) -> BulkOperation:
    method, bulk_id = _member(found, "method"), _member(found, "bulkId")
    known = BulkOperation(
        method=method.strip().upper() if isinstance(method, str) else "",
        bulk_id=bulk_id if isinstance(bulk_id, str) else "",
    )
    try:
        return _checked(known, found)
    except ScimError as problem:
        return replace(known, problem=problem)


def _checked(known: BulkOperation, found: JsonObject) -> BulkOperation:
    if known.method not in _METHODS:
        raise MethodNotAllowed("An operation's method is POST, PUT, PATCH or DELETE.")
    endpoint, resource_id = _place(_member(found, "path"))
    if known.method == "POST" and resource_id:
        raise MethodNotAllowed("POST needs the path of a collection, /Users or /Groups.")
    if known.method != "POST" and not resource_id:
        raise MethodNotAllowed(f"{known.method} needs the path of one resource, such as /{endpoint}/<id>.")
    known = replace(known, endpoint=endpoint, resource_id=resource_id)
    if known.method == "POST" and not known.bulk_id:
        raise InvalidValue("bulkId, a text, is required with POST.")
    version = _member(found, "version")
    if not isinstance(version, str | None):
        raise InvalidSyntax("version must be a text.")
    if known.method == "DELETE":
        return replace(known, version=version or "")
    data = _member(found, "data")
    if not isinstance(data, dict):
        raise InvalidSyntax(f"data, an object, is required with {known.method}.")
    return replace(known, version=version or "", data=data)


def _place(path: Any) -> tuple[str, str]:
    if not isinstance(path, str):
        raise InvalidSyntax("path, a text, is required.")
    endpoint, _, resource_id = path.strip().removeprefix("/").partition("/")
    if endpoint in _NOT_IN_BULK or resource_id in (".search", ".search/"):
        raise Forbidden(f"{path[:100]} can't be part of a bulk request.")
    if endpoint not in _ENDPOINTS:
        raise NotFound(
            f"There is no {path[:100]!r} here; paths are relative, such as /Users or /Groups/<id>."
        )
    return endpoint, resource_id if resource_id.startswith(_PREFIX) else resource_id.removesuffix("/")


def _check_members(operations: Sequence[BulkOperation]) -> None:
    entries = sum(_entries(each.data) for each in operations if each.endpoint == "Groups")
    if entries > limits.MEMBERS:
        raise TooLarge(f"A request may name {limits.MEMBERS} members, in all its operations together.")


def _entries(data: Any) -> int:
    return sum(len(each) for each in _inner(data) if isinstance(each, list))


def _stop_after(value: Any) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise InvalidValue("failOnErrors must be a whole number.")
    return value or None  # 0 is what clients send that mean nothing by it


def _inner(data: Any) -> Iterator[Any]:
    # Bounded by limits.JSON_DEPTH, and so is the recursion of _with_ids.
    waiting = [data]
    while waiting:
        value = waiting.pop()
        yield value
        if isinstance(value, dict):
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)


def _texts(data: Any) -> Iterator[str]:
    return (value for value in _inner(data) if isinstance(value, str))


def _with_ids(value: Any, ids: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _with_ids(item, ids) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_ids(item, ids) for item in value]
    return _id_of(value, ids) if isinstance(value, str) else value


def _id_of(text: str, ids: Mapping[str, str]) -> str:
    return ids[text.removeprefix(_PREFIX)] if text.startswith(_PREFIX) else text


def _member(found: JsonObject, name: str) -> Any:
    key = find_key(found, name)
    return None if key is None else found[key]
