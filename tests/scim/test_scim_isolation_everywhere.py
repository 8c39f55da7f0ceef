"""Every endpoint and every filterable attribute, asked for what is ours and for what is another customer's (P-6, V-2).

Both accounts hold a person and a group with every attribute set, to values of their own. Own = found stands beside
other = not found; and what belongs to another is answered exactly like an id that was never given to anybody.
"""

from __future__ import annotations

import json
import re
from typing import Any
from uuid import UUID

import pytest

from scim.filter_fields import GROUP_FIELDS, USER_FIELDS
from tests.scim.directory import CORE, ENTERPRISE, Directory

UNKNOWN = "01890000-0000-7000-8000-000000000000"
_TEXTS = "title nickName userType preferredLanguage locale timezone profileUrl".split()  # noqa: SIM905
_NAMES = "formatted familyName givenName middleName honorificPrefix honorificSuffix".split()  # noqa: SIM905
_WORK = "employeeNumber costCenter organization division department".split()  # noqa: SIM905
_LISTS = ("emails", "phoneNumbers", "ims", "entitlements", "roles")


def _person(of: str) -> dict[str, Any]:
    """Every attribute with a value that only this account has."""
    entry = {"value": f"{of}-value", "type": f"{of}-type", "primary": True}
    return {
        "externalId": f"{of}-external",
        "displayName": f"{of}-shown",
        **{name: f"{of}-{name}" for name in _TEXTS},
        "name": {name: f"{of}-{name}" for name in _NAMES},
        **{name: [entry] for name in _LISTS},
        "photos": [entry],
        ENTERPRISE: {
            **{name: f"{of}-{name}" for name in _WORK},
            "manager": {"value": f"{of}-boss", "displayName": f"{of}-boss-name"},
        },
        "urn:example:badge:2.0:User": {"colour": f"{of}-colour"},
    }


class Side:
    """One account's directory with its person and its group."""

    def __init__(self, directory: Directory, of: str) -> None:
        self.directory = directory
        self.of = of
        self.person = directory.push(f"{of}-user", **_person(of))
        member = [{"value": self.person["id"]}]
        self.group = directory.push_group(f"{of}-group", externalId=f"{of}-g", members=member)
        self.person = directory.read(f"/Users/{self.person['id']}")


@pytest.fixture
def sides(directory: Directory, other: Directory) -> tuple[Side, Side]:
    """Ours and the other customer's."""
    return Side(directory, "ours"), Side(other, "theirs")


def _values(resource: Any, path: str) -> list[Any]:
    """Return what a resource shows at a lower-case path of the filter table."""
    urn = ENTERPRISE.lower()
    found = [resource]
    for name in [urn, *path[len(urn) + 1 :].split(".")] if path.startswith(f"{urn}:") else path.split("."):
        found = [
            item
            for each in found
            if isinstance(each, dict)
            for key, value in each.items()
            if key.lower() == name
            for item in (value if isinstance(value, list) else [value])
        ]
    return [each.get("value") if isinstance(each, dict) else each for each in found]


def _filters(path: str, value: Any) -> list[str]:
    text = json.dumps(value)
    found = [f"{path} eq {text}", f"{path} eq {text} or {path} eq {text}", f"not ({path} ne {text})"]
    if isinstance(value, str) and not path.startswith("meta.") and not re.fullmatch(r"[0-9a-f-]{36}", value):
        found += [f"{path} sw {text}", f"{path} co {text}", f"{path} ew {text}"]
    list_name, _, sub = path.partition(".")
    if sub and list_name in {name.lower() for name in _LISTS}:
        found += [f"{list_name}[{sub} eq {text}]", f"{list_name}[{sub} eq {text}].value pr"]
    return found


_SAME_FOR_ALL = {"active", "meta.resourcetype", *(f"{name.lower()}.primary" for name in _LISTS)}


def test_every_attribute_of_people_finds_ours_and_never_theirs(sides: tuple[Side, Side]) -> None:
    """P-6, P-10: the paths are those of the server's own table, so that a new one is asked for here too"""
    ours, theirs = sides
    complex_ones = {"name", f"{ENTERPRISE.lower()}:manager"}
    for path in set(USER_FIELDS.places) - _SAME_FOR_ALL:
        assert ours.directory.find(f"{path} pr") == ["ours-user"], path
        if path not in complex_ones:
            _tells_apart("/Users", path, (ours, ours.person), (theirs, theirs.person))


def test_every_attribute_of_groups_finds_ours_and_never_theirs(sides: tuple[Side, Side]) -> None:
    """P-6, P-10"""
    ours, theirs = sides
    for path in set(GROUP_FIELDS.places) - _SAME_FOR_ALL:
        assert ours.directory.find(f"{path} pr", "/Groups") == ["ours-group"], path
        _tells_apart("/Groups", path, (ours, ours.group), (theirs, theirs.group))


