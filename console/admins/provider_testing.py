"""“Test connection” on a provider's page: asked for here by a POST, run in the tester's own browser (S-3, V-18)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.refusals import Refused
from console.admins import refusals
from console.admins.confirmed import ConfirmedActions, button
from console.scoping import actor_of
from sso import testing
from sso.models import IdentityProvider


class ProviderTesting(ConfirmedActions):
    """Mixed into the admin of providers."""

    @button(description=gettext_lazy("Test connection"), url_path="test-connection", icon="lab_profile")
    def test_connection(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Say what will happen, then go to the provider."""
        provider = self.offered_row(request, object_id, "test_connection")
        if request.method == "POST":
            return self.begin_test(request, provider)
        return self.ask(
            request,
            provider,
            question=_(
                "Sign in at the provider now, to see whether it works? What is saved is tested. You stay signed in "
                "here as you are, and nobody is created or changed."
            ),
            button=_("Test connection"),
        )

    def begin_test(self, request: HttpRequest, provider: IdentityProvider) -> HttpResponse:
        """Send the browser off, or back to the page with the reason."""
        change = self.url_of("change", provider.pk)
        again = reverse("admin:sso_identityprovider_test_connection", args=[provider.pk])
        try:
            url = testing.way_in(
                request=request, provider=provider, actor=actor_of(request), back=change, again=again
            )
        except Refused as refusal:
            refusals.tell(request, refusal)
            return redirect(change)
        # A page that goes on by itself: Chromium applies form-action to the redirects of a form (``sso.leaving``).
        return render(request, "sso/redirecting.html", {"provider_name": provider.name, "url": url})
