"""What ``sso`` asks of OpenID Connect: where to begin, whether a provider is ready, how to finish."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from accounts.models import Account, UserSession
from audit.actors import Actor
from foundation.circuit_breaker import says_down
from foundation.encryption import SecretUnreadable
from foundation.http import Deadline, OutboundError
from foundation.secret_tokens import random_secret
from sso import attempts
from sso.certificate_alerts import Certificate, expiring_pairs
from sso.checks import Check
from sso.claims import Claims
from sso.models import IdentityProvider, SignInAttempt
from sso.refusals import Code, Refusal, SignInRefused, secret_unreadable
from sso.starts import Start, WayOutRefused
from sso_oidc import callback_paths, departures, logout, outbound, tenant_claims
from sso_oidc.authorization import (
    DEFAULT_SCOPES,
    Flow,
    authorization_parameters,
    authorization_url,
    make_pkce,
)
from sso_oidc.backend import ProviderBackend
from sso_oidc.checks import NAMES, advice_for, checks_of
from sso_oidc.claims import claims_of
from sso_oidc.client import (
    client_of,
    has_no_credential,
    missing_secret,
    require_readable,
    unreadable_secrets,
    wanted_authentication,
)
from sso_oidc.configuration import settings_of
from sso_oidc.errors import OidcCode, OidcRefusal
from sso_oidc.models import ClientKeyPair
from sso_oidc.provider_errors import ProviderError, ProviderProblem
from sso_oidc.pushed_requests import must_push, push_request
from sso_oidc.tokens import IdToken

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

REQUEST_SECONDS = 10  # one deadline over all calls before the browser leaves (O-5)
_CODES: dict[ProviderProblem, Code | OidcCode] = {
    ProviderProblem.CONSENT_DECLINED: Code.CONSENT_REFUSED,
    ProviderProblem.NOT_ASSIGNED: Code.NOT_ASSIGNED,
    ProviderProblem.UNKNOWN_TENANT: Code.WRONG_TENANT,
    ProviderProblem.UNAVAILABLE: Code.PROVIDER_UNREACHABLE,
    ProviderProblem.INTERACTION_REQUIRED: OidcCode.INTERACTION_REQUIRED,
    ProviderProblem.HYBRID_NOT_ENABLED: OidcCode.HYBRID_NOT_ENABLED,
    ProviderProblem.CREDENTIALS_REFUSED: OidcCode.CLIENT_AUTHENTICATION,
    ProviderProblem.APPLICATION_UNKNOWN: OidcCode.APPLICATION_UNKNOWN,
    ProviderProblem.REDIRECT_URI: OidcCode.REDIRECT_URI,
    ProviderProblem.BLOCKED_BY_POLICY: OidcCode.BLOCKED_BY_POLICY,
}


def redirect_uri(provider: IdentityProvider) -> str:
    """Return the redirect URI that this provider's sign-ins are sent with (O-2)."""
    return callback_paths.redirect_uri(provider, settings_of(provider))


def refused(error: OidcRefusal | OutboundError) -> SignInRefused:
    """Return an error of this protocol as the flow's refusal, friendly where L-10 has a message."""
    if isinstance(error, OidcRefusal) and error.provider_error is not None:
        return provider_refused(error.provider_error)
    if isinstance(error, OidcRefusal):
        return SignInRefused(error.code.value, error.detail)
    code = Code.PROVIDER_UNREACHABLE if says_down(error) else error.code
    return SignInRefused(code.value, str(error))


