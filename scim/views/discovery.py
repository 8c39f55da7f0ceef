"""/ServiceProviderConfig, /Schemas, /ResourceTypes, and what this server doesn't have (RFC 7644 §4)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from scim import discovery
from scim.call import Call
from scim.errors import Forbidden, NotFound, NotImplementedHere
from scim.list_query import from_search_body
from scim.root_search import search_all
from scim.views.frame import ScimView, answer


class _DiscoveryView(ScimView):
    """Read-only documents. They need the token like all else: Okta and Entra send it, strangers learn nothing."""

    @staticmethod
    def refuse_filter(request: HttpRequest) -> None:
        """RFC 7644 §4: a filter is 403, so that nobody takes the full list for a filtered one."""
        if "filter" in request.GET:
            raise Forbidden("This endpoint can't be filtered.")


class ServiceProviderConfigView(_DiscoveryView):
    """/ServiceProviderConfig."""

    def get(self, call: Call, request: HttpRequest) -> HttpResponse:
        """Show it."""
        self.refuse_filter(request)
        return answer(discovery.service_provider_config(call))


class SchemasView(_DiscoveryView):
    """/Schemas and /Schemas/<urn>."""

    def get(self, call: Call, request: HttpRequest, name: str = "") -> HttpResponse:
        """Show all, or one."""
        self.refuse_filter(request)
        return answer(discovery.schema(call, name) if name else discovery.schemas(call))


class ResourceTypesView(_DiscoveryView):
    """/ResourceTypes and /ResourceTypes/<name>."""

    def get(self, call: Call, request: HttpRequest, name: str = "") -> HttpResponse:
        """Show all, or one."""
        self.refuse_filter(request)
        return answer(discovery.resource_type(call, name) if name else discovery.resource_types(call))


class RootSearchView(ScimView):
    """/.search: people and groups in one list."""

    always_reads = True

    def post(self, call: Call, request: HttpRequest) -> HttpResponse:
        """List what the query in the body finds."""
        return answer(search_all(call, from_search_body(self.read_body(request))))


class NotImplementedView(ScimView):
    """An endpoint of the RFC that this server doesn't have; ``why`` is said to the client."""

    always_reads = True
    why = ""

    def get(self, call: Call, request: HttpRequest) -> HttpResponse:
        """Answer 501."""
        raise NotImplementedHere(self.why)

    post = put = patch = delete = get


class NoSuchEndpointView(ScimView):
    """Any other address below SCIM's."""

    always_reads = True

    def get(self, call: Call, request: HttpRequest, unknown: str) -> HttpResponse:
        """Answer 404."""
        raise NotFound("SCIM has no such endpoint here: try /Users, /Groups or /ServiceProviderConfig.")

    post = put = patch = delete = get
