"""The pages that SAML and OIDC share (design, "Interfaces that stay fixed")."""

from __future__ import annotations

from django.urls import path

from accounts.models import LinkPurpose
from sso.views.guests import EnterAccountView, LeaveAccountView
from sso.views.invitation import InvitationLinkView, InvitationView
from sso.views.journey import ContinueView, LogoutView
from sso.views.login import AccountLoginView, LoginView
from sso.views.mailed_links import LinkView
from sso.views.me import MeView
from sso.views.my_access import my_access
from sso.views.password_reset import NewPasswordView, PasswordResetView
from sso.views.personal_tokens import PersonalTokensView, RevokePersonalTokenView
from sso.views.reauthentication import ReauthenticationView
from sso.views.recovery import DrillView, RecoveryAccessView, RecoveryEnterView
from sso.views.recovery_address import ConfirmRecoveryAddressView, RecoveryAddressView
from sso.views.second_factor import (
    AddFactorView,
    RecoveryCodesView,
    RemoveFactorView,
    SecondFactorView,
)
from sso.views.second_step import SecondStepView
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
    # Mailed links: the addresses with a token come after the clean ones they lead to (V-24).
    path("recovery-access/", RecoveryAccessView.as_view(), name="recovery_access"),
    path("recovery-access/enter/", RecoveryEnterView.as_view(), name="recovery_enter"),
    path(
        "recovery-access/<str:token>/",
        LinkView.as_view(purpose=LinkPurpose.ACCESS, to="sso:recovery_enter"),
        name="recovery_link",
    ),
    path("recovery-drill/enter/", DrillView.as_view(), name="recovery_drill"),
    path(
        "recovery-drill/<str:token>/",
        LinkView.as_view(purpose=LinkPurpose.DRILL, to="sso:recovery_drill"),
        name="recovery_drill_link",
    ),
    path("recovery-address/", RecoveryAddressView.as_view(), name="recovery_address"),
    path("recovery-address/confirm/", ConfirmRecoveryAddressView.as_view(), name="recovery_address_confirm"),
    path(
        "recovery-address/<str:token>/",
        LinkView.as_view(purpose=LinkPurpose.ADDRESS, to="sso:recovery_address_confirm"),
        name="recovery_address_link",
    ),
    path("password-reset/", PasswordResetView.as_view(), name="password_reset"),
    path("password-reset/new/", NewPasswordView.as_view(), name="password_new"),
    path(
        "password-reset/<str:token>/",
        LinkView.as_view(purpose=LinkPurpose.PASSWORD, to="sso:password_new"),
        name="password_reset_link",
    ),
    path("reauthenticate/", ReauthenticationView.as_view(), name="reauthenticate"),
    path("second-step/", SecondStepView.as_view(), name="second_step"),
    path("second-factor/", SecondFactorView.as_view(), name="second_factor"),
    path("second-factor/add/", AddFactorView.as_view(), name="add_factor"),
    path("second-factor/recovery-codes/", RecoveryCodesView.as_view(), name="recovery_codes"),
    path("second-factor/<uuid:factor_id>/remove/", RemoveFactorView.as_view(), name="remove_factor"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("sso/continue/", ContinueView.as_view(), name="continue"),
    path("sso/test/<uuid:attempt_id>/", TestResultView.as_view(), name="test_result"),
    path("api/me", MeView.as_view(), name="me"),
]
