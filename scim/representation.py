"""People and groups as the directory reads them (RFC 7643 §3, §4)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from accounts.models import Group, User
from scim.call import Call
from scim.documents import document_of
from scim.models import GroupResource, UserResource
from scim.projection import Projection
from scim.schema import GROUP_URN, USER_URN, JsonObject
from scim.versions import version_of

# (id, name) of a group of a person, or of a member of a group
Reference = tuple[object, str]


def user_version(user: User, resource: UserResource | None) -> str:
    """Return the entity tag of a person."""
    return version_of(user.updated_at, resource.version if resource is not None else 0)


def group_version(group: Group, resource: GroupResource | None) -> str:
    """Return the entity tag of a group."""
    return version_of(group.updated_at, resource.version if resource is not None else 0)


def represent_user(
    call: Call, user: User, resource: UserResource | None, groups: Sequence[Reference], projection: Projection
) -> JsonObject:
    """Return the representation of a person. ``active`` is the directory's own word: pending is active (V-12)."""
    document = document_of(user, resource)
    found: JsonObject = {
        "schemas": [USER_URN, *sorted(key for key in document if ":" in key)],
        "id": str(user.pk),
    }
    found.update(document)
    if groups:
        found["groups"] = [
            {
                "value": str(group_id),
                "$ref": call.location("Groups", group_id),
                "display": name,
                "type": "direct",
            }
            for group_id, name in groups
        ]
    version = user_version(user, resource)
    found["meta"] = _meta(call, "User", user.pk, user.created_at, user.updated_at, version)
    return projection.apply(found)


def represent_group(
    call: Call,
    group: Group,
    resource: GroupResource | None,
    members: Sequence[Reference],
    projection: Projection,
) -> JsonObject:
    """Return the representation of a group; ``members`` are those that the directory put there."""
    kept: JsonObject = resource.attributes if resource is not None else {}
    found: JsonObject = {
        "schemas": [GROUP_URN, *sorted(kept)],
        "id": str(group.pk),
        "displayName": group.name,
    }
    if group.external_id:
        found["externalId"] = group.external_id
    if projection.wants("members"):
        # Also when nobody is in it: authentik adds missing members only to a list that it can see.
        named = projection.asks_for("members", "display")
        found["members"] = [
            {"value": str(user_id), "$ref": call.location("Users", user_id), "type": "User"}
            | ({"display": name} if named else {})
            for user_id, name in members
        ]
    found.update(kept)
    version = group_version(group, resource)
    found["meta"] = _meta(call, "Group", group.pk, group.created_at, group.updated_at, version)
    return projection.apply(found)


def _meta(
    call: Call, kind: str, resource_id: object, created: datetime, changed: datetime, version: str
) -> JsonObject:
    return {
        "resourceType": kind,
        "created": _moment(created),
        "lastModified": _moment(changed),
        "location": call.location(f"{kind}s", resource_id),
        "version": version,
    }


def _moment(value: datetime) -> str:
    return value.isoformat().replace("+00:00", "Z")
