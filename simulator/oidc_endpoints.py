"""The OpenID Provider's endpoints for clients: discovery, keys, token, userinfo.

The token endpoint authenticates by client_secret_basic or client_secret_post (never both), wants the redirect
URI of the request and the PKCE verifier when a challenge was sent, and spends a code once. Errors are JSON;
in Entra's dialect with its error numbers and ids.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
import hmac
import uuid
from urllib.parse import unquote_plus

from simulator.config import OidcClient, Vendor
from simulator.dialects import Channel, oidc_claims, subject
from simulator.errors import Refused
from simulator.oidc_grants import TOKEN_SECONDS, Grant
from simulator.oidc_request import find_client
from simulator.oidc_tokens import id_token
from simulator.site import Site
from simulator.web import Params, Request, Response, json_response


class TokenError(Exception):
    """An answer of the token endpoint. ``error`` is the OAuth code, ``reason`` the number and text."""

    def __init__(self, error: str, code: str, text: str, status: int = 400) -> None:
        super().__init__(f"{error} {code}")
        self.error = error
        self.reason = Refused(code, text, status)


def discovery(site: Site, request: Request) -> Response:
    """OpenID Connect Discovery 1.0 §3."""
    urls = site.urls
    entra = site.directory.vendor is Vendor.ENTRA
    document: dict[str, object] = {
        "issuer": urls.published_issuer,
        "authorization_endpoint": urls.oidc("authorize"),
        "token_endpoint": urls.oidc("token"),
        "userinfo_endpoint": urls.oidc("userinfo"),
        "jwks_uri": urls.oidc("jwks"),
        "end_session_endpoint": urls.oidc("end_session"),
        "response_types_supported": ["code", "code id_token"],
        "response_modes_supported": ["query", "fragment", "form_post"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["pairwise" if entra else "public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "profile", "email"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
        "claims_supported": [
            "sub",
            "iss",
            "aud",
            "exp",
            "iat",
            "nonce",
            "name",
            "preferred_username",
            "email",
            "groups",
        ],
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
    }
    if any(client.backchannel_logout_uri for client in site.directory.oidc_clients):
        document["backchannel_logout_supported"] = True
        document["backchannel_logout_session_supported"] = True
    if site.directory.vendor is Vendor.GENERIC:
        document["authorization_response_iss_parameter_supported"] = True
    return json_response(document)


def jwks(site: Site, request: Request) -> Response:
    """The public signing key."""
    key = dict(site.oidc_key.public_jwk)
    if site.directory.multi_tenant:
        key["issuer"] = site.urls.published_issuer  # whom it signs for, Entra's extension
    return json_response({"keys": [key]})


def token(site: Site, request: Request) -> Response:
    """Redeem a code."""
    try:
        grant, access_token = _redeem(site, request)
    except TokenError as error:
        return token_error(site, error)
    return json_response(
        {
            "token_type": "Bearer",
            "scope": " ".join(sorted(grant.scopes)),
            "expires_in": TOKEN_SECONDS,
            "access_token": access_token,
            "id_token": id_token(site, grant, Channel.TOKEN, access_token=access_token),
        },
        headers=(("Pragma", "no-cache"),),
    )


def userinfo(site: Site, request: Request) -> Response:
    """Claims for a bearer token; Entra leaves groups and custom claims out unless the ID token was thin."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    grant = site.grants.grant_of_token(value.strip()) if scheme.lower() == "bearer" else None
    if grant is None or grant.directory != site.directory.slug:
        return json_response(
            {"error": "invalid_token"}, 401, (("WWW-Authenticate", 'Bearer error="invalid_token"'),)
        )
    claims = oidc_claims(site.directory, grant.selection, grant.scopes, Channel.USERINFO)
    return json_response({"sub": subject(site.directory, grant.client_id, grant.selection), **claims})


