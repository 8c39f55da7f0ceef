"""What ``sso`` asks of SAML: where to begin, whether a provider is ready, how to finish."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts.models import Account, UserSession
from audit.actors import Actor
from foundation.secret_tokens import random_secret
from sso import attempts, claims_json
from sso.certificate_alerts import Certificate, expiring_pairs
from sso.checks import Check
from sso.claim_names import as_bag
from sso.claims import Claims
from sso.graph.overage import AskedBy, resolve_overage
from sso.key_rollover import UNREADABLE_KEY
from sso.models import IdentityProvider, SignInAttempt, State
from sso.posting import post_form
from sso.refusals import Code, Refusal, SignInRefused
from sso.starts import Start
from sso_saml import logout, replay
from sso_saml.advice import advice_for
from sso_saml.checks import NAMES, checks_of
from sso_saml.claims import claims_of
from sso_saml.errors import RefusalCode, SamlRefusal
from sso_saml.key_pairs import is_current_unreadable, signing_key
from sso_saml.messages import VerifiedAssertion
from sso_saml.models import Binding, HintStyle, SamlCertificate, SpKeyPair
from sso_saml.provider_config import config_of, must_be_fresh, redirect_path, settings_of
from sso_saml.requests import Asking, posted_request, redirect_url_of

# Entra documents login_hint beside SAMLRequest; ADFS, Auth0 and FusionAuth know it too, and to all others an unknown
# parameter is nothing. A Subject is what Keycloak takes, and what Entra (AADSTS900236) and saml2int refuse, so no
# vendor gets one unless its settings say so.
_HINT_IN_ADDRESS = frozenset({HintStyle.VENDOR, HintStyle.PARAMETER})

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
        if row.sign_requests and is_current_unreadable(provider):
            problems.append(UNREADABLE_KEY)
        return problems

    def checks(
        self, *, provider: IdentityProvider, claims: Claims | None, refusal: Refusal | None
    ) -> tuple[Check, ...]:
        """Return the checks of a response with their outcomes."""
        return checks_of(provider, claims, refusal)

    def check_names(self) -> Mapping[str, StrOrPromise]:
        """Return their names."""
        return NAMES

    def advice(self, refusal: Refusal, provider: IdentityProvider) -> str:
        """Return what to mend, in the words of the vendor's console."""
        return advice_for(refusal.code, provider)

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
            claims = claims_json.load(json.dumps(payload))
        except (ValueError, KeyError, TypeError) as error:
            raise SignInRefused(Code.CODE_UNKNOWN, "the parked answer can't be read") from error
        if claims.groups_overage:
            claims = resolve_overage(provider, claims, AskedBy(settings_of(provider).sso_url))
        # Last, when all was fetched: that may take seconds, in which somebody signs out there.
        self.require_still_there(provider=provider, claims=claims)
        return claims

    def require_still_there(self, *, provider: IdentityProvider, claims: Claims) -> None:
        """Hold the claims against the LogoutRequests that came since (L-12)."""
        if replay.has_departed(provider, claims.session):
            raise SignInRefused(RefusalCode.LOGGED_OUT, "the provider ended this session in the meantime")

    def begin_logout(
        self, *, request: HttpRequest, provider: IdentityProvider, session: UserSession
    ) -> HttpResponse | None:
        """Send a LogoutRequest where the provider has a Single Logout URL (S-7)."""
        return logout.begin(request, provider, session)

    def reachable(
        self, provider: IdentityProvider, claims: Claims, served: QuerySet[Account]
    ) -> QuerySet[Account]:
        """Return all of them: an assertion names no tenant, so domain, subject and id decide (S-6)."""
        return served

    def test_refusal(self, provider: IdentityProvider, claims: Claims) -> Refusal | None:
        """Return None: an assertion names no tenant."""
        return None

    def note_test(self, *, provider: IdentityProvider, claims: Claims, actor: Actor) -> dict[str, str]:
        """Take nothing: whoever set the provider up chose the keys, so a tenant in an assertion proves nothing."""
        return {}

    def claims_from(self, provider: IdentityProvider, said: Mapping[str, Any]) -> Claims:
        """Return the claims of an assertion with these attributes; ``NameID`` and ``NameIDFormat`` name its subject."""
        bag = as_bag(said)
        name_id, name_format = ((bag.pop(name, ()) or ("",))[0] for name in ("NameID", "NameIDFormat"))
        row, now = settings_of(provider), timezone.now()
        assertion = VerifiedAssertion(
            issuer=row.idp_entity_id,
            assertion_id="",
            response_id="",
            in_response_to=None,
            name_id=name_id or None,
            name_id_format=name_format or None,
            attributes=bag,
            session_index=None,
            session_not_on_or_after=None,
            authn_instant=now,
            authn_context=None,
            not_on_or_after=now,
        )
        try:
            return claims_of(assertion, provider, row.subject_attribute)
        except SamlRefusal as error:
            raise SignInRefused(error.code.value, error.detail) from error

    def certificates(self, until: datetime) -> Iterable[Certificate]:
        """Return the providers' signing certificates, and our own key pairs towards them."""
        rows = SamlCertificate.objects.filter(
            settings__provider__state=State.ENABLED, not_after__gt=timezone.now(), not_after__lte=until
        )
        for row in rows.select_related("settings__provider__account"):
            yield Certificate(row.settings.provider, row.subject, row.fingerprint, row.not_after)
        yield from expiring_pairs(SpKeyPair, until)


def way_out(start: Start) -> tuple[str | HttpResponse, attempts.Begun]:
    """Return the way to the provider with the AuthnRequest, and the attempt whose request ID it carries.

    A URL for the redirect binding, a page that posts by itself for the POST binding.
    """
    settings = settings_of(start.provider)
    config = config_of(start.provider, settings)
    if not config.sso_url:
        raise SignInRefused(Code.PROVIDER_NOT_ENABLED, "no Single Sign-On URL is configured")
    key = signing_key(start.provider) if settings.sign_requests else None
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
    if settings.request_binding == Binding.POST:
        posted = posted_request(config, asking, key)
        return post_form(start.request, posted.url, posted.fields), begun
    return redirect_url_of(config, asking, key), begun
