"""HTTP of SAML: one Redirect URL per provider (S-1), and our metadata."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from sso import answers, browser, starts
from sso.models import ProtocolName
from sso.refusals import Code, Refusal
from sso_saml import key_pairs, response
from sso_saml.protocol import way_out
from sso_saml.provider_config import logout_url, redirect_url, settings_of, sp_entity_id
from sso_saml.sp_metadata import ServiceProviderDescription, sp_metadata


@method_decorator(
    csrf_exempt, name="dispatch"
)  # the POST is cross-site by design; the attempt is its protection
class RedirectUrlView(View):
    """``/sso/saml/<provider>/``: GET starts a sign-in, POST receives the response."""

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Send the browser to the provider with an AuthnRequest."""
        provider = starts.find_provider(slug, ProtocolName.SAML)
        if provider is None:
            return starts.unknown_provider(request, slug)
        restart = "restart" in request.GET
        if restart and browser.restarted_lately(request):
            refusal = Refusal(
                Code.UNSOLICITED, "the provider answered unasked again within a minute of a restart"
            )
            return answers.refused(request, refusal, provider=provider)
        left = starts.leave(request, provider, way_out)
        if restart:
            browser.note_restart(left)
        return left

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Verify the response and send the browser on."""
        provider = starts.find_provider(slug, ProtocolName.SAML)
        return (
            starts.unknown_provider(request, slug)
            if provider is None
            else response.receive(request, provider)
        )


class MetadataView(View):
    """``/sso/saml/<provider>/metadata``: what an IdP may import instead of typing."""

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Return our metadata for this provider."""
        provider = starts.find_provider(slug, ProtocolName.SAML)
        if provider is None:
            return starts.unknown_provider(request, slug)
        settings = settings_of(provider)
        described = ServiceProviderDescription(
            entity_id=sp_entity_id(provider, settings),
            acs_url=redirect_url(provider),
            logout_url=logout_url(provider),
            certificates=[pair.certificate for pair in key_pairs.published(provider)],
            signs_requests=settings.sign_requests,
        )
        return HttpResponse(sp_metadata(described), content_type="application/samlmetadata+xml")
