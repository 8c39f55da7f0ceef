"""What we ask a provider directly: tokens for a code, and userinfo for an access token. No Django.

Both go through ``OutboundHttp`` (no redirects, bounded) under the one deadline of the callback. What comes
back is not yet trusted: the ID token goes through ``tokens.validate_id_token``, userinfo through
``tokens.check_userinfo_sub``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import quote_plus

from foundation.http import Deadline, OutboundHttp
from foundation.strict_json import JsonObject
from sso_oidc.errors import OidcCode, OidcRefusal
from sso_oidc.metadata import ProviderMetadata
from sso_oidc.provider_errors import read_provider_error
from sso_oidc.signed_tokens import MAX_TOKEN_LENGTH

# An access token goes into a header: visible ASCII, nothing that could end the line.
_ACCESS_TOKEN = re.compile(r"[\x21-\x7e]+")


class ClientAuthentication(StrEnum):
    """How we prove to the token endpoint who we are, by OpenID Connect's names (Core §9)."""

    BASIC = "client_secret_basic"
    POST = "client_secret_post"
    PRIVATE_KEY_JWT = "private_key_jwt"  # RFC 7523: a token signed with our own key
    NONE = "none"  # public client; PKCE alone protects the code


@dataclass(frozen=True, slots=True)
class Client:
    """What the provider knows us by. Without ``secret`` we are a public client.

    ``authentication`` fixes the method; None takes the best that the provider offers.
    """

    client_id: str
    secret: str = field(default="", repr=False)
    authentication: ClientAuthentication | None = None


@dataclass(frozen=True, slots=True)
class TokenResponse:
    """Tokens as received, not validated."""

    id_token: str = field(repr=False)
    access_token: str = field(repr=False)


def choose_authentication(metadata: ProviderMetadata, client: Client) -> ClientAuthentication:
    """Return the method to use at the token endpoint.

    Raises:
        OidcRefusal: oidc.client_authentication - there is none that both sides can do.
    """
    if client.authentication is not None:
        if bool(client.secret) == (client.authentication is ClientAuthentication.NONE):
            raise OidcRefusal(
                OidcCode.CLIENT_AUTHENTICATION, f"{client.authentication} and the secret do not match"
            )
        return client.authentication
    if not client.secret:
        return ClientAuthentication.NONE
    for method in (ClientAuthentication.BASIC, ClientAuthentication.POST):
        if method.value in metadata.token_endpoint_auth_methods:
            return method
    offered = ", ".join(metadata.token_endpoint_auth_methods)
    raise OidcRefusal(
        OidcCode.CLIENT_AUTHENTICATION, f"a client secret does not do; the provider takes {offered}"
    )


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
    auth = None
    method = choose_authentication(metadata, client)
    if method is ClientAuthentication.BASIC:
        # RFC 6749 §2.3.1: form-encoded first, so that a colon or umlaut in either survives.
        auth = (quote_plus(client.client_id), quote_plus(client.secret))
    else:
        form["client_id"] = client.client_id
        if method is ClientAuthentication.POST:
            form["client_secret"] = client.secret
    status, answer = http.post_form_json(metadata.token_endpoint, form, auth=auth, deadline=deadline)
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