def _redeem(site: Site, request: Request) -> tuple[Grant, str]:
    form = request.form
    repeated = form.repeated()
    if repeated is not None:
        raise TokenError(
            "invalid_request", "AADSTS90100", f"The parameter '{repeated}' is given more than once."
        )
    client = authenticate(site, request)
    if form.one("grant_type") != "authorization_code":
        raise TokenError("unsupported_grant_type", "AADSTS70003", "Only authorization_code is supported.")
    code = form.one("code")
    if not code:
        raise TokenError("invalid_request", "AADSTS900144", "The request body must contain 'code'.")
    try:
        grant = site.grants.look(code)
        _check_grant(site, grant, client, form)
        return grant, site.grants.redeem(code)
    except Refused as error:
        raise TokenError("invalid_grant", error.code, error.text) from error


def _check_grant(site: Site, grant: Grant, client: OidcClient, form: Params) -> None:
    if grant.directory != site.directory.slug or grant.client_id != client.client_id:
        raise Refused("AADSTS70000", "The code was issued to another application.")
    if form.one("redirect_uri") != grant.redirect_uri:
        raise Refused("AADSTS50011", "redirect_uri is not the one of the authentication request.")
    verifier = form.one("code_verifier") or ""
    if grant.code_challenge is None:
        if verifier:
            raise Refused(
                "AADSTS501481", "A code_verifier was sent although the request had no code_challenge."
            )
        return
    digest = hashlib.sha256(verifier.encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    if not 43 <= len(verifier) <= 128 or not hmac.compare_digest(challenge, grant.code_challenge):
        raise Refused("AADSTS501481", "The code_verifier does not match the code_challenge.")


def authenticate(site: Site, request: Request) -> OidcClient:
    """The client, by Basic or by form fields. Raises ``TokenError``."""
    form = request.form
    basic = _basic_credentials(request)
    if basic is not None and "client_secret" in form:
        raise TokenError("invalid_request", "AADSTS90023", "Authenticate by one method only.")
    client_id, secret = basic if basic is not None else (form.one("client_id"), form.one("client_secret"))
    if basic is not None and form.one("client_id") not in {None, client_id}:
        raise TokenError(
            "invalid_request", "AADSTS90023", "client_id differs from the one that authenticates."
        )
    try:
        client = find_client(site, client_id)
    except Refused as error:
        raise TokenError("unauthorized_client", error.code, error.text) from error
    if client.client_secret is None:
        if secret:
            raise TokenError(
                "invalid_client", "AADSTS700025", "The client is public and must not send a secret.", 401
            )
        return client
    if not secret:
        raise TokenError("invalid_client", "AADSTS7000218", "The request must contain 'client_secret'.", 401)
    if not hmac.compare_digest(secret.encode(), client.client_secret.encode()):
        raise TokenError("invalid_client", "AADSTS7000215", "The client secret is not valid.", 401)
    return client


def _basic_credentials(request: Request) -> tuple[str, str] | None:
    """RFC 6749 §2.3.1: id and secret are form-encoded before they are put together."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        decoded = base64.b64decode(value.strip(), validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise TokenError(
            "invalid_client", "AADSTS7000218", "The Authorization header is malformed.", 401
        ) from error
    client_id, _, secret = decoded.partition(":")
    return unquote_plus(client_id), unquote_plus(secret)


def token_error(site: Site, error: TokenError) -> Response:
    reason = error.reason
    body: dict[str, object] = {"error": error.error, "error_description": reason.text}
    if site.directory.vendor is Vendor.ENTRA:
        trace, correlation = str(uuid.uuid4()), str(uuid.uuid4())
        timestamp = f"{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M:%SZ}"
        body["error_description"] = (
            f"{reason.code}: {reason.text} Trace ID: {trace} Correlation ID: {correlation} "
            f"Timestamp: {timestamp}"
        )
        body["error_codes"] = [int(reason.code.removeprefix("AADSTS"))]
        body |= {"timestamp": timestamp, "trace_id": trace, "correlation_id": correlation}
    headers = (("WWW-Authenticate", "Basic"),) if reason.status == 401 else ()
    return json_response(body, reason.status, headers)
