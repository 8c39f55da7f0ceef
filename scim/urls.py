"""SCIM's addresses, below ``/api/scim`` and ``/api/scim/v2`` alike; a trailing slash doesn't matter (P-1)."""

from __future__ import annotations

from typing import Any

from django.urls import URLPattern, path

from scim.views.bulk import BulkView
from scim.views.discovery import (
    NoSuchEndpointView,
    NotImplementedView,
    ResourceTypesView,
    RootSearchView,
    SchemasView,
    ServiceProviderConfigView,
)
from scim.views.groups import GroupSearchView, GroupsView, GroupView
from scim.views.me import MeView
from scim.views.users import UserSearchView, UsersView, UserView

_ROOT = "Ask for one type of resource, /Users or /Groups, or POST a query to /.search."


def _at(endpoint: str, view: type[Any], name: str, **options: Any) -> list[URLPattern]:
    handler = view.as_view(**options)
    return [
        path(f"{mount}{endpoint}{slash}", handler, {"mount": f"/{mount}"}, name=name)
        for mount in ("api/scim", "api/scim/v2")
        for slash in ("", "/")
    ]


urlpatterns = [
    *_at("/Users", UsersView, "scim_users"),
    *_at("/Users/.search", UserSearchView, "scim_user_search"),
    *_at("/Users/<str:resource_id>", UserView, "scim_user"),
    *_at("/Groups", GroupsView, "scim_groups"),
    *_at("/Groups/.search", GroupSearchView, "scim_group_search"),
    *_at("/Groups/<str:resource_id>", GroupView, "scim_group"),
    *_at("/ServiceProviderConfig", ServiceProviderConfigView, "scim_service_provider_config"),
    *_at("/Schemas", SchemasView, "scim_schemas"),
    *_at("/Schemas/<str:name>", SchemasView, "scim_schema"),
    *_at("/ResourceTypes", ResourceTypesView, "scim_resource_types"),
    *_at("/ResourceTypes/<str:name>", ResourceTypesView, "scim_resource_type"),
    *_at("/Me", MeView, "scim_me"),
    *_at("/Bulk", BulkView, "scim_bulk"),
    *_at("/.search", RootSearchView, "scim_search"),
    *_at("", NotImplementedView, "scim_root", why=_ROOT),
    path(
        "api/scim/<path:unknown>", NoSuchEndpointView.as_view(), {"mount": "/api/scim"}, name="scim_unknown"
    ),
]
