"""Bulk requests as tests write them, and their answers with the form checked (RFC 7644 §3.7)."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpResponse

from tests.scim.directory import Directory

BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"


def send_bulk(directory: Directory, *operations: Any, **members: Any) -> HttpResponse:
    """Send operations as they are."""
    return directory.post("/Bulk", {"schemas": [BULK], "Operations": list(operations), **members})


def bulk(directory: Directory, *operations: Any, **members: Any) -> list[dict[str, Any]]:
    """Send operations that form a readable message and return their results."""
    response = send_bulk(directory, *operations, **members)
    assert response.status_code == 200, response.content
    body = json.loads(response.content)
    assert body["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:BulkResponse"]
    results: list[dict[str, Any]] = body["Operations"]
    for each in results:
        assert isinstance(each["status"], str)
        failed = int(each["status"]) >= 400
        # RFC 7644 §3.7.3: a failure has its error, anything but a failed POST its location.
        assert ("response" in each) == failed
        if failed:
            assert each["response"]["schemas"] == [ERROR]
            assert each["response"]["status"] == each["status"]
            assert response.headers["X-Track-Id"] in each["response"]["detail"]
        else:
            assert each["location"].startswith("http")
    return results


def statuses(results: list[dict[str, Any]]) -> list[int]:
    """Return the status of each result."""
    return [int(each["status"]) for each in results]


def id_of(result: dict[str, Any]) -> str:
    """Return the id at the end of a result's location."""
    return str(result["location"]).rsplit("/", 1)[1]


def new_user(name: str, bulk_id: str = "", /, **attributes: Any) -> dict[str, Any]:
    """Return an operation that creates a person; the ``bulkId`` is the name unless given."""
    return {
        "method": "POST",
        "path": "/Users",
        "bulkId": bulk_id or name,
        "data": {"userName": name, **attributes},
    }


def new_group(name: str, *members: str, bulk_id: str = "") -> dict[str, Any]:
    """Return an operation that creates a group."""
    values = [{"value": each} for each in members]
    data = {"displayName": name, "members": values}
    return {"method": "POST", "path": "/Groups", "bulkId": bulk_id or name, "data": data}


def patch_of(path: str, *operations: dict[str, Any], **members: Any) -> dict[str, Any]:
    """Return an operation that patches a resource."""
    return {"method": "PATCH", "path": path, "data": {"Operations": list(operations)}, **members}
