"""The two messages that travel through the browser: our request to the provider, and its answer. No Django.

Two flows (O-1): ``code`` with PKCE, answered by a redirect, and the hybrid ``code id_token``, answered by a
form that the browser posts (form_post), with PKCE as well. Everything in an answer comes from whoever can
make a browser send something: it is read strictly, bounded in length, and means nothing until the attempt
that ``state`` names is found and the tokens are validated. What happens with the code is in
``token_endpoint``.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from sso_oidc.authentication import AS_IT_COMES, WantedAuthentication
from sso_oidc.errors import OidcCode, OidcRefusal
from sso_oidc.metadata import TENANT_PLACEHOLDER, ProviderMetadata, issuer_for_tenant
from sso_oidc.provider_errors import MAX_ERROR_LENGTH, ProviderError, read_provider_error
from sso_oidc.signed_tokens import MAX_TOKEN_LENGTH

DEFAULT_SCOPES = ("openid", "email", "profile")  # Entra sends `oid` only with profile

# The longest value of each parameter that we read, in characters. Others (session_state, scope, …) are not
# looked at.
_LONGEST = {
    "code": 8192,
    "id_token": MAX_TOKEN_LENGTH,
    "state": 256,
    "iss": 2048,
    "error": MAX_ERROR_LENGTH,
    "error_description": 8192,
}
_MAX_LOGIN_HINT = 254  # the longest e-mail address
_CODE = re.compile(r"[\x20-\x7e]+")  # VSCHAR, RFC 6749 appendix A.11


class Flow(StrEnum):
    """How a sign-in runs; the values are those of the configuration file."""

    CODE = "code"
    HYBRID = "hybrid"


@dataclass(frozen=True, slots=True)
class AuthorizationResponse:
    """A well-formed answer: either ``error``, or ``code`` and, in hybrid, ``id_token``."""

    state: str = field(repr=False)
    code: str = field(default="", repr=False)
    id_token: str = field(default="", repr=False)
    iss: str | None = None
    error: ProviderError | None = None


def make_pkce() -> tuple[str, str]:
    """Return a fresh (verifier, challenge); the method is S256 (RFC 7636)."""
    verifier = secrets.token_urlsafe(32)
    return verifier, pkce_challenge(verifier)


def pkce_challenge(verifier: str) -> str:
    """Return the S256 challenge of ``verifier``."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def build_authorization_url(
    metadata: ProviderMetadata,
    *,
    client_id: str,
    redirect_uri: str,
    state: str,
    nonce: str,
    flow: Flow,
    pkce_challenge: str,
    scopes: Sequence[str] = DEFAULT_SCOPES,
    login_hint: str = "",
    authentication: WantedAuthentication = AS_IT_COMES,
) -> str:
    """Return where to send the browser with everything in the address. ``login_hint`` is the e-mail typed at our
    login page (L-4), or empty.

    Raises:
        OidcRefusal: oidc.discovery - the endpoint's own query already holds one of our parameters.
    """
    parameters = authorization_parameters(
        client_id=client_id,
        redirect_uri=redirect_uri,
        state=state,
        nonce=nonce,
        flow=flow,
        pkce_challenge=pkce_challenge,
        scopes=scopes,
        login_hint=login_hint,
        authentication=authentication,
    )
    return authorization_url(metadata, parameters)


def authorization_parameters(
    *,
    client_id: str,
    redirect_uri: str,
    state: str,
    nonce: str,
    flow: Flow,
    pkce_challenge: str,
    scopes: Sequence[str] = DEFAULT_SCOPES,
    login_hint: str = "",
    authentication: WantedAuthentication = AS_IT_COMES,
) -> dict[str, str]:
    """Return the parameters of an authorization request (Core §3.1.2.1), which go into the address or are pushed."""
    hybrid = Flow(flow) is Flow.HYBRID
    parameters = {
        "response_type": "code id_token" if hybrid else "code",
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "scope": " ".join(dict.fromkeys(("openid", *scopes))),
        "state": state,
        "nonce": nonce,
        "code_challenge": pkce_challenge,
        "code_challenge_method": "S256",
    }
    if hybrid:
        parameters["response_mode"] = "form_post"
    if login_hint and len(login_hint) <= _MAX_LOGIN_HINT:
        parameters["login_hint"] = login_hint
    return parameters | authentication.parameters()


