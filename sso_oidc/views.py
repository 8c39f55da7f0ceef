"""HTTP of OpenID Connect: mozilla-django-oidc's two views as the frame, every handler ours."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt
from mozilla_django_oidc.views import OIDCAuthenticationCallbackView, OIDCAuthenticationRequestView

from sso import starts
from sso.models import ProtocolName
from sso_oidc import backchannel, callback, initiation, logout
from sso_oidc.models.settings import CallbackPath


@method_decorator(csrf_exempt, name="dispatch")  # third parties post here (Core §4); it ends in the GET
class LoginView(OIDCAuthenticationRequestView):
    """``/sso/oidc/<provider>/login``: begins a sign-in, for our own pages and for others' (initiate_login_uri)."""

    http_method_names = ("get", "post")

    def __init__(self, **kwargs: Any) -> None:
        View.__init__(self, **kwargs)  # the stock one reads a global provider from the settings

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Send the browser to the provider."""
        provider = starts.find_provider(slug, ProtocolName.OIDC)
        return (
            starts.unknown_provider(request, slug)
            if provider is None
            else initiation.begin(request, provider)
        )

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Take a third party's request."""
        provider = starts.find_provider(slug, ProtocolName.OIDC)
        return (
            starts.unknown_provider(request, slug)
            if provider is None
            else initiation.come_again(request, provider)
        )


@method_decorator(
    csrf_exempt, name="dispatch"
)  # form_post is cross-site by design; the attempt is its protection
class CallbackView(OIDCAuthenticationCallbackView):
    """``/sso/oidc/<provider>/callback``: GET answers the code flow, POST the hybrid one."""

    http_method_names = ("get", "post")

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Receive a redirect."""
        return self._receive(request, slug)

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Receive a form_post."""
        return self._receive(request, slug)

    def _receive(self, request: HttpRequest, slug: str) -> HttpResponse:
        provider = starts.find_provider(slug, ProtocolName.OIDC)
        return (
            starts.unknown_provider(request, slug)
            if provider is None
            else callback.receive(request, provider)
        )


@method_decorator(csrf_exempt, name="dispatch")  # as CallbackView
class SharedCallbackView(View):
    """``/sso/openidconnect`` and ``/api/accounts/idp-callback``: for providers with an operator's permission (V-20)."""

    path: CallbackPath = CallbackPath.OPENIDCONNECT

    def get(self, request: HttpRequest) -> HttpResponse:
        """Receive a redirect."""
        return callback.receive_shared(request, self.path)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Receive a form_post."""
        return callback.receive_shared(request, self.path)


@method_decorator(
    csrf_exempt, name="dispatch"
)  # the provider's server posts; its signature is the protection
class BackchannelLogoutView(View):
    """``/sso/oidc/<provider>/backchannel-logout``: takes logout tokens (L-12)."""

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        """End what the token names."""
        provider = starts.find_provider(slug, ProtocolName.OIDC)
        return (
            starts.unknown_provider(request, slug)
            if provider is None
            else backchannel.receive(request, provider)
        )


class LoggedOutView(View):
    """``/sso/oidc/<provider>/logged-out``: where the provider sends the browser after a logout that began here."""

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Show how it ended."""
        provider = starts.find_provider(slug, ProtocolName.OIDC)
        return (
            starts.unknown_provider(request, slug) if provider is None else logout.finish(request, provider)
        )
