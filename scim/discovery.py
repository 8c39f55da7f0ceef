"""What this server says about itself, and nothing that isn't so (RFC 7643 §5 to §7, RFC 9865 §4)."""

from __future__ import annotations

from scim import cursors, limits
from scim.call import Call
from scim.errors import NotFound
from scim.listing import list_response
from scim.schema import ENTERPRISE, GROUP, SCHEMAS, USER, JsonObject

_CONFIG_URN = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
_TYPE_URN = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"


def service_provider_config(call: Call) -> JsonObject:
    """Return /ServiceProviderConfig."""
    return {
        "schemas": [_CONFIG_URN],
        "patch": {"supported": True},
        "bulk": {
            "supported": True,
            "maxOperations": limits.bulk_operations(),
            "maxPayloadSize": limits.BODY_BYTES,
        },
        "filter": {"supported": True, "maxResults": limits.PAGE_MAX},
        "changePassword": {"supported": False},
        "sort": {"supported": True},
        "etag": {"supported": True},
        "pagination": {
            "cursor": True,
            "index": True,
            "defaultPaginationMethod": "index",
            "cursorTimeout": int(cursors.TIMEOUT.total_seconds()),
            "defaultPageSize": limits.PAGE_DEFAULT,
            "maxPageSize": limits.PAGE_MAX,
        },
        "authenticationSchemes": [
            {
                "type": "oauthbearertoken",
                "name": "API token",
                "description": "A long API token of the account, sent as a bearer token.",
                "specUri": "https://www.rfc-editor.org/info/rfc6750",
                "primary": True,
            },
            {
                "type": "oauth2",
                "name": "OAuth 2.0 client credentials",
                "description": "An access token of one hour, from the token endpoint /oauth/token.",
                "specUri": "https://www.rfc-editor.org/info/rfc6749",
            },
        ],
        "meta": {"resourceType": "ServiceProviderConfig", "location": f"{call.base}/ServiceProviderConfig"},
    }


def resource_types(call: Call) -> JsonObject:
    """Return /ResourceTypes."""
    found = [_user_type(call), _group_type(call)]
    return list_response(found, total=len(found))


def resource_type(call: Call, name: str) -> JsonObject:
    """Return one resource type; raises ``NotFound``."""
    for found in (_user_type(call), _group_type(call)):
        if found["name"] == name:
            return found
    raise NotFound(f"There is no resource type {name[:100]}.")


def schemas(call: Call) -> JsonObject:
    """Return /Schemas."""
    found = [_schema(call, each.published) for each in SCHEMAS.values()]
    return list_response(found, total=len(found))


def schema(call: Call, urn: str) -> JsonObject:
    """Return one schema; raises ``NotFound``."""
    found = SCHEMAS.get(urn.lower())
    if found is None:
        raise NotFound(f"There is no schema {urn[:200]}.")
    return _schema(call, found.published)


def _schema(call: Call, published: JsonObject) -> JsonObject:
    return published | {
        "meta": {"resourceType": "Schema", "location": call.location("Schemas", published["id"])}
    }


def _user_type(call: Call) -> JsonObject:
    return {
        "schemas": [_TYPE_URN],
        "id": "User",
        "name": "User",
        "description": "A person of the account.",
        "endpoint": "/Users",
        "schema": USER.urn,
        "schemaExtensions": [{"schema": ENTERPRISE.urn, "required": False}],
        "meta": {"resourceType": "ResourceType", "location": call.location("ResourceTypes", "User")},
    }


def _group_type(call: Call) -> JsonObject:
    return {
        "schemas": [_TYPE_URN],
        "id": "Group",
        "name": "Group",
        "description": "A group of people that the directory owns.",
        "endpoint": "/Groups",
        "schema": GROUP.urn,
        "meta": {"resourceType": "ResourceType", "location": call.location("ResourceTypes", "Group")},
    }
