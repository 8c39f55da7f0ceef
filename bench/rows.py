"""What is measured: one kind of request each, how it is built, and when its answer is right.

Answers are judged by substance (the right person, the right total, the new value), leniently in form: a DELETE may be
200 or 204, a changed group may be shown or not. A wrong answer is counted and never timed.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from bench.load import Address, Answer, Exchange, Measurement, Plan
from bench.people import patch, person, user_name

PAGE = 100


class Row(StrEnum):
    """The rows of the table, in the order in which they are measured."""

    GET = "get"
    FILTER = "filter"
    FIRST_PAGE = "first-page"
    LAST_PAGE = "last-page"
    CURSOR = "cursor"
    ACTIVE = "patch-active"
    ATTRIBUTE = "patch-attribute"
    MEMBER = "add-member"
    CREATE = "create"
    DELETE = "delete"


TITLES: Mapping[Row, str] = MappingProxyType(
    {
        Row.GET: "get by id",
        Row.FILTER: "`userName eq`",
        Row.FIRST_PAGE: f"{PAGE}-user page, start",
        Row.LAST_PAGE: f"{PAGE}-user page, end",
        Row.CURSOR: f"{PAGE}-user page, cursor",
        Row.ACTIVE: "PATCH active",
        Row.ATTRIBUTE: "PATCH one attribute",
        Row.MEMBER: "add one member",
        Row.CREATE: "create",
        Row.DELETE: "delete",
    }
)


@dataclass(slots=True)
class Stock:
    """What a party holds, as the bench knows it. ``ids[n]`` is person ``n`` of those that were seeded."""

    ids: list[str]
    group: str
    members: int  # seeded people 0 … members - 1 are in the group
    total: int = 0
    next_new: int = 0
    next_member: int = 0
    next_victim: int = 0
    next_patch: int = 0
    added: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.total = self.total or len(self.ids)
        self.next_new = len(self.ids)
        self.next_member = self.members
        self.next_victim = len(self.ids) - 1


@dataclass(frozen=True, slots=True)
class Share:
    """Which part of a phase one connection does: every ``of``-th piece of work, beginning with ``number``."""

    number: int
    of: int
    seed: int


_MakePlan = Callable[[Address, Stock, Share], Plan]


def plan(row: Row, address: Address, stock: Stock, share: Share) -> Plan:
    """Return the requests of one connection."""
    return _PLANS[row](address, stock, share)


def settle(row: Row, stock: Stock, done: Measurement) -> None:
    """Bring ``stock`` in step with what a phase did."""
    connections, most, count = len(done.used), max(done.used), sum(done.used)
    ranges = [(number, used) for number, used in enumerate(done.used)]
    if row is Row.CREATE:
        stock.next_new += most * connections
        stock.total += count
    elif row is Row.DELETE:
        for number, used in ranges:
            stock.deleted += [
                stock.ids[stock.next_victim - number - step * connections] for step in range(used)
            ]
        stock.next_victim -= most * connections
        stock.total -= count
    elif row is Row.MEMBER:
        for number, used in ranges:
            stock.added += [
                stock.ids[stock.next_member + number + step * connections] for step in range(used)
            ]
        stock.next_member += most * connections
    elif row in (Row.ACTIVE, Row.ATTRIBUTE):
        stock.next_patch += (most + 1) * connections


def _get(address: Address, stock: Stock, share: Share) -> Plan:
    chance = random.Random(share.seed)
    while True:
        number = chance.randrange(len(stock.ids))
        yield Exchange(address.request("GET", f"/Users/{stock.ids[number]}"), _is_person(stock.ids[number]))


def _filter(address: Address, stock: Stock, share: Share) -> Plan:
    chance = random.Random(share.seed)
    while True:
        number = chance.randrange(len(stock.ids))
        wanted = quote(f'userName eq "{user_name(number)}"')
        yield Exchange(address.request("GET", f"/Users?filter={wanted}"), _finds(stock.ids[number]))


def _page(start: Callable[[Stock], int]) -> _MakePlan:
    def make(address: Address, stock: Stock, share: Share) -> Plan:
        request = address.request("GET", f"/Users?startIndex={start(stock)}&count={PAGE}")
        while True:
            yield Exchange(request, _is_page(stock.total))

    return make


def _cursor(address: Address, stock: Stock, share: Share) -> Plan:
    cursor, seen = "", set[str]()
    while True:
        path = f"/Users?cursor={quote(cursor, safe='')}&count={PAGE}"
        answer = yield Exchange(address.request("GET", path), _is_new_page(seen))
        cursor = _next_cursor(answer.body)
        if not cursor:
            seen = set()


def _active(address: Address, stock: Stock, share: Share) -> Plan:
    """Take somebody's access away and give it back, as Entra does."""
    number = stock.next_patch + share.number
    while True:
        found = stock.ids[number % len(stock.ids)]
        for active in (False, True):
            body = patch({"op": "replace", "path": "active", "value": active})
            yield Exchange(address.request("PATCH", f"/Users/{found}", body), _has(("active",), active))
        number += share.of


