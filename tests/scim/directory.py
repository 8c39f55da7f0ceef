"""A customer's directory, as far as tests need one: an account, its token, and requests that carry it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.test import Client

from accounts import lifecycle
from accounts.models import Account, ApiToken, User
from audit.actors import configuration

CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


@dataclass
class Directory:
    """Speaks SCIM with the token of one account; ``base`` is the address that was pasted into its console."""

    account: Account
    token: str
    token_row: ApiToken
    base: str = "/api/scim"
    headers: dict[str, str] = field(default_factory=dict)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> HttpResponse:
        """Send one request; ``body`` is JSON, or bytes as they are. Header names have underscores for hyphens."""
        sent = {"host": "localhost:8000", "authorization": f"Bearer {self.token}"} | self.headers
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        content_type = sent.pop("content-type", "application/scim+json")
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        found: HttpResponse = Client(headers=sent).generic(
            method, f"{self.base}{path}", data, content_type=content_type if data else ""
        )
        return found

    def get(self, path: str, **headers: str) -> HttpResponse:
        """GET."""
        return self.send("GET", path, **headers)

    def post(self, path: str, body: Any, **headers: str) -> HttpResponse:
        """POST."""
        return self.send("POST", path, body, **headers)

    def put(self, path: str, body: Any, **headers: str) -> HttpResponse:
        """PUT."""
        return self.send("PUT", path, body, **headers)

    def delete(self, path: str, **headers: str) -> HttpResponse:
        """DELETE."""
        return self.send("DELETE", path, **headers)

    def patch(self, path: str, *operations: dict[str, Any], **headers: str) -> HttpResponse:
        """PATCH with these operations."""
        return self.send("PATCH", path, {"schemas": [PATCH_OP], "Operations": list(operations)}, **headers)

    def read(self, path: str) -> Any:
        """GET what must be there and return it."""
        response = self.get(path)
        assert response.status_code == 200, response.content
        return json.loads(response.content)

    def listed(self, endpoint: str, **query: object) -> Any:
        """GET a list with these query parameters and return it."""
        return self.read(f"{endpoint}?{urlencode(query)}")

    def push(self, user_name: str, **attributes: Any) -> Any:
        """Create a person and return their representation."""
        response = self.post("/Users", {"schemas": [CORE], "userName": user_name, **attributes})
        assert response.status_code == 201, response.content
        return json.loads(response.content)

    def push_group(self, name: str, **attributes: Any) -> Any:
        """Create a group and return its representation."""
        response = self.post("/Groups", {"displayName": name, **attributes})
        assert response.status_code == 201, response.content
        return json.loads(response.content)

    def find(self, text: str, endpoint: str = "/Users") -> list[str]:
        """Return the user names, or display names of groups, that a filter finds."""
        key = "userName" if endpoint == "/Users" else "displayName"
        return [each[key] for each in self.search(text, endpoint)["Resources"]]

    def search(self, text: str, endpoint: str = "/Users") -> Any:
        """Return the list that a filter gives."""
        response = self.post(f"{endpoint}/.search", {"filter": text})
        assert response.status_code == 200, response.content
        return json.loads(response.content)

    def person(self, resource: Any) -> User:
        """Return the row behind a representation."""
        return User.objects.get(pk=resource["id"])


def new_directory(slug: str) -> Directory:
    """Make an account with working single sign-on and a token for its directory."""
    account = lifecycle.create_account(actor=configuration(), slug=slug, name=slug.title(), sso_module=True)
    Account.objects.filter(pk=account.pk).update(sso_ready=True)
    account.refresh_from_db()
    row, token = lifecycle.create_api_token(account=account, actor=configuration(), name=f"{slug} directory")
    return Directory(account, token, row)


def error_of(response: HttpResponse) -> Any:
    """Return the body of an error, having checked its form (RFC 7644 §3.12)."""
    body = json.loads(response.content)
    assert body["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
    assert body["status"] == str(response.status_code)
    assert response.headers["X-Track-Id"] in body["detail"]
    assert response.headers["Content-Type"] == "application/scim+json"
    return body
