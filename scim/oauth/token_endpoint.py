"""``POST /oauth/token``: an access token for SCIM, for a client that proves itself (RFC 6749 §4.4, V-25).

The frame is django-oauth-toolkit's view over oauthlib's server for client credentials, which knows no other grant.
What the library leaves open is closed before it is asked: queries, repeated parameters, other media types. Refusals
are counted in the bounded failure log under the track ID that the client is told (V-21), never in the audit trail.
"""

from __future__ import annotations

import json
from typing import Any

from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.request import UnreadablePostError
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from oauth2_provider.oauth2_backends import OAuthLibCore
from oauth2_provider.views import TokenView
from oauthlib.oauth2 import BackendApplicationServer

from audit.failures import record_failure
from foundation import rate_limits, track_ids
from foundation.client_address import client_address, network_of
from scim.oauth.errors import InvalidRequest, InvalidScope, TokenRefused, TooManyTokens, UnsupportedGrantType
from scim.oauth.validator import ADDRESS, GRANT_TYPE, SCOPE, ClientValidator

FAILURES_PER_MINUTE = 30  # of one address
_BODY_BYTES = 64 * 1024
_FORM = "application/x-www-form-urlencoded"
_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}  # RFC 6749 §5.1


class FormCore(OAuthLibCore):
    """Hands the form on, and the client's address as our middleware found it."""

    def extract_headers(self, request: HttpRequest) -> dict[str, Any]:
        """Return the headers for oauthlib."""
        headers: dict[str, Any] = super().extract_headers(request)
        return {**headers, ADDRESS: client_address(request)}

    def extract_body(self, request: HttpRequest) -> list[tuple[str, str]]:
        """Return the parameters; one without a value counts as left out (RFC 6749 §3.2)."""
        return [(name, str(value)) for name, value in request.POST.items() if value]


class TokenEndpoint(TokenView):
    """Of the library's view only the way to its server is used."""

    http_method_names = ["post"]
    server_class = BackendApplicationServer
    validator_class = ClientValidator
    oauthlib_backend_class = FormCore

    # Taken away: the device flow, and the answer that looks a token up by its own column.
    device_flow_token_response = authorization_flow_token_response = None

    @method_decorator(csrf_exempt)
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer. CSRF doesn't apply: no cookie is looked at."""
        handler = self.post if request.method == "POST" else self.http_method_not_allowed
        return handler(request)

    @method_decorator(sensitive_post_parameters("client_secret", "client_assertion"))
    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Give a token, or say why not."""
        try:
            _check_form(request)
            _url, headers, body, status = self.create_token_response(request)
            if status != 200:
                raise _of_library(json.loads(body)["error"])
        except TokenRefused as refusal:
            return _refuse(request, refusal)
        return HttpResponse(body, status=status, headers={**headers, **_NO_STORE})

    def http_method_not_allowed(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Say in JSON that it is POST; nobody's failure, so nothing is noted."""
        refusal = InvalidRequest("Ask for a token with POST.", status=405)
        return _answer(refusal, {"Allow": "POST"})


def _check_form(request: HttpRequest) -> None:
    """Raise ``InvalidRequest`` unless the request is one form, in the body, each parameter once."""
    if request.META.get("QUERY_STRING"):
        raise InvalidRequest(
            "Send parameters in the body: what stands in a URL is kept in logs. Replace a secret that was sent so."
        )
    if request.content_type != _FORM:
        raise InvalidRequest(f"Send the body as {_FORM}.")
    try:
        size, form = len(request.body), request.POST
    except RequestDataTooBig:
        size, form = _BODY_BYTES + 1, QueryDict()
    except (BadRequest, SuspiciousOperation, UnreadablePostError):
        raise InvalidRequest("The body can't be read as a form in UTF-8.") from None
    if size > _BODY_BYTES:
        raise InvalidRequest(f"The body is larger than {_BODY_BYTES} bytes.", status=413)
    repeated = [name for name, values in form.lists() if len(values) > 1]
    if repeated:
        raise InvalidRequest("Each parameter may be there once.")


def _of_library(error: str) -> TokenRefused:
    """Return our form of what oauthlib refused by itself."""
    if error == "unsupported_grant_type":
        return UnsupportedGrantType(f"The grant_type must be {GRANT_TYPE}.")
    if error == "invalid_scope":
        return InvalidScope(f"The only scope is {SCOPE}; it may be left out.")
    return InvalidRequest(f"Send grant_type={GRANT_TYPE} as a form in the body.")


def _refuse(request: HttpRequest, refusal: TokenRefused) -> HttpResponse:
    """Note a refusal and answer it; beyond the limit of an address it is only counted.

    The limit comes after the proof and not before it: clients of many customers share the addresses of one directory
    service, and one that fails must not lock the others out.
    """
    address = client_address(request)
    verdict = rate_limits.hit("oauth-failures", network_of(address), limit=FAILURES_PER_MINUTE, seconds=60)
    if not verdict.allowed:
        refusal = TooManyTokens(
            "Too many failures from this address; try again later.", retry_after=verdict.retry_after
        )
    else:
        record_failure(
            code=refusal.code,
            message=f"OAuth: {refusal.reason}",
            address=address,
            target=refusal.target,
            account_id=refusal.account_id,
        )
    headers = {"Retry-After": str(refusal.retry_after)} if refusal.retry_after else {}
    if refusal.status == 401:
        headers["WWW-Authenticate"] = 'Basic realm="oauth"'
    return _answer(refusal, headers)


def _answer(refusal: TokenRefused, headers: dict[str, str]) -> HttpResponse:
    # error_description is ASCII without quotes and backslashes (RFC 6749 §5.2).
    described = {
        "error": refusal.error,
        "error_description": f"{refusal.detail} [track ID {track_ids.current()}]",
    }
    return HttpResponse(
        json.dumps(described),
        status=refusal.status,
        content_type="application/json",
        headers={**headers, **_NO_STORE},
    )
