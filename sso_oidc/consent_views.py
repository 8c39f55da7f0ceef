"""``/sso/oidc/<provider>/admin-consent`` and its return page (O-4)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views import View

from foundation import public_urls
from sso import answers, login_options, starts
from sso.models import ProtocolName
from sso.refusals import SignInRefused
from sso_oidc import admin_consent
from sso_oidc.protocol import provider_refused
from sso_oidc.provider_advice import advice_on_provider_error


class AdminConsentView(View):
    """Sends a signed-in admin to Entra."""

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Leave for Entra's page; whoever is not signed in signs in first, on the deployment's host (V-7)."""
        provider = starts.find_provider(slug, ProtocolName.OIDC)
        if provider is None:
            return starts.unknown_provider(request, slug)
        path = admin_consent.start_path(provider)
        if request.get_host().lower() != public_urls.netloc():
            return HttpResponseRedirect(public_urls.absolute(path), status=303)
        if not request.user.is_authenticated:
            return redirect(login_options.with_query(reverse("sso:login"), next=path))
        try:
            return HttpResponseRedirect(admin_consent.start(request, provider))
        except SignInRefused as error:
            return answers.refused(request, error.refusal, provider=provider)


class AdminConsentReturnView(View):
    """Says what came of it. Shows nothing of the query."""

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Take Entra's answer."""
        provider = starts.find_provider(slug, ProtocolName.OIDC)
        if provider is None:
            return starts.unknown_provider(request, slug)
        try:
            found = admin_consent.returned(request, provider)
        except SignInRefused as error:
            answers.refused(request, error.refusal, provider=provider)  # writes it down
            return render(request, "sso/admin_consent.html", {"outcome": "unknown"}, status=400)
        advice = ""
        if found.error is not None:
            refusal = provider_refused(found.error).refusal
            advice = advice_on_provider_error(refusal.code, refusal.detail)
        context = {
            "outcome": "granted" if found.error is None else "refused",
            "provider_name": provider.name,
            "advice": advice,
            "number": found.error.aadsts if found.error is not None else None,
        }
        return render(request, "sso/admin_consent.html", context)
