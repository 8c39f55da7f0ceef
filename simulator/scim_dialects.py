"""The bodies that Entra's and Okta's provisioning services send, as pure functions.

Entra (learn.microsoft.com, "Develop and plan provisioning for a SCIM endpoint", "Known issues with SCIM 2.0
protocol compliance"): operations with capitals, booleans as the texts "True" and "False", one operation per
changed attribute, members removed by path plus value. The flag aadOptscim062020 switches to lower case, real
booleans, one pathless operation for plain attributes, and members removed by a value filter.

Okta ("SCIM 2.0 protocol reference"): GET then PUT of the whole user; apps of its integration network (OIN)
switch ``active`` with a pathless PATCH, apps made with the wizard (AIW) by PUT; groups are patched with
lower-case operations.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from simulator.config import DirectoryGroup, Person

CORE_USER = "urn:ietf:params:scim:schemas:core:2.0:User"
CORE_GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
ENTRA_GROUP = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"
WORK_EMAIL = 'emails[type eq "work"].value'

Json = dict[str, Any]


class Dialect(StrEnum):
    """Whose provisioning service is played."""

    ENTRA = "entra"
    OKTA = "okta"


def headers(dialect: Dialect) -> dict[str, str]:
    """Request headers without Authorization."""
    if dialect is Dialect.OKTA:
        return {
            "User-Agent": "Okta SCIM Client 1.0.0",
            "Accept": "application/scim+json",
            "Content-Type": "application/scim+json",
        }
    return {"Accept": "application/scim+json", "Content-Type": "application/scim+json; charset=utf-8"}


def quoted(value: str) -> str:
    """A text as a filter literal (RFC 7644 §3.4.2.2: a JSON string)."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def user_query(dialect: Dialect, user_name: str) -> dict[str, str]:
    """The lookup before a create."""
    query = {"filter": f"userName eq {quoted(user_name)}"}
    return query | {"startIndex": "1", "count": "100"} if dialect is Dialect.OKTA else query


def group_query(dialect: Dialect, name: str) -> dict[str, str]:
    """The lookup of a group."""
    query = {"filter": f"displayName eq {quoted(name)}"}
    if dialect is Dialect.OKTA:
        return query | {"startIndex": "1", "count": "100"}
    return {"excludedAttributes": "members"} | query


def entra_user(person: Person) -> Json:
    """POST body. ``externalId`` is the object id."""
    body: Json = {
        "schemas": [CORE_USER, ENTERPRISE],
        "externalId": person.id,
        "userName": person.user_name,
        "active": True,
        "meta": {"resourceType": "User"},
        "roles": [],
    }
    if person.display_name is not None:
        body["displayName"] = person.display_name
    if person.email is not None:
        body["emails"] = [{"primary": True, "type": "work", "value": person.email}]
    name = _name(person)
    if name:
        body["name"] = {
            "formatted": " ".join(name[key] for key in ("givenName", "familyName") if key in name),
            **name,
        }
    if person.enterprise:
        body[ENTERPRISE] = dict(person.enterprise)
    return body


def okta_user(person: Person, password: str | None) -> Json:
    """POST body. ``password`` is sent when Okta is set to synchronise one."""
    body: Json = {
        "schemas": [CORE_USER],
        "userName": person.user_name,
        "name": _name(person),
        "emails": [] if person.email is None else [_okta_email(person.email)],
        "displayName": person.display_name or person.user_name,
        "locale": "en-US",
        "externalId": person.id,
        "groups": [],
        "active": True,
    }
    if password is not None:
        body["password"] = password
    if person.enterprise:
        body["schemas"].append(ENTERPRISE)
        body[ENTERPRISE] = dict(person.enterprise)
    return body


def okta_put(current: Mapping[str, Any], person: Person | None, active: bool | None) -> Json:
    """PUT body: what the server has, echoed back, plus the changes. None leaves a part as it is."""
    body = copy.deepcopy(dict(current))
    if person is not None:
        fresh = okta_user(person, None)
        body |= {key: fresh[key] for key in ("userName", "displayName", "externalId", "emails")}
        body["name"] = {**body.get("name", {}), **fresh["name"]}
        if person.enterprise:
            body["schemas"] = list(dict.fromkeys([*body.get("schemas", [CORE_USER]), ENTERPRISE]))
            body[ENTERPRISE] = {**body.get(ENTERPRISE, {}), **person.enterprise}
    if active is not None:
        body["active"] = active
    return body


