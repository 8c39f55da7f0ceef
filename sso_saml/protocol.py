"""What ``sso`` asks of SAML: where to begin, whether a provider is ready, how to finish."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest
from django.utils import timezone

from foundation.secret_tokens import random_secret
from sso import attempts, claims_json
from sso.checks import Check
from sso.claims import Claims
from sso.models import IdentityProvider, SignInAttempt
from sso.refusals import Code, Refusal, SignInRefused
from sso.starts import Start
from sso_saml.advice import advice_for
from sso_saml.checks import NAMES, checks_of
from sso_saml.provider_config import config_of, redirect_path, settings_of
from sso_saml.requests import build_authn_request

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


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

    def checks(
        self, *, provider: IdentityProvider, claims: Claims | None, refusal: Refusal | None
    ) -> tuple[Check, ...]:
        """Return the checks of a response with their outcomes."""
        return checks_of(provider, claims, refusal)

    def check_names(self) -> Mapping[str, StrOrPromise]:
        """Return their names."""
        return NAMES

    def advice(self, code: str, provider: IdentityProvider) -> str:
        """Return what to mend, in the words of the vendor's console."""
        return advice_for(code, provider)

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


def way_out(start: Start) -> tuple[str, attempts.Begun]:
    """Return the URL with the AuthnRequest, and the attempt whose request ID it carries."""
    config = config_of(start.provider)
    if not config.sso_url:
        raise SignInRefused(Code.PROVIDER_NOT_ENABLED, "no Single Sign-On URL is configured")
    # An XML ID can't begin with a digit; 256 bits, unrelated to the handle (V-16).
    request_id = f"_{random_secret()}"
    begun = start.begin(request_id=request_id)
    url = build_authn_request(
        config,
        request_id,
        timezone.now(),
        start.login_hint or None,
        relay_state=begun.handle,
    )
    return url, begun
