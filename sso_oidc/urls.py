"""Fixed URLs of OpenID Connect (design, "Interfaces that stay fixed")."""

from __future__ import annotations

from django.urls import path

from sso_oidc.consent_views import AdminConsentReturnView, AdminConsentView
from sso_oidc.key_views import CertificateView, KeySetView, ProviderKeySetView
from sso_oidc.models.settings import CallbackPath
from sso_oidc.views import (
    BackchannelLogoutView,
    CallbackView,
    LoggedOutView,
    LoginView,
    SharedCallbackView,
)

app_name = "sso_oidc"

_SHARED = (CallbackPath.OPENIDCONNECT, CallbackPath.IDP_CALLBACK)

urlpatterns = [
    path("sso/oidc/<slug:slug>/login", LoginView.as_view(), name="login"),
    path("sso/oidc/<slug:slug>/callback", CallbackView.as_view(), name="callback"),
    path("sso/oidc/<slug:slug>/jwks.json", ProviderKeySetView.as_view(), name="provider_keys"),
    path("sso/oidc/<slug:slug>/certificate", CertificateView.as_view(), name="certificate"),
    path(".well-known/jwks.json", KeySetView.as_view(), name="keys"),
    path(
        "sso/oidc/<slug:slug>/backchannel-logout", BackchannelLogoutView.as_view(), name="backchannel_logout"
    ),
    path("sso/oidc/<slug:slug>/logged-out", LoggedOutView.as_view(), name="logged_out"),
    *(
        path(
            str(shared.label).removeprefix("/"), SharedCallbackView.as_view(path=shared), name=shared.url_name
        )
        for shared in _SHARED
    ),
    path("sso/oidc/<slug:slug>/admin-consent", AdminConsentView.as_view(), name="admin_consent"),
    path(
        "sso/oidc/<slug:slug>/admin-consent/return",
        AdminConsentReturnView.as_view(),
        name="admin_consent_return",
    ),
]
