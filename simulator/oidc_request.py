"""Reads and judges OpenID Connect authentication requests.

Two kinds of no: ``Refused`` (a page; the client or its redirect URI is in doubt, so nobody is sent anywhere)
and ``AuthorizeError`` (sent back to the checked redirect URI by the response mode that was asked). Redirect
URIs are compared exactly; hybrid answers never travel in a query; PKCE is S256 only and required for clients
without a secret.
"""

from __future__ import annotations

import datetime as dt
import re
import uuid
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlencode

from simulator.config import Flow, OidcClient, Vendor
from simulator.errors import Refused
from simulator.pages import post_page
from simulator.site import Site
from simulator.web import Params, Response, redirect

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")


class ResponseMode(StrEnum):
    """How the answer travels."""

    QUERY = "query"
    FRAGMENT = "fragment"
    FORM_POST = "form_post"


@dataclass(frozen=True)
class AuthorizeRequest:
    """An accepted request; ``original`` is its query string, carried through the page."""

    client: OidcClient
    redirect_uri: str
    flow: Flow
    mode: ResponseMode
    scopes: frozenset[str]
    state: str | None
    nonce: str | None
    code_challenge: str | None
    login_hint: str | None
    original: str


class AuthorizeError(Exception):
    """An error that goes back to the client. ``error`` is the OAuth code, ``detail`` the description."""

    def __init__(
        self, redirect_uri: str, mode: ResponseMode, state: str | None, error: str, detail: str
    ) -> None:
        super().__init__(error)
        self.redirect_uri = redirect_uri
        self.mode = mode
        self.state = state
        self.error = error
        self.detail = detail


def parse_authorize(site: Site, params: Params) -> AuthorizeRequest:
    """Judge a request. Raises ``Refused`` or ``AuthorizeError``."""
    repeated = params.repeated()
    if repeated is not None:
        raise Refused("AADSTS90100", f"The parameter '{repeated}' is given more than once.")
    client = find_client(site, params.one("client_id"))
    redirect_uri = _redirect_uri(client, params.one("redirect_uri"))
    response_type = params.one("response_type") or ""
    flow = Flow.HYBRID if set(response_type.split()) == {"code", "id_token"} else Flow.CODE
    mode = _mode(flow, params.one("response_mode"))
    state = params.one("state")

    def fail(error: str, code: str, text: str) -> AuthorizeError:
        return AuthorizeError(redirect_uri, mode, state, error, describe(site, code, text))

    if response_type != "code" and flow is not Flow.HYBRID:
        raise fail(
            "unsupported_response_type", "AADSTS70005", f"response_type '{response_type}' is not supported."
        )
    if flow not in client.flows:
        code = "AADSTS700054" if flow is Flow.HYBRID else "AADSTS70005"
        raise fail(
            "unsupported_response_type", code, f"'{response_type}' is not enabled for the application."
        )
    for name in ("request", "request_uri"):
        if name in params:
            raise fail(f"{name}_not_supported", "AADSTS90023", f"The parameter '{name}' is not supported.")
    scopes = frozenset((params.one("scope") or "").split())
    if "openid" not in scopes:
        raise fail("invalid_scope", "AADSTS70011", "The scope must include openid.")
    nonce = params.one("nonce") or None
    if flow is Flow.HYBRID and nonce is None:
        raise fail("invalid_request", "AADSTS90014", "The parameter 'nonce' is required for an ID token.")
    challenge = params.one("code_challenge") or None
    if challenge is not None:
        if params.one("code_challenge_method") != "S256":
            raise fail("invalid_request", "AADSTS50147", "code_challenge_method must be S256.")
        if not _CHALLENGE.fullmatch(challenge):
            raise fail("invalid_request", "AADSTS501491", "The code_challenge is not a SHA-256 in base64url.")
    elif client.client_secret is None:
        raise fail("invalid_request", "AADSTS9002325", "A public client must use PKCE.")
    if params.one("prompt") == "none":
        raise fail("login_required", "AADSTS50058", "Nobody is signed in and prompt is none.")
    return AuthorizeRequest(
        client=client,
        redirect_uri=redirect_uri,
        flow=flow,
        mode=mode,
        scopes=scopes,
        state=state,
        nonce=nonce,
        code_challenge=challenge,
        login_hint=params.one("login_hint") or None,
        original=urlencode(params.pairs),
    )


def find_client(site: Site, client_id: str | None) -> OidcClient:
    """The registered client. Raises AADSTS700016."""
    for client in site.directory.oidc_clients:
        if client.client_id == client_id:
            return client
    raise Refused(
        "AADSTS700016",
        f"The application '{client_id or ''}' was not found in the directory '{site.directory.name}'.",
    )


def describe(site: Site, code: str, text: str) -> str:
    """An error description: with number, ids and time at Entra, the text alone elsewhere."""
    if site.directory.vendor is not Vendor.ENTRA:
        return text
    now = dt.datetime.now(dt.UTC)
    ids = f"Trace ID: {uuid.uuid4()}\r\nCorrelation ID: {uuid.uuid4()}"
    return f"{code}: {text}\r\n{ids}\r\nTimestamp: {now:%Y-%m-%d %H:%M:%SZ}"


def answer(site: Site, redirect_uri: str, mode: ResponseMode, fields: list[tuple[str, str]]) -> Response:
    """Send ``fields`` by the mode asked. Generic directories add ``iss`` (RFC 9207)."""
    if site.directory.vendor is Vendor.GENERIC:
        fields = [*fields, ("iss", site.urls.issuer)]
    if mode is ResponseMode.FORM_POST:
        return post_page(redirect_uri, fields)
    encoded = urlencode(fields)
    if mode is ResponseMode.FRAGMENT:
        return redirect(f"{redirect_uri}#{encoded}")
    return redirect(f"{redirect_uri}{'&' if '?' in redirect_uri else '?'}{encoded}")


def answer_error(site: Site, error: AuthorizeError) -> Response:
    """Send an error to the client."""
    fields = [("error", error.error), ("error_description", error.detail)]
    if error.state is not None:
        fields.append(("state", error.state))
    return answer(site, error.redirect_uri, error.mode, fields)


def _redirect_uri(client: OidcClient, redirect_uri: str | None) -> str:
    if not redirect_uri:
        raise Refused("AADSTS900971", "No reply address provided.")
    if redirect_uri not in client.redirect_uris:
        raise Refused(
            "AADSTS50011",
            f"The redirect URI '{redirect_uri}' is not registered for the application '{client.client_id}'.",
        )
    return redirect_uri


def _mode(flow: Flow, asked: str | None) -> ResponseMode:
    if asked is None:
        return ResponseMode.FRAGMENT if flow is Flow.HYBRID else ResponseMode.QUERY
    if asked not in set(ResponseMode) or (flow is Flow.HYBRID and asked == ResponseMode.QUERY):
        raise Refused("AADSTS70007", f"'{asked}' is not a supported response_mode for this response_type.")
    return ResponseMode(asked)
