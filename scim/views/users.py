"""/Users (RFC 7644 §3.2 to §3.6)."""

from __future__ import annotations

from functools import partial

from django.http import HttpRequest, HttpResponse

from scim import users
from scim.call import Call
from scim.list_query import from_query_string, from_search_body, projection_of
from scim.schema import JsonObject
from scim.scope import find_user
from scim.versions import is_unchanged, require_match
from scim.views.frame import ScimView, answer


class UsersView(ScimView):
    """The collection."""

    def get(self, call: Call, request: HttpRequest) -> HttpResponse:
        """List people."""
        return answer(users.list_users(call, from_query_string(request.GET)))

    def post(self, call: Call, request: HttpRequest) -> HttpResponse:
        """Create a person, or restore one (V-13)."""
        projection = projection_of(request.GET)
        user, is_new = users.create_user(call, self.read_body(request))
        shown = users.show_user(call, user, projection, is_new=is_new)
        return answer(shown, 201, _headers(call, user.pk, users.version(user)))


class UserSearchView(ScimView):
    """/Users/.search."""

    always_reads = True

    def post(self, call: Call, request: HttpRequest) -> HttpResponse:
        """List people, the query in the body."""
        return answer(users.list_users(call, from_search_body(self.read_body(request))))


class UserView(ScimView):
    """One person."""

    def get(self, call: Call, request: HttpRequest, resource_id: str) -> HttpResponse:
        """Show the person, or 304 when the client knows this version."""
        projection = projection_of(request.GET)
        user = find_user(call, resource_id)
        version = users.version(user)
        headers = _headers(call, user.pk, version)
        if is_unchanged(request, version):
            return answer(None, 304, headers)
        return answer(users.show_user(call, user, projection), 200, headers)

    def put(self, call: Call, request: HttpRequest, resource_id: str) -> HttpResponse:
        """Replace what the body holds."""
        projection = projection_of(request.GET)
        body: JsonObject = self.read_body(request)
        user = users.replace_user(call, resource_id, body, partial(require_match, request))
        shown = users.show_user(call, user, projection)
        return answer(shown, 200, _headers(call, user.pk, users.version(user)))

    def patch(self, call: Call, request: HttpRequest, resource_id: str) -> HttpResponse:
        """Apply the operations and answer with the result."""
        projection = projection_of(request.GET)
        body: JsonObject = self.read_body(request)
        user = users.patch_user(call, resource_id, body, partial(require_match, request))
        shown = users.show_user(call, user, projection)
        return answer(shown, 200, _headers(call, user.pk, users.version(user)))

    def delete(self, call: Call, request: HttpRequest, resource_id: str) -> HttpResponse:
        """Remove the person from the account."""
        users.delete_user(call, resource_id, partial(require_match, request))
        return answer(None, 204)


def _headers(call: Call, resource_id: object, version: str) -> dict[str, str]:
    return {"Location": call.location("Users", resource_id), "ETag": version}
