"""A SAML response arrives by a cross-site POST: verify it, park it, send the browser on (design rule 7, V-17, V-19).

Nothing is stored before the signature verified and an open attempt was found. The attempt is found by InResponseTo,
read from the unverified document for that look-up alone; verification then insists on the same value inside the signed
part. RelayState, when it comes back, must name the same attempt.
"""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone

from foundation.client_address import client_address
from foundation.encryption import SecretUnreadable
from foundation.secret_tokens import digest
from sso import answers, attempts, browser, claims_json, provider_urls, switching, testing
from sso.claims import Claims
from sso.models import IdentityProvider, SignInAttempt
from sso.posted import form_of
from sso.refusals import Code, Refusal, SignInRefused, secret_unreadable
from sso_saml import replay
from sso_saml.claims import claims_of
from sso_saml.errors import RefusalCode, SamlRefusal, StatusRefusal
from sso_saml.gate import CheckedResponse, check_encoded, claimed_in_response_to
from sso_saml.messages import Expected, VerifiedAssertion
from sso_saml.models import ContextComparison, IdpInitiated, SamlSettings
from sso_saml.provider_config import config_of, must_be_fresh, redirect_path, settings_of
from sso_saml.status_pages import code_of
from sso_saml.toolkit import validate_document

# Where people must sign in afresh and nobody was asked to, "afresh" is this long ago at most.
_UNSOLICITED_AGE = timedelta(minutes=5)


def receive(request: HttpRequest, provider: IdentityProvider) -> HttpResponse:
    """Answer the POST to the Redirect URL."""
    attempt: SignInAttempt | None = None
    try:
        if not provider_urls.is_at_home(provider, request.get_host()):
            raise SignInRefused(Code.WRONG_HOST, f"the response came to {request.get_host()}")
        document = check_encoded(posted_value(request, "SAMLResponse"))
        request_id = claimed_in_response_to(document)
        if request_id is None:
            attempt = _tested(request, provider)
            return _unsolicited(request, provider, document, attempt)
        attempt = _find_attempt(request, provider, request_id)
        code = _verify_and_park(provider, attempt, document, request_id)
    except SignInRefused as error:
        attempt = attempt or _tested(request, provider)
        return answers.refused(request, error.refusal, provider=provider, attempt=attempt, again=error.again)
    except SamlRefusal as error:
        attempt = attempt or _tested(request, provider)
        code = code_of(error) if isinstance(error, StatusRefusal) else error.code.value
        return answers.refused(request, Refusal(code, error.detail), provider=provider, attempt=attempt)
    except SecretUnreadable as error:
        return answers.refused(request, secret_unreadable(error).refusal, provider=provider, attempt=attempt)
    return switching.to_continuation(code, request, attempt)


def _tested(request: HttpRequest, provider: IdentityProvider) -> SignInAttempt | None:
    """Return the test that RelayState names, for a response that doesn't say (or not readably) what it answers."""
    try:
        return testing.named_by(form_of(request).get("RelayState", ""), provider, request)
    except SignInRefused:
        return None


def posted_value(request: HttpRequest, name: str) -> str:
    """Return the one value of a form field. Raises ``SamlRefusal`` for none and for several."""
    values = form_of(request).getlist(name)
    if len(values) != 1 or not values[0]:
        raise SamlRefusal(RefusalCode.NOT_BASE64, f"{len(values)} values of {name}")
    return str(values[0])


def _find_attempt(request: HttpRequest, provider: IdentityProvider, request_id: str) -> SignInAttempt:
    attempt = attempts.find_by_request_id(request_id, provider, request)
    relay_state = request.POST.get("RelayState", "")
    if relay_state and not hmac.compare_digest(digest(relay_state), attempt.handle_digest):
        raise SignInRefused(Code.ATTEMPT_UNKNOWN, "RelayState and InResponseTo name different sign-ins")
    return attempt


def _verify_and_park(
    provider: IdentityProvider, attempt: SignInAttempt, document: CheckedResponse, request_id: str
) -> str:
    settings = settings_of(provider)
    since = attempt.created_at if must_be_fresh(settings, attempt.purpose) else None
    assertion = _verify(provider, settings, document, request_id=request_id, authenticated_since=since)
    claims = claims_of(assertion, provider, settings.subject_attribute)
    with replay.used_once():
        replay.spend(provider, assertion.assertion_id, assertion.not_on_or_after)
        return attempts.park(attempt, claims_json.as_json(claims))


def _verify(
    provider: IdentityProvider,
    settings: SamlSettings,
    document: CheckedResponse,
    *,
    request_id: str | None,
    authenticated_since: datetime | None,
) -> VerifiedAssertion:
    config = config_of(provider, settings, with_keys=document.holds_ciphertext)
    expected = expectation(
        settings, acs_urls=(config.acs_url,), request_id=request_id, authenticated_since=authenticated_since
    )
    return validate_document(config, document, expected)


def expectation(
    settings: SamlSettings,
    *,
    acs_urls: tuple[str, ...],
    request_id: str | None,
    authenticated_since: datetime | None,
) -> Expected:
    """Return what a response must match now, as the provider is set."""
    is_exact = settings.authn_context_comparison == ContextComparison.EXACT
    return Expected(
        now=timezone.now(),
        request_id=request_id,
        acs_urls=acs_urls,
        authenticated_since=authenticated_since,
        contexts=settings.requested_contexts if is_exact else (),
    )


def unsolicited_since(settings: SamlSettings) -> datetime | None:
    """Return since when somebody who comes unasked must have signed in over there, None when it doesn't matter."""
    return timezone.now() - _UNSOLICITED_AGE if settings.force_authn else None


def park_unsolicited(
    request: HttpRequest, provider: IdentityProvider, assertion: VerifiedAssertion, claims: Claims
) -> HttpResponse:
    """Spend a verified assertion that nobody asked for; make its attempt, with a cookie and code of its own (V-17,
    V-19)."""
    with replay.used_once():
        replay.spend(provider, assertion.assertion_id, assertion.not_on_or_after)
        begun = attempts.begin(
            request=request,
            provider=provider,
            account=provider.account,
            address=client_address(request),
            unsolicited=True,
        )
        response = switching.to_continuation(attempts.park(begun.attempt, claims_json.as_json(claims)))
    browser.remember_unsolicited(response, begun.browser_secret)
    return response


def _unsolicited(
    request: HttpRequest,
    provider: IdentityProvider,
    document: CheckedResponse,
    tested: SignInAttempt | None,
) -> HttpResponse:
    """Answer a response that nobody asked for, as the provider is set (S-5)."""
    if tested is not None:
        raise SamlRefusal(
            RefusalCode.IN_RESPONSE_TO, "the response doesn't say which request it answers (InResponseTo)"
        )
    settings = settings_of(provider)
    mode = settings.idp_initiated
    if mode == IdpInitiated.RESTART and provider.is_enabled:
        # Keeps nothing of the POST; the GET limits this to once a minute, since only there the cookie is sent.
        return HttpResponseRedirect(f"{redirect_path(provider)}?restart=1", status=303)
    if mode != IdpInitiated.ACCEPT or not provider.is_enabled:
        raise SignInRefused(Code.UNSOLICITED, "IdP-initiated sign-in is refused by this provider's settings")
    assertion = _verify(
        provider, settings, document, request_id=None, authenticated_since=unsolicited_since(settings)
    )
    claims = claims_of(assertion, provider, settings.subject_attribute)
    return park_unsolicited(request, provider, assertion, claims)
