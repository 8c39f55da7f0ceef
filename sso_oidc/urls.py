"""Fixed URLs of OpenID Connect (design, "Interfaces that stay fixed")."""

from __future__ import annotations

from django.urls import path

from sso_oidc.views import BackchannelLogoutView, CallbackView, LoggedOutView, LoginView

app_name = "sso_oidc"

urlpatterns = [
    path("sso/oidc/<slug:slug>/login", LoginView.as_view(), name="login"),
    path("sso/oidc/<slug:slug>/callback", CallbackView.as_view(), name="callback"),
    path(
        "sso/oidc/<slug:slug>/backchannel-logout", BackchannelLogoutView.as_view(), name="backchannel_logout"
    ),
    path("sso/oidc/<slug:slug>/logged-out", LoggedOutView.as_view(), name="logged_out"),
]
