"""The made-up people whom every party stores: the same bodies for all, told apart by a number."""

from __future__ import annotations

import json
from typing import Any

CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
DIGITS = 8  # of a person's number; copying a person replaces it wherever it stands

# Person 0 of an account is made by HTTP, and its rows are what all others are copied from.
TEMPLATE = 0


def marked(number: int) -> str:
    """Return a number as it stands in every value of a person."""
    return f"{number:0{DIGITS}d}"


def user_name(number: int) -> str:
    """Return a person's user name."""
    return f"person-{marked(number)}@bench.example"


def person(number: int) -> dict[str, Any]:
    """Return what Entra sends when it creates somebody."""
    mark = marked(number)
    return {
        "schemas": [CORE, ENTERPRISE],
        "externalId": f"external-{mark}",
        "userName": user_name(number),
        "active": True,
        "displayName": f"Given{mark} Family{mark}",
        "name": {
            "givenName": f"Given{mark}",
            "familyName": f"Family{mark}",
            "formatted": f"Given{mark} Family{mark}",
        },
        "emails": [{"primary": True, "type": "work", "value": user_name(number)}],
        "title": "Engineer",
        ENTERPRISE: {"department": "Research", "employeeNumber": mark},
    }


def patch(*operations: dict[str, Any]) -> bytes:
    """Return the body of a PATCH."""
    return json.dumps({"schemas": [PATCH_OP], "Operations": list(operations)}).encode()
