"""Fixed URLs of SAML (design, "Interfaces that stay fixed"). The Redirect URL ends with a slash on purpose: no other
provider's URL can begin with it."""

from __future__ import annotations

from django.urls import path

from sso_saml.views import MetadataView, RedirectUrlView, SingleLogoutView

app_name = "sso_saml"

urlpatterns = [
    path("sso/saml/<slug:slug>/", RedirectUrlView.as_view(), name="redirect_url"),
    path("sso/saml/<slug:slug>/metadata", MetadataView.as_view(), name="metadata"),
    path("sso/saml/<slug:slug>/logout", SingleLogoutView.as_view(), name="logout"),
]