def okta_active(active: bool) -> Json:
    """PATCH body of an OIN app."""
    return patch([{"op": "replace", "value": {"active": active}}])


def entra_active(active: bool, flag: bool) -> Json:
    """PATCH body; ``flag`` is aadOptscim062020."""
    if flag:
        return patch([{"op": "replace", "path": "active", "value": active}])
    return patch([{"op": "Replace", "path": "active", "value": str(active)}])


def entra_changes(current: Mapping[str, Any], person: Person, flag: bool) -> list[Json]:
    """From ``current`` to ``person``: Add what lacks, Replace what differs, Remove what is gone."""
    operations: list[Json] = []
    together: Json = {}
    for path, wanted in _entra_paths(person).items():
        known = _value_at(current, path)
        if wanted == known:
            continue
        if wanted is None:
            operations.append({"op": _op("Remove", flag), "path": path})
        elif known is None:
            operations.append({"op": _op("Add", flag), "path": path, "value": wanted})
        elif flag and path != WORK_EMAIL:
            together[path] = wanted
        else:
            operations.append({"op": _op("Replace", flag), "path": path, "value": wanted})
    if together:
        operations.append({"op": "replace", "value": together})
    return operations


def group_body(dialect: Dialect, group: DirectoryGroup) -> Json:
    """POST body: Entra names a schema of its own and the object id, Okta sends an empty list of members."""
    if dialect is Dialect.OKTA:
        return {"schemas": [CORE_GROUP], "displayName": group.name, "members": []}
    return {
        "schemas": [CORE_GROUP, ENTRA_GROUP],
        "externalId": group.id,
        "displayName": group.name,
        "meta": {"resourceType": "Group"},
    }


def add_members(dialect: Dialect, users: Sequence[Mapping[str, Any]], flag: bool) -> Json:
    """PATCH body; ``users`` are SCIM resources."""
    if dialect is Dialect.OKTA:
        members = [{"value": user["id"], "display": user.get("userName", "")} for user in users]
        return patch([{"op": "add", "path": "members", "value": members}])
    members = [{"$ref": None, "value": user["id"]} for user in users]
    return patch([{"op": _op("Add", flag), "path": "members", "value": members}])


def remove_members(dialect: Dialect, users: Sequence[Mapping[str, Any]], flag: bool) -> Json:
    """PATCH body; ``users`` are SCIM resources."""
    if dialect is Dialect.OKTA or flag:
        return patch([{"op": "remove", "path": f"members[value eq {quoted(user['id'])}]"} for user in users])
    members = [{"$ref": None, "value": user["id"]} for user in users]
    return patch([{"op": "Remove", "path": "members", "value": members}])


def patch(operations: list[Json]) -> Json:
    return {"schemas": [PATCH_OP], "Operations": operations}


def _op(name: str, flag: bool) -> str:
    return name.lower() if flag else name


def _name(person: Person) -> dict[str, str]:
    parts = {"familyName": person.family_name, "givenName": person.given_name}
    return {key: value for key, value in parts.items() if value is not None}


def _okta_email(email: str) -> Json:
    return {"primary": True, "value": email, "type": "work"}


def _entra_paths(person: Person) -> dict[str, str | None]:
    paths = {
        "userName": person.user_name,
        "displayName": person.display_name,
        WORK_EMAIL: person.email,
        "name.givenName": person.given_name,
        "name.familyName": person.family_name,
        "externalId": person.id,
    }
    return paths | {f"{ENTERPRISE}:{key}": value for key, value in person.enterprise.items()}


def _value_at(resource: Mapping[str, Any], path: str) -> str | None:
    """The value at one of the paths of ``_entra_paths``."""
    if path == WORK_EMAIL:
        return next(
            (each.get("value") for each in resource.get("emails") or () if each.get("type") == "work"), None
        )
    if path.startswith(f"{ENTERPRISE}:"):
        return (resource.get(ENTERPRISE) or {}).get(path.removeprefix(f"{ENTERPRISE}:"))
    first, _, second = path.partition(".")
    value = resource.get(first)
    return (value or {}).get(second) if second else value
