"""Fixed URLs of OpenID Connect (design, "Interfaces that stay fixed")."""

from __future__ import annotations

from django.urls import path

from sso_oidc.consent_views import AdminConsentReturnView, AdminConsentView
from sso_oidc.views import CallbackView, LoginView

app_name = "sso_oidc"

urlpatterns = [
    path("sso/oidc/<slug:slug>/login", LoginView.as_view(), name="login"),
    path("sso/oidc/<slug:slug>/callback", CallbackView.as_view(), name="callback"),
    path("sso/oidc/<slug:slug>/admin-consent", AdminConsentView.as_view(), name="admin_consent"),
    path(
        "sso/oidc/<slug:slug>/admin-consent/return",
        AdminConsentReturnView.as_view(),
        name="admin_consent_return",
    ),
]
