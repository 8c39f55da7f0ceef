"""The answer of an OpenID provider: by a redirect with the cookie, or by a cross-site POST without (design rule 7).

Code flow: a top-level GET that carries the Lax cookie. The attempt is found by ``state``, bound to this browser, spent,
and only then the code is exchanged. Hybrid: a form_post without the cookie. The ID token is validated (c_hash ties the
code to it), both are parked under a one-time code, and the same-site GET goes on.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.request import QueryDict

from foundation import public_urls
from foundation.encryption import SecretUnreadable
from foundation.http import OutboundError
from sso import answers, attempts, ending_host, provider_urls, sign_in, switching, testing
from sso.models import IdentityProvider, ProtocolName, SignInAttempt
from sso.posted import form_of
from sso.refusals import Code, SignInRefused, secret_unreadable
from sso_oidc.authorization import (
    AuthorizationResponse,
    Flow,
    parse_authorization_response,
)
from sso_oidc.backend import ProviderBackend
from sso_oidc.callback_paths import must_name_issuer, redirect_uri, require_path
from sso_oidc.configuration import settings_of
from sso_oidc.errors import OidcCode, OidcRefusal
from sso_oidc.models.settings import CallbackPath
from sso_oidc.protocol import provider_refused, refused


def receive_shared(request: HttpRequest, path: CallbackPath) -> HttpResponse:
    """Answer a callback on a path that providers share: ``state`` finds the sign-in, and that has its provider."""
    try:
        states = (form_of(request) if request.method == "POST" else request.GET).getlist("state")
        provider = attempts.provider_asked(str(states[0]), request) if len(states) == 1 else None
        if provider is None or provider.protocol != ProtocolName.OIDC:
            raise SignInRefused(Code.ATTEMPT_UNKNOWN, "the answer names no sign-in that began here")
    except SignInRefused as error:
        return answers.refused(request, error.refusal, target=path.value)
    return receive(request, provider, path)


def receive(
    request: HttpRequest, provider: IdentityProvider, path: CallbackPath = CallbackPath.OWN
) -> HttpResponse:
    """Answer the callback, GET for ``code`` and POST for hybrid."""
    settings = settings_of(provider)
    attempt: SignInAttempt | None = None
    try:
        if not provider_urls.is_at_home(provider, request.get_host()) and not _came_by(request):
            raise SignInRefused(Code.WRONG_HOST, f"the answer came to {request.get_host()}")
        require_path(settings, path)
        flow = Flow(settings.flow)
        posted = request.method == "POST"
        answer = parse_authorization_response(_parameters(form_of(request) if posted else request.GET), flow)
        if posted != (flow is Flow.HYBRID) and answer.error is None:
            raise OidcRefusal(OidcCode.RESPONSE, f"{flow.value} does not answer by {request.method}")
        attempt = attempts.find_by_handle(answer.state, provider, request)
        backend = ProviderBackend(provider, settings, attempt, redirect_uri(provider, settings))
        backend.check_iss(answer, required=must_name_issuer(settings))
        if posted:
            return switching.to_continuation(_park(backend, attempt, answer), request, attempt)
        if ending_host.is_elsewhere(attempt, request):
            # V-7: nothing was looked at but `state` and `iss`; where the cookie is, the same answer is taken.
            return HttpResponseRedirect(public_urls.absolute(request.get_full_path()), status=303)
        if answer.error is not None:
            # No code came that could be led astray, so another browser's try spends nothing.
            attempts.require_browser(attempt, request)
        attempts.spend(attempt, request)
        if answer.error is not None:
            raise provider_refused(answer.error)
        claims = backend.claims_from_code(answer.code)
    except SignInRefused as error:
        attempt = attempt or _tested(request, provider)
        return answers.refused(request, error.refusal, provider=provider, attempt=attempt, again=error.again)
    except (OidcRefusal, OutboundError) as error:
        attempt = attempt or _tested(request, provider)
        return answers.refused(request, refused(error).refusal, provider=provider, attempt=attempt)
    except SecretUnreadable as error:
        return answers.refused(request, secret_unreadable(error).refusal, provider=provider, attempt=attempt)
    return sign_in.complete(request, attempt, claims)


def _came_by(request: HttpRequest) -> bool:
    """Tell whether an answer may have come by its account's host to the deployment's, where the sign-in began (V-7)."""
    return request.method == "GET" and ending_host.is_deployments(request)


def _tested(request: HttpRequest, provider: IdentityProvider) -> SignInAttempt | None:
    """Return the test that ``state`` names, for an answer that could not be read any further."""
    try:
        parameters = form_of(request) if request.method == "POST" else request.GET
    except SignInRefused:
        return None
    return testing.named_by(parameters.get("state", ""), provider, request)


def _park(backend: ProviderBackend, attempt: SignInAttempt, answer: AuthorizationResponse) -> str:
    if answer.error is not None:
        # Nothing is spent: whoever can make a browser post an error must not be able to end somebody's sign-in.
        raise provider_refused(answer.error)
    backend.verify_front(answer.id_token, answer.code)
    return attempts.park(attempt, {"code": answer.code, "id_token": answer.id_token})


def _parameters(query: QueryDict) -> dict[str, list[str]]:
    return {name: [str(value) for value in values] for name, values in query.lists()}
