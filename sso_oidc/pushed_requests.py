"""Pushed authorization requests (PAR, RFC 9126): the request goes to the provider directly, the browser takes a name.

    request_uri = push_request(http, metadata, client, parameters, deadline=deadline)
    url = authorization_url(metadata, {"client_id": ..., "request_uri": request_uri})

What was pushed can be neither read nor changed in the browser, and the provider knows who asks before anybody is sent
there. An answer that is not to the letter is a refusal: sending everything through the browser after all would let
whoever can disturb this call decide how a request travels. No Django.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from foundation.http import Deadline, OutboundHttp
from foundation.strict_json import JsonObject
from sso_oidc.client_authentication import Client, post_as_client
from sso_oidc.errors import OidcCode, OidcRefusal
from sso_oidc.metadata import ProviderMetadata
from sso_oidc.provider_errors import read_provider_error

_CREATED = 201
_MAX_REQUEST_URI = 2048  # characters; it goes into an address
# An absolute URI in ASCII (RFC 3986 §4.3). Its form is the provider's business (RFC 9126 §2.2).
_REQUEST_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[\x21\x23-\x3b\x3d\x3f-\x5b\x5d\x5f\x61-\x7a\x7e]+")


def must_push(metadata: ProviderMetadata, *, wanted: bool) -> bool:
    """Tell whether the request is to be pushed: where the provider offers it, unless that is switched off.

    Raises:
        OidcRefusal: oidc.pushed_request - the provider takes nothing else, and it is switched off or names no
            endpoint.
    """
    if wanted and metadata.pushed_request_endpoint:
        return True
    if metadata.pushed_requests_required:
        why = "names no endpoint for them" if wanted else "they are switched off in the provider's settings"
        raise OidcRefusal(OidcCode.PUSHED_REQUEST, f"the provider wants pushed requests only, and {why}")
    return False


def push_request(
    http: OutboundHttp,
    metadata: ProviderMetadata,
    client: Client,
    parameters: Mapping[str, str],
    *,
    deadline: Deadline,
) -> str:
    """Push an authorization request and return the ``request_uri`` that stands for it.

    Raises:
        OidcRefusal: oidc.pushed_request - refused or an unfit answer; oidc.client_authentication - we were not
            recognised. What the provider said is in the detail only: nobody has been there yet, so nothing that it
            says can be about a person (L-10).
        OutboundError: the endpoint could not be reached, answered with a redirect, or with no JSON.
    """
    status, answer = post_as_client(
        http, metadata, client, metadata.pushed_request_endpoint, parameters, deadline=deadline
    )
    if status != _CREATED or "error" in answer:
        raise _refusal(status, answer)
    request_uri, lifetime = answer.get("request_uri"), answer.get("expires_in")
    if (
        not isinstance(request_uri, str)
        or len(request_uri) > _MAX_REQUEST_URI
        or not _REQUEST_URI.fullmatch(request_uri)
    ):
        raise OidcRefusal(OidcCode.PUSHED_REQUEST, "no usable request_uri")
    if isinstance(lifetime, bool) or not isinstance(lifetime, int | float) or lifetime <= 0:
        raise OidcRefusal(OidcCode.PUSHED_REQUEST, "expires_in is missing or no lifetime")
    return request_uri


def _refusal(status: int, answer: JsonObject) -> OidcRefusal:
    error, description = answer.get("error"), answer.get("error_description")
    if not isinstance(error, str):
        return OidcRefusal(OidcCode.PUSHED_REQUEST, f"status {status}, not {_CREATED}")
    said = read_provider_error(error, description if isinstance(description, str) else "")
    code = OidcCode.CLIENT_AUTHENTICATION if said.error == "invalid_client" else OidcCode.PUSHED_REQUEST
    return OidcRefusal(code, f"pushed request: {said.summary}; {said.description}")
