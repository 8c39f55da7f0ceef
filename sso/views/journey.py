"""The way back from a provider, and the way out."""

from __future__ import annotations

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views import View

from accounts.lifecycle import end_session
from accounts.models import EndReason, User
from audit.actors import Actor, ActorKind
from foundation.client_address import client_address
from sso import account_choice, sign_in, switching


class ContinueView(View):
    """``/sso/continue/``: the same-site GET that has both the one-time code and the cookie (V-17)."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Complete the sign-in, or show the question that its answer waits for."""
        code = request.GET.get("code", "")[:100]
        return (
            account_choice.question(request, code)
            or switching.question(request, code)
            or sign_in.continue_parked(request, code)
        )

    def post(self, request: HttpRequest) -> HttpResponse:
        """Take the person's word: which account (V-5), or whether to replace another person's session (V-19)."""
        code = request.POST.get("code", "")[:100]
        if request.POST.get("account"):
            return sign_in.continue_parked(request, code, account_id=request.POST["account"][:40])
        if request.POST.get("choice") == "continue":
            return sign_in.continue_parked(request, code)
        return switching.stay(request, code)


class LogoutView(View):
    """``/logout/``: ends this browser's session here (L-12)."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show that the browser is signed out, or lead to where one can sign out."""
        return (
            redirect("sso:my_access")
            if request.user.is_authenticated
            else render(request, "sso/signed_out.html")
        )

    def post(self, request: HttpRequest) -> HttpResponse:
        """End the session."""
        session = getattr(request, "user_session", None)
        if session is not None and isinstance(request.user, User):
            actor = Actor(
                ActorKind.USER, str(request.user.pk), request.user.user_name, client_address(request)
            )
            end_session(session=session, actor=actor, reason=EndReason.LOGOUT)
        logout(request)
        return redirect("sso:logout")
