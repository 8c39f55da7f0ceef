"""What ``sso`` asks of OpenID Connect: where to begin, whether a provider is ready, how to finish."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from accounts.models import Account, UserSession
from foundation.http import Deadline, OutboundError
from foundation.secret_tokens import random_secret
from sso import attempts, provider_urls
from sso.checks import Check
from sso.claims import Claims
from sso.models import IdentityProvider, SignInAttempt
from sso.refusals import Code, Refusal, SignInRefused
from sso.starts import Start
from sso_oidc import outbound
from sso_oidc.authorization import DEFAULT_SCOPES, Flow, build_authorization_url, make_pkce
from sso_oidc.backend import ProviderBackend
from sso_oidc.checks import NAMES, advice_for, checks_of
from sso_oidc.configuration import settings_of
from sso_oidc.errors import OidcRefusal
from sso_oidc.provider_errors import ProviderError, ProviderProblem

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

REQUEST_SECONDS = 10  # one deadline over all calls before the browser leaves (O-5)
_FRIENDLY = {
    ProviderProblem.CONSENT_DECLINED: Code.CONSENT_REFUSED,
    ProviderProblem.NOT_ASSIGNED: Code.NOT_ASSIGNED,
    ProviderProblem.UNKNOWN_TENANT: Code.WRONG_TENANT,
}


def redirect_uri(provider: IdentityProvider) -> str:
    """Return the provider's own redirect URI (O-2)."""
    return provider_urls.absolute(provider, reverse("sso_oidc:callback", args=[provider.slug]))


def refused(error: OidcRefusal | OutboundError) -> SignInRefused:
    """Return an error of this protocol as the flow's refusal, friendly where L-10 has a message."""
    if isinstance(error, OidcRefusal) and error.provider_error is not None:
        return provider_refused(error.provider_error)
    return SignInRefused(error.code.value, error.detail if isinstance(error, OidcRefusal) else str(error))


def provider_refused(error: ProviderError) -> SignInRefused:
    """Return the refusal for an error that the provider itself sent; its text goes to the log only."""
    code = _FRIENDLY.get(error.problem)
    detail = f"{error.summary}; {error.description}; correlation id {error.correlation_id or 'none'}"
    return SignInRefused(code.value if code else "oidc.provider_error", detail)


class OidcProtocol:
    """Registered under ``ProtocolName.OIDC``."""

    def start_path(self, provider: IdentityProvider) -> str:
        """Return the path whose GET begins a sign-in."""
        return reverse("sso_oidc:login", args=[provider.slug])

    def problems(self, provider: IdentityProvider) -> list[str]:
        """Name what is missing."""
        row = settings_of(provider)
        problems = []
        if not row.issuer:
            problems.append("the issuer is missing")
        if not row.client_id:
            problems.append("the client id is missing")
        return problems

    def checks(
        self, *, provider: IdentityProvider, claims: Claims | None, refusal: Refusal | None
    ) -> tuple[Check, ...]:
        """Return the checks of an answer with their outcomes."""
        return checks_of(provider, claims, refusal)

    def check_names(self) -> Mapping[str, StrOrPromise]:
        """Return their names."""
        return NAMES

    def advice(self, refusal: Refusal, provider: IdentityProvider) -> str:
        """Return what to mend."""
        return advice_for(refusal)

    def finish(
        self,
        *,
        request: HttpRequest,
        provider: IdentityProvider,
        attempt: SignInAttempt,
        payload: dict[str, Any],
    ) -> Claims:
        """Redeem the parked code, now that the cookie was checked (V-17)."""
        backend = ProviderBackend(provider, settings_of(provider), attempt, redirect_uri(provider))
        try:
            # Validated when it arrived; again here, since what was parked came from the browser.
            front = backend.verify_front(str(payload["id_token"]), str(payload["code"]))
            if backend.front_channel_only:
                return backend.claims_from_front(front)
            return backend.claims_from_code(str(payload["code"]), front=front)
        except (OidcRefusal, OutboundError) as error:
            raise refused(error) from error

    def begin_logout(
        self, *, request: HttpRequest, provider: IdentityProvider, session: UserSession
    ) -> HttpResponse | None:
        """Leave the provider's session alone: RP-initiated logout (O-7) is not spoken yet."""
        return None

    def reachable(
        self, provider: IdentityProvider, claims: Claims, served: QuerySet[Account]
    ) -> QuerySet[Account]:
        """Return the one account that the token's tenant was verified for (O-3); any tenant may type any address."""
        return served.filter(
            entra_tenants__provider=provider,
            entra_tenants__tenant_id=claims.tenant_id or "",
            entra_tenants__verified_at__isnull=False,
        )


def way_out(start: Start) -> tuple[str, attempts.Begun]:
    """Return the authorization URL, and the attempt that its state names."""
    row = settings_of(start.provider)
    if not row.issuer or not row.client_id:
        raise SignInRefused(Code.PROVIDER_NOT_ENABLED, "issuer or client id is not configured")
    deadline = Deadline(REQUEST_SECONDS)
    try:
        metadata = outbound.discovery(start.provider).metadata(row.issuer, deadline=deadline)
    except (OidcRefusal, OutboundError) as error:
        raise refused(error) from error
    nonce = random_secret()
    verifier, challenge = make_pkce()
    begun = start.begin(nonce=nonce, code_verifier=verifier)
    try:
        url = build_authorization_url(
            metadata,
            client_id=row.client_id,
            redirect_uri=redirect_uri(start.provider),
            state=begun.handle,
            nonce=nonce,
            flow=Flow(row.flow),
            pkce_challenge=challenge,
            scopes=(*DEFAULT_SCOPES, *row.extra_scopes.split()),
            login_hint=start.login_hint,
        )
    except OidcRefusal as error:
        raise refused(error) from error
    return url, begun
