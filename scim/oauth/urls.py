"""The one address of OAuth; a trailing slash doesn't matter (V-25)."""

from __future__ import annotations

from django.urls import path

from scim.oauth.token_endpoint import TokenEndpoint

urlpatterns = [
    path("oauth/token", TokenEndpoint.as_view(), name="oauth_token"),
    path("oauth/token/", TokenEndpoint.as_view()),
]
