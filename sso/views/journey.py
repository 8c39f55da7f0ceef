"""The way back from a provider, and the way out."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views import View

from sso import account_choice, attempts, logout, sign_in, switching


class ContinueView(View):
    """``/sso/continue/``: the same-site GET that has both the one-time code and the cookie (V-17)."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Complete the sign-in, or show the question that its answer waits for."""
        code = request.GET.get("code", "")[:100]
        parked = attempts.parked_under(code)
        if parked is not None and attempts.awaits_word(parked, request):
            asked = account_choice.question(request, code, parked) or switching.question(
                request, code, parked
            )
            if asked is not None:
                return asked
        return sign_in.continue_parked(request, parked)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Take the person's word: which account (V-5), or whether to replace another person's session (V-19)."""
        parked = attempts.parked_under(request.POST.get("code", "")[:100])
        if request.POST.get("account"):
            return sign_in.continue_parked(request, parked, account_id=request.POST["account"][:40])
        if request.POST.get("choice") == "continue":
            return sign_in.continue_parked(request, parked)
        return switching.stay(request, parked)


class LogoutView(View):
    """``/logout/``: ends this browser's session here, then at the provider (L-12)."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show that the browser is signed out, or lead to where one can sign out."""
        return logout.signed_out_page(request)

    def post(self, request: HttpRequest) -> HttpResponse:
        """End the session."""
        return logout.sign_out(request)
