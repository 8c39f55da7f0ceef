"""The pages that SAML and OIDC share (design, "Interfaces that stay fixed")."""

from __future__ import annotations

from django.urls import path

from sso.views.guests import EnterAccountView, LeaveAccountView
from sso.views.invitation import InvitationLinkView, InvitationView
from sso.views.journey import ContinueView, LogoutView
from sso.views.login import AccountLoginView, LoginView
from sso.views.me import MeView
from sso.views.my_access import my_access
from sso.views.personal_tokens import PersonalTokensView, RevokePersonalTokenView
from sso.views.sessions import EndOtherSessionsView, EndSessionView
from sso.views.test_result import TestResultView

app_name = "sso"

urlpatterns = [
    path("", my_access, name="my_access"),
    path("personal-tokens/", PersonalTokensView.as_view(), name="personal_tokens"),
    path(
        "personal-tokens/<uuid:token_id>/revoke/",
        RevokePersonalTokenView.as_view(),
        name="revoke_personal_token",
    ),
    path("guest/leave/", LeaveAccountView.as_view(), name="leave_account"),
    path("guest/<uuid:access_id>/enter/", EnterAccountView.as_view(), name="enter_account"),
    path("invitation/", InvitationView.as_view(), name="invitation"),
    path("invitation/<str:token>/", InvitationLinkView.as_view(), name="invitation_link"),
    path("sessions/end-others/", EndOtherSessionsView.as_view(), name="end_other_sessions"),
    path("sessions/<uuid:session_id>/end/", EndSessionView.as_view(), name="end_session"),
    path("login/", LoginView.as_view(), name="login"),
    path("login/<slug:slug>/", AccountLoginView.as_view(), name="login_account"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("sso/continue/", ContinueView.as_view(), name="continue"),
    path("sso/test/<uuid:attempt_id>/", TestResultView.as_view(), name="test_result"),
    path("api/me", MeView.as_view(), name="me"),
]
