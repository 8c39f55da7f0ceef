"""What ``sso`` asks of SAML: where to begin, whether a provider is ready, how to finish."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from foundation.secret_tokens import random_secret
from sso import attempts, claims_json
from sso.claims import Claims
from sso.models import IdentityProvider, SignInAttempt
from sso.refusals import Code, SignInRefused
from sso.starts import Start
from sso_saml.key_pairs import signing_key
from sso_saml.models import Binding, HintStyle
from sso_saml.posting import post_form
from sso_saml.provider_config import config_of, must_be_fresh, redirect_path, settings_of
from sso_saml.requests import Asking, posted_request, redirect_url_of

# Entra documents login_hint beside SAMLRequest; ADFS, Auth0 and FusionAuth know it too, and to all others an unknown
# parameter is nothing. A Subject is what Keycloak takes, and what Entra (AADSTS900236) and saml2int refuse, so no
# vendor gets one unless its settings say so.
_HINT_IN_ADDRESS = frozenset({HintStyle.VENDOR, HintStyle.PARAMETER})


class SamlProtocol:
    """Registered under ``ProtocolName.SAML``."""

    def start_path(self, provider: IdentityProvider) -> str:
        """Return the path of the Redirect URL, whose GET begins a sign-in (S-1)."""
        return redirect_path(provider)

    def problems(self, provider: IdentityProvider) -> list[str]:
        """Name which of the three values of S-2 is missing."""
        row = settings_of(provider)
        problems = []
        if not row.idp_entity_id:
            problems.append("IdP Issuer URI / Entity ID is missing")
        if not row.sso_url:
            problems.append("Single Sign-On URL is missing")
        if row._state.adding or not row.certificates.exists():
            problems.append("X.509 Certificate is missing")
        return problems

    def finish(
        self,
        *,
        request: HttpRequest,
        provider: IdentityProvider,
        attempt: SignInAttempt,
        payload: dict[str, Any],
    ) -> Claims:
        """Return the claims that were verified when they arrived; a provider disabled meanwhile is seen later."""
        try:
            return claims_json.load(json.dumps(payload))
        except (ValueError, KeyError, TypeError) as error:
            raise SignInRefused(Code.CODE_UNKNOWN, "the parked answer can't be read") from error


def way_out(start: Start) -> tuple[str | HttpResponse, attempts.Begun]:
    """Return the way to the provider with the AuthnRequest, and the attempt whose request ID it carries.

    A URL for the redirect binding, a page that posts by itself for the POST binding.
    """
    settings = settings_of(start.provider)
    config = config_of(start.provider, settings)
    if not config.sso_url:
        raise SignInRefused(Code.PROVIDER_NOT_ENABLED, "no Single Sign-On URL is configured")
    # An XML ID can't begin with a digit; 256 bits, unrelated to the handle (V-16).
    request_id = f"_{random_secret()}"
    begun = start.begin(request_id=request_id)
    style = HintStyle(settings.hint_style)
    asking = Asking(
        request_id=request_id,
        issue_instant=timezone.now(),
        relay_state=begun.handle,
        login_hint=start.login_hint if style in _HINT_IN_ADDRESS else None,
        subject_hint=start.login_hint if style is HintStyle.SUBJECT else None,
        force_authn=must_be_fresh(settings, start.purpose),
        contexts=settings.requested_contexts,
        comparison=settings.authn_context_comparison,
        name_id_format=settings.name_id_format or None,
    )
    key = signing_key(start.provider) if settings.sign_requests else None
    if settings.request_binding == Binding.POST:
        posted = posted_request(config, asking, key)
        return post_form(start.request, posted.url, posted.fields), begun
    return redirect_url_of(config, asking, key), begun