def provider_refused(error: ProviderError) -> SignInRefused:
    """Return the refusal for an error that the provider itself sent; its text goes to the log only."""
    code = _CODES.get(error.problem, OidcCode.PROVIDER_ERROR)
    detail = f"{error.summary}; {error.description}; correlation id {error.correlation_id or 'none'}"
    return SignInRefused(code.value, detail)


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
        if missing_secret(row):
            problems.append("the client secret is missing")
        problems += unreadable_secrets(provider, row)
        if tenant_claims.belongs_elsewhere(provider, row):
            problems.append("this tenant id is already in use")  # V-6: and not by whom
        if provider.is_shared and has_no_credential(row):
            problems.append("above accounts a client secret or our own certificate is needed")
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
        return advice_for(refusal, provider)

    def finish(
        self,
        *,
        request: HttpRequest,
        provider: IdentityProvider,
        attempt: SignInAttempt,
        payload: dict[str, Any],
    ) -> Claims:
        """Redeem the parked code, now that the cookie was checked (V-17)."""
        settings = settings_of(provider)
        uri = callback_paths.redirect_uri(provider, settings)
        backend = ProviderBackend(provider, settings, attempt, uri)
        try:
            # Validated when it arrived; again here, since what was parked came from the browser.
            front = backend.verify_front(str(payload["id_token"]), str(payload["code"]))
            if backend.front_channel_only:
                return backend.claims_from_front(front)
            return backend.claims_from_code(str(payload["code"]), front=front)
        except (OidcRefusal, OutboundError) as error:
            raise refused(error) from error

    def require_still_there(self, *, provider: IdentityProvider, claims: Claims) -> None:
        """Hold the claims against the logout tokens that came since (O-7)."""
        try:
            departures.require_still_there(provider, departures.Named.by_claims(claims))
        except OidcRefusal as error:
            raise refused(error) from error

    def begin_logout(
        self, *, request: HttpRequest, provider: IdentityProvider, session: UserSession
    ) -> HttpResponse | None:
        """Send the browser to the end_session_endpoint, where the provider publishes one (O-7)."""
        return logout.begin(request, provider, session)

    def reachable(
        self, provider: IdentityProvider, claims: Claims, served: QuerySet[Account]
    ) -> QuerySet[Account]:
        """Return the one account that the token's tenant was verified for (O-3); any tenant may type any address."""
        return served.filter(
            entra_tenants__provider=provider,
            entra_tenants__tenant_id=claims.tenant_id or "",
            entra_tenants__verified_at__isnull=False,
        )

    def test_refusal(self, provider: IdentityProvider, claims: Claims) -> Refusal | None:
        """Refuse a tenant that no operator let in: the answer of any tenant verifies there (O-3, V-6)."""
        if not provider.is_shared or tenant_claims.let_in(provider, claims.tenant_id or "") is not None:
            return None
        return Refusal(Code.WRONG_TENANT.value, f"tenant {claims.tenant_id} is not on the provider's list")

    def note_test(self, *, provider: IdentityProvider, claims: Claims, actor: Actor) -> dict[str, str]:
        """Make the tenant of an account's own provider the account's, if this test proves it (V-6)."""
        return tenant_claims.note_test(provider, settings_of(provider), claims, actor)

    def claims_from(self, provider: IdentityProvider, said: Mapping[str, Any]) -> Claims:
        """Return the claims of an ID token with this payload."""
        row, now = settings_of(provider), timezone.now()
        issuer, subject = said.get("iss", row.issuer), said.get("sub")
        if not isinstance(issuer, str) or not isinstance(subject, str) or not subject:
            raise SignInRefused(OidcCode.SUBJECT.value, "sub is missing")
        token = IdToken(issuer, subject, (), now, now, None, "", (), "", said, "")
        try:
            return claims_of(token, provider, subject_claim=row.subject_claim)
        except OidcRefusal as error:
            raise SignInRefused(error.code.value, error.detail) from error

    def certificates(self, until: datetime) -> Iterable[Certificate]:
        """Return our own key pairs: the providers' keys have no dates."""
        return expiring_pairs(ClientKeyPair, until)


def way_out(start: Start) -> tuple[str, attempts.Begun]:
    """Return the authorization URL, and the attempt that its state names."""
    row = settings_of(start.provider)
    if not row.issuer or not row.client_id:
        raise SignInRefused(Code.PROVIDER_NOT_ENABLED, "issuer or client id is not configured")
    require_readable(row)  # else they sign in there for nothing
    deadline = Deadline(REQUEST_SECONDS)
    try:
        outbound.circuit(start.provider).require_closed()  # else they sign in there for nothing
        metadata = outbound.metadata_of(start.provider, row.issuer, deadline=deadline)
        push = must_push(metadata, wanted=row.pushed_requests)
    except (OidcRefusal, OutboundError) as error:
        raise refused(error) from error
    callback_paths.require_named_issuer(row, metadata)
    nonce = random_secret()
    verifier, challenge = make_pkce()
    begun = start.begin(nonce=nonce, code_verifier=verifier)
    parameters = authorization_parameters(
        client_id=row.client_id,
        redirect_uri=redirect_uri(start.provider),
        state=begun.handle,
        nonce=nonce,
        flow=Flow(row.flow),
        pkce_challenge=challenge,
        scopes=(*DEFAULT_SCOPES, *row.extra_scopes.split()),
        login_hint=start.login_hint,
        authentication=wanted_authentication(row, start.purpose),
    )
    try:
        if push:
            parameters = {
                "client_id": row.client_id,
                "request_uri": push_request(
                    outbound.http(start.provider),
                    metadata,
                    client_of(start.provider, row),
                    parameters,
                    deadline=deadline,
                ),
            }
        return authorization_url(metadata, parameters), begun
    except (OidcRefusal, OutboundError) as error:
        raise WayOutRefused(refused(error), begun) from error
    except SecretUnreadable as error:
        raise WayOutRefused(secret_unreadable(error), begun) from error
