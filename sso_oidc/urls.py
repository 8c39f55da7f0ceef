"""Fixed URLs of OpenID Connect (design, "Interfaces that stay fixed")."""

from __future__ import annotations

from django.urls import path

from sso_oidc.key_views import CertificateView, KeySetView, ProviderKeySetView
from sso_oidc.views import CallbackView, LoginView

app_name = "sso_oidc"

urlpatterns = [
    path("sso/oidc/<slug:slug>/login", LoginView.as_view(), name="login"),
    path("sso/oidc/<slug:slug>/callback", CallbackView.as_view(), name="callback"),
    path("sso/oidc/<slug:slug>/jwks.json", ProviderKeySetView.as_view(), name="provider_keys"),
    path("sso/oidc/<slug:slug>/certificate", CertificateView.as_view(), name="certificate"),
    path(".well-known/jwks.json", KeySetView.as_view(), name="keys"),
]