def _attribute(address: Address, stock: Stock, share: Share) -> Plan:
    number = stock.next_patch + share.number
    while True:
        found, value = stock.ids[number % len(stock.ids)], f"Renamed{share.seed}x{number}"
        body = patch({"op": "replace", "path": "name.familyName", "value": value})
        yield Exchange(address.request("PATCH", f"/Users/{found}", body), _has(("name", "familyName"), value))
        number += share.of


def _member(address: Address, stock: Stock, share: Share) -> Plan:
    for number in range(stock.next_member + share.number, len(stock.ids), share.of):
        body = patch({"op": "add", "path": "members", "value": [{"value": stock.ids[number]}]})
        yield Exchange(address.request("PATCH", f"/Groups/{stock.group}", body), _is_done)


def _create(address: Address, stock: Stock, share: Share) -> Plan:
    number = stock.next_new + share.number
    while True:
        body = json.dumps(person(number)).encode()
        yield Exchange(address.request("POST", "/Users", body), _is_created(user_name(number)))
        number += share.of


def _delete(address: Address, stock: Stock, share: Share) -> Plan:
    for number in range(stock.next_victim - share.number, 0, -share.of):
        yield Exchange(address.request("DELETE", f"/Users/{stock.ids[number]}"), _is_done)


_PLANS: Mapping[Row, _MakePlan] = MappingProxyType(
    {
        Row.GET: _get,
        Row.FILTER: _filter,
        Row.FIRST_PAGE: _page(lambda stock: 1),
        Row.LAST_PAGE: _page(lambda stock: max(1, stock.total - PAGE + 1)),
        Row.CURSOR: _cursor,
        Row.ACTIVE: _active,
        Row.ATTRIBUTE: _attribute,
        Row.MEMBER: _member,
        Row.CREATE: _create,
        Row.DELETE: _delete,
    }
)


def _next_cursor(body: bytes) -> str:
    # Looked for rather than parsed: the client shall cost as little as it can while the clock runs.
    place = body.find(b'"nextCursor":')
    if place < 0:
        return ""
    begin = body.find(b'"', place + 13) + 1
    return body[begin : body.find(b'"', begin)].decode()


def _told(answer: Answer) -> str:
    return f"{answer.status} {answer.body[:160].decode(errors='replace')}"


def _is_done(answer: Answer) -> str:
    return "" if answer.status in (200, 204) else _told(answer)


def _is_person(wanted: str) -> Callable[[Answer], str]:
    def check(answer: Answer) -> str:
        good = answer.status == 200 and str(json.loads(answer.body).get("id")) == wanted
        return "" if good else _told(answer)

    return check


def _is_created(name: str) -> Callable[[Answer], str]:
    def check(answer: Answer) -> str:
        if answer.status != 201:
            return _told(answer)
        body = json.loads(answer.body)
        return "" if body.get("userName") == name and body.get("id") else _told(answer)

    return check


def _finds(wanted: str) -> Callable[[Answer], str]:
    def check(answer: Answer) -> str:
        if answer.status != 200:
            return _told(answer)
        body = json.loads(answer.body)
        good = body["totalResults"] == 1 and [str(each["id"]) for each in body["Resources"]] == [wanted]
        return "" if good else _told(answer)

    return check


def _is_page(total: int) -> Callable[[Answer], str]:
    def check(answer: Answer) -> str:
        if answer.status != 200:
            return _told(answer)
        body = json.loads(answer.body)
        if body["totalResults"] != total:
            return f"totalResults is {body['totalResults']}, there are {total}"
        found = {each["id"] for each in body["Resources"]}
        return "" if len(found) == min(PAGE, total) else f"{len(found)} people on a page of {PAGE}"

    return check


def _is_new_page(seen: set[str]) -> Callable[[Answer], str]:
    def check(answer: Answer) -> str:
        if answer.status != 200:
            return _told(answer)
        body = json.loads(answer.body)
        found = {each["id"] for each in body["Resources"]}
        repeated, full = found & seen, len(found) == PAGE or "nextCursor" not in body
        seen.update(found)
        return (
            "" if full and not repeated else f"{len(found)} people on a page, {len(repeated)} of them again"
        )

    return check


def _has(path: tuple[str, ...], wanted: Any) -> Callable[[Answer], str]:
    def check(answer: Answer) -> str:
        if answer.status != 200:
            return _told(answer)
        found = json.loads(answer.body)
        for name in path:
            found = found.get(name) or {} if name != path[-1] else found.get(name)
        return "" if found == wanted else f"{'.'.join(path)} is {found!r} instead of {wanted!r}"

    return check