def authorization_url(metadata: ProviderMetadata, parameters: Mapping[str, str]) -> str:
    """Return the authorization endpoint's address with ``parameters`` in its query.

    Raises:
        OidcRefusal: oidc.discovery - the endpoint's own query already holds one of them.
    """
    endpoint = urlsplit(metadata.authorization_endpoint)
    # RFC 6749 §3.1: a query of the endpoint is kept (Azure AD B2C names its policy there).
    own = parse_qsl(endpoint.query, keep_blank_values=True)
    if any(name in parameters for name, _value in own):
        raise OidcRefusal(
            OidcCode.DISCOVERY, "the authorization endpoint has parameters that are ours to set"
        )
    return urlunsplit(endpoint._replace(query=urlencode([*own, *parameters.items()])))


def parse_authorization_response(
    parameters: Mapping[str, Sequence[str]], flow: Flow
) -> AuthorizationResponse:
    """Read an answer; ``parameters`` holds all values of each name (Django: ``dict(request.GET.lists())``).

    Raises:
        OidcRefusal: oidc.state - no state; oidc.response - anything else that is missing, repeated, too
            long or does not belong to the flow. An error of the provider is not raised but returned.
    """
    found = {name: value for name in _LONGEST if (value := _single(parameters, name)) is not None}
    state = found.get("state")
    if not state:
        raise OidcRefusal(OidcCode.STATE, "missing")
    iss = found.get("iss")
    if "error" in found:
        if "code" in found or "id_token" in found:
            raise OidcRefusal(OidcCode.RESPONSE, "an error and a code at once")
        error = read_provider_error(found["error"], found.get("error_description", ""))
        return AuthorizationResponse(state=state, iss=iss, error=error)
    code, id_token = found.get("code", ""), found.get("id_token", "")
    if not _CODE.fullmatch(code):
        raise OidcRefusal(OidcCode.RESPONSE, "no code")
    if bool(id_token) != (Flow(flow) is Flow.HYBRID):
        wrong = "an ID token that was not asked for" if id_token else "no ID token"
        raise OidcRefusal(OidcCode.RESPONSE, wrong)
    return AuthorizationResponse(state=state, code=code, id_token=id_token, iss=iss)


def check_iss_parameter(
    response: AuthorizationResponse,
    metadata: ProviderMetadata,
    *,
    required: bool = False,
    tenant_id: str = "",
) -> None:
    """Compare the ``iss`` of an answer with the provider that was asked (RFC 9207), errors included.

    It must be there when the provider says that it sends it, or when the caller requires it (a callback
    path shared by providers, V-20). An answer with an ID token names its issuer in that, so some providers
    leave the parameter out there (RFC 9207 §4; panva's oidc-provider does). ``tenant_id`` is for Entra's
    template issuer.

    Raises:
        OidcRefusal: oidc.iss_parameter.
    """
    if response.iss is None:
        if required or (metadata.iss_parameter_supported and not response.id_token):
            raise OidcRefusal(OidcCode.ISS_PARAMETER, "missing")
        return
    issuer = metadata.issuer
    if TENANT_PLACEHOLDER in issuer:
        issuer = issuer_for_tenant(issuer, tenant_id)
    if response.iss != issuer:
        raise OidcRefusal(OidcCode.ISS_PARAMETER, f"{response.iss!r}, not {issuer!r}")


def _single(parameters: Mapping[str, Sequence[str]], name: str) -> str | None:
    values = parameters.get(name, ())
    if isinstance(values, str):
        raise TypeError("all values of a parameter are needed, to see that there is only one")
    if not values:
        return None
    if len(values) > 1:
        raise OidcRefusal(OidcCode.RESPONSE, f"{name} occurs {len(values)} times")
    if len(values[0]) > _LONGEST[name]:
        raise OidcRefusal(OidcCode.RESPONSE, f"{name} is too long")
    return values[0]
