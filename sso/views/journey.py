"""The way back from a provider, and the way out."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views import View

from sso import account_choice, logout, sign_in, switching


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
    """``/logout/``: ends this browser's session here, then at the provider (L-12)."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show that the browser is signed out, or lead to where one can sign out."""
        return logout.signed_out_page(request)

    def post(self, request: HttpRequest) -> HttpResponse:
        """End the session."""
        return logout.sign_out(request)
