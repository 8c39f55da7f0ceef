"""The two addresses of an invitation (V-24); the journey is ``sso.invitation``."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views import View

from sso import invitation


class InvitationLinkView(View):
    """``/invitation/<token>/``: the link in the mail."""

    http_method_names = ("get", "head")

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        """Exchange the secret for a cookie and go to the clean address."""
        return invitation.exchange(token)


class InvitationView(View):
    """``/invitation/``: what the browser's link leads to."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show it."""
        return invitation.show(request)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Accept it."""
        return invitation.accept(request)