def _tells_apart(endpoint: str, path: str, mine: tuple[Side, Any], foreign: tuple[Side, Any]) -> None:
    (side, resource), (_, other_resource) = mine, foreign
    own, not_own = _values(resource, path), _values(other_resource, path)
    name = resource.get("userName") or resource["displayName"]
    # One request for all operators: each of them must find ours, and none of them what is not.
    every = " and ".join(f"({text})" for text in _filters(path, own[0]))
    assert side.directory.find(every, endpoint) == [name], every
    any_of_them = " or ".join(f"({text})" for text in _filters(path, not_own[0]))
    assert side.directory.find(any_of_them, endpoint) == [], any_of_them
    assert side.directory.find(f"{path} ne {json.dumps(not_own[0])}", endpoint) == [name]


def _requests(kind: str) -> list[tuple[str, str, Any]]:
    """Return every request that names one resource by its id, from the harmless to the deadly."""
    change = {"schemas": [], "Operations": [{"op": "add", "path": "displayName", "value": "changed"}]}
    body = {"userName": "changed", "displayName": "changed"}
    return [
        ("GET", f"/{kind}/{{}}", None),
        ("GET", f"/{kind}/{{}}?attributes=displayName", None),
        ("HEAD", f"/{kind}/{{}}", None),
        ("PATCH", f"/{kind}/{{}}", change),
        ("PUT", f"/{kind}/{{}}", body),
        ("DELETE", f"/{kind}/{{}}", None),
    ]


def _plain(answer: Any, key: str) -> tuple[int, str]:
    """Return status and body without what differs from request to request."""
    text = re.sub(r"track ID [0-9A-Z-]+", "", answer.content.decode())
    return answer.status_code, text.replace(key, "KEY").replace(key.upper(), "KEY")


@pytest.mark.parametrize("kind", ["Users", "Groups"])
@pytest.mark.parametrize(
    "spelt", [str, str.upper, lambda key: UUID(key).hex], ids=["as given", "upper", "hex"]
)
def test_their_id_is_answered_like_one_that_nobody_has(
    sides: tuple[Side, Side], kind: str, spelt: Any
) -> None:
    """P-6: not a header, not a word of the detail tells that it exists"""
    ours, theirs = sides
    resource = "person" if kind == "Users" else "group"
    before = theirs.directory.read(f"/{kind}/{getattr(theirs, resource)['id']}")
    for method, path, body in _requests(kind):
        answers = []
        for key in (spelt(before["id"]), spelt(UNKNOWN)):
            answer = ours.directory.send(method, path.format(key), body)
            answers.append((_plain(answer, key), sorted(answer.headers)))
        assert answers[0] == answers[1], (method, path)
        assert answers[0][0][0] == 404
    assert theirs.directory.read(f"/{kind}/{before['id']}") == before
    for method, path, body in _requests(kind):
        own = ours.directory.send(method, path.format(getattr(ours, resource)["id"]), body)
        assert own.status_code in (200, 204), (method, path)


def test_their_user_name_and_external_id_are_free_here(sides: tuple[Side, Side]) -> None:
    """P-6: neither a conflict nor a restored person gives away that somebody elsewhere has them"""
    ours, theirs = sides
    theirs.directory.patch(
        f"/Users/{theirs.person['id']}", {"op": "replace", "path": "active", "value": False}
    )
    made = ours.directory.push("theirs-user", externalId="theirs-external")
    assert made["id"] not in (ours.person["id"], theirs.person["id"])
    group = ours.directory.push_group("theirs-group", externalId="theirs-g")
    assert group["id"] != theirs.group["id"]
    renamed = ours.directory.patch(
        f"/Users/{ours.person['id']}",
        {"op": "replace", "path": "emails", "value": [{"value": "theirs-value"}]},
    )
    assert renamed.status_code == 200
    assert theirs.directory.find('emails.value eq "theirs-value"') == ["theirs-user"]


def test_lists_orders_and_totals_know_only_ours(sides: tuple[Side, Side]) -> None:
    """P-6, P-10"""
    ours, theirs = sides
    for side in (ours, theirs):
        for endpoint, resource in (("/Users", side.person), ("/Groups", side.group)):
            for query in (
                {},
                {"sortBy": "displayName"},
                {"sortBy": "meta.created", "sortOrder": "descending"},
            ):
                found = side.directory.listed(endpoint, **query)
                assert (found["totalResults"], [each["id"] for each in found["Resources"]]) == (
                    1,
                    [resource["id"]],
                )
            assert side.directory.listed(endpoint, count=0)["totalResults"] == 1
    assert theirs.person["id"] not in json.dumps(ours.directory.read("/Users"))
    assert theirs.person["id"] not in json.dumps(ours.directory.read("/Groups?attributes=members"))


def test_the_same_schemas_are_told_to_both(sides: tuple[Side, Side]) -> None:
    """P-10: nothing about an account shows in what the server says about itself"""
    for path in ("/Schemas", f"/Schemas/{CORE}", "/ResourceTypes", "/ServiceProviderConfig"):
        mine, others = (side.directory.read(path) for side in sides)
        assert mine == others
