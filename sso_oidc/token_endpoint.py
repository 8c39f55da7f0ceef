"""What we ask a provider directly: tokens for a code, and userinfo for an access token. No Django.

Both go through ``OutboundHttp`` (no redirects, bounded) under the one deadline of the callback. What comes
back is not yet trusted: the ID token goes through ``tokens.validate_id_token``, userinfo through
``tokens.check_userinfo_sub``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from foundation.http import Deadline, OutboundHttp
from foundation.strict_json import JsonObject
from sso_oidc.client_authentication import (
    Client,
    ClientAuthentication,
    choose_authentication,
    post_as_client,
)
from sso_oidc.errors import OidcCode, OidcRefusal
from sso_oidc.metadata import ProviderMetadata
from sso_oidc.provider_errors import read_provider_error
from sso_oidc.tokens import MAX_TOKEN_LENGTH

__all__ = [
    "Client",
    "ClientAuthentication",
    "TokenResponse",
    "choose_authentication",
    "fetch_userinfo",
    "redeem_code",
]

# An access token goes into a header: visible ASCII, nothing that could end the line.
_ACCESS_TOKEN = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True)
class TokenResponse:
    """Tokens as received, not validated."""

    id_token: str = field(repr=False)
    access_token: str = field(repr=False)


def redeem_code(
    http: OutboundHttp,
    metadata: ProviderMetadata,
    client: Client,
    *,
    code: str,
    redirect_uri: str,
    verifier: str,
    deadline: Deadline,
) -> TokenResponse:
    """Exchange ``code`` for tokens (RFC 6749 §4.1.3, RFC 7636 §4.5).

    Raises:
        OidcRefusal: oidc.token_endpoint - refused (then ``provider_error`` is set) or an unfit answer;
            oidc.client_authentication.
        OutboundError: the endpoint could not be reached, answered with a redirect, or with no JSON.
    """
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": verifier,
    }
    status, answer = post_as_client(http, metadata, client, metadata.token_endpoint, form, deadline=deadline)
    if status != 200 or "error" in answer:
        raise _refusal(status, answer)
    return _read_tokens(answer)


def fetch_userinfo(
    http: OutboundHttp, metadata: ProviderMetadata, access_token: str, deadline: Deadline
) -> Mapping[str, Any]:
    """Return the claims at the userinfo endpoint; ``tokens.check_userinfo_sub`` comes before any use.

    Raises:
        OidcRefusal: oidc.userinfo - the provider has no such endpoint.
        OutboundError: it could not be reached, or refused (http.status).
    """
    if not metadata.userinfo_endpoint:
        raise OidcRefusal(OidcCode.USERINFO, "the provider has no userinfo endpoint")
    headers = {"Authorization": f"Bearer {access_token}"}
    return http.get_json(metadata.userinfo_endpoint, deadline=deadline, headers=headers)


def _refusal(status: int, answer: JsonObject) -> OidcRefusal:
    error = answer.get("error")
    if not isinstance(error, str):
        return OidcRefusal(OidcCode.TOKEN_ENDPOINT, f"status {status} without an error code")
    description = answer.get("error_description")
    said = read_provider_error(error, description if isinstance(description, str) else "")
    return OidcRefusal(OidcCode.TOKEN_ENDPOINT, said.summary, provider_error=said)


def _read_tokens(answer: JsonObject) -> TokenResponse:
    token_type, access_token, id_token = (
        answer.get(name) for name in ("token_type", "access_token", "id_token")
    )
    if not isinstance(token_type, str) or token_type.lower() != "bearer":
        raise OidcRefusal(OidcCode.TOKEN_ENDPOINT, "token_type is not Bearer")
    if not isinstance(access_token, str) or not _ACCESS_TOKEN.fullmatch(access_token):
        raise OidcRefusal(OidcCode.TOKEN_ENDPOINT, "no usable access_token")
    if len(access_token) > MAX_TOKEN_LENGTH:
        raise OidcRefusal(OidcCode.TOKEN_ENDPOINT, "the access_token is too long")
    if not isinstance(id_token, str):
        raise OidcRefusal(OidcCode.TOKEN_ENDPOINT, "no id_token")
    return TokenResponse(id_token=id_token, access_token=access_token)
