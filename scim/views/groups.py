"""/Groups (RFC 7644 §3.2 to §3.6)."""

from __future__ import annotations

from functools import partial

from django.http import HttpRequest, HttpResponse

from scim import groups
from scim.call import Call
from scim.list_query import from_query_string, from_search_body, projection_of
from scim.schema import JsonObject
from scim.versions import is_unchanged, require_match
from scim.views.frame import ScimView, answer


class GroupsView(ScimView):
    """The collection."""

    def get(self, call: Call, request: HttpRequest) -> HttpResponse:
        """List the directory's groups."""
        return answer(groups.list_groups(call, from_query_string(request.GET)))

    def post(self, call: Call, request: HttpRequest) -> HttpResponse:
        """Create a group, or take a local one over (P-12, V-9)."""
        projection = projection_of(request.GET)
        group = groups.create_group(call, self.read_body(request))
        shown = groups.show_group(call, group, projection)
        return answer(shown, 201, _headers(call, group.pk, groups.version(group)))


class GroupSearchView(ScimView):
    """/Groups/.search."""

    always_reads = True

    def post(self, call: Call, request: HttpRequest) -> HttpResponse:
        """List groups, the query in the body."""
        return answer(groups.list_groups(call, from_search_body(self.read_body(request))))


class GroupView(ScimView):
    """One group."""

    def get(self, call: Call, request: HttpRequest, resource_id: str) -> HttpResponse:
        """Show the group, or 304 when the client knows this version."""
        projection = projection_of(request.GET)
        group = groups.find_group(call, resource_id)
        version = groups.version(group)
        headers = _headers(call, group.pk, version)
        if is_unchanged(request, version):
            return answer(None, 304, headers)
        return answer(groups.show_group(call, group, projection), 200, headers)

    def put(self, call: Call, request: HttpRequest, resource_id: str) -> HttpResponse:
        """Replace what the body holds."""
        projection = projection_of(request.GET)
        body: JsonObject = self.read_body(request)
        group = groups.replace_group(call, resource_id, body, partial(require_match, request))
        shown = groups.show_group(call, group, projection)
        return answer(shown, 200, _headers(call, group.pk, groups.version(group)))

    def patch(self, call: Call, request: HttpRequest, resource_id: str) -> HttpResponse:
        """Apply the operations. 204, as a group may be large; 200 when attributes are asked for (RFC 7644 §3.5.2)."""
        projection = projection_of(request.GET)
        body: JsonObject = self.read_body(request)
        group = groups.patch_group(call, resource_id, body, partial(require_match, request))
        headers = _headers(call, group.pk, groups.version(group))
        if projection.included:
            return answer(groups.show_group(call, group, projection), 200, headers)
        return answer(None, 204, headers)

    def delete(self, call: Call, request: HttpRequest, resource_id: str) -> HttpResponse:
        """Delete the group, or let a mapped one go."""
        groups.delete_group(call, resource_id, partial(require_match, request))
        return answer(None, 204)


def _headers(call: Call, resource_id: object, version: str) -> dict[str, str]:
    return {"Location": call.location("Groups", resource_id), "ETag": version}
