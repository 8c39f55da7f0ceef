"""HTTP of our public keys and certificates; what they hold is ``published_keys``'."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views import View

from sso import starts
from sso.models import ProtocolName
from sso_oidc import published_keys


class KeySetView(View):
    """``/.well-known/jwks.json``: our keys towards all providers."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Return the key set."""
        return published_keys.all_keys(request)


class ProviderKeySetView(View):
    """``/sso/oidc/<provider>/jwks.json``: our keys towards one provider."""

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Return the key set."""
        provider = starts.find_provider(slug, ProtocolName.OIDC)
        return (
            starts.unknown_provider(request, slug)
            if provider is None
            else published_keys.keys_of(request, provider)
        )


class CertificateView(View):
    """``/sso/oidc/<provider>/certificate``: the certificate to upload at the provider."""

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Return the file."""
        provider = starts.find_provider(slug, ProtocolName.OIDC)
        return (
            starts.unknown_provider(request, slug)
            if provider is None
            else published_keys.certificate_of(request, provider)
        )
