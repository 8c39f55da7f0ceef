"""Logout of the OpenID Provider, both ways.

    GET/POST /<directory>/oidc/end_session  RP-initiated logout: a client sends the browser
    GET      /<directory>/oidc/sessions     the sessions that were given out, with a button to end each
    POST     /<directory>/oidc/end          the button: ``sid``; ``everywhere=1`` ends all of the person's at the client

The button ends the session here and tells the client by back-channel logout, if it has an address for that: a POST of
a logout token, whose answer the page shows.
"""

from __future__ import annotations

import json
import secrets
import time
from urllib.parse import urlencode

import requests
from joserfc import jws, jwt
from joserfc.errors import JoseError

from simulator.errors import Refused
from simulator.oidc_request import find_client
from simulator.oidc_sessions import OidcSession
from simulator.pages import join, page, render
from simulator.site import Site
from simulator.web import Params, Request, Response, redirect

LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
LIFETIME = 120  # seconds, as Back-Channel Logout 1.0 §2.4 advises
TIMEOUT = 10  # seconds


def end_session(site: Site, request: Request) -> Response:
    """RP-initiated logout: ends the session of the hint; to a registered post_logout_redirect_uri, else a page."""
    params = request.form if request.method == "POST" else request.query
    hint = _hint(site, params)
    client = None if hint is None else find_client(site, str(hint["aud"]))
    target = params.one("post_logout_redirect_uri")
    if target is not None and client is None:
        client = find_client(site, params.one("client_id"))
    if hint is not None and params.one("client_id") not in {None, hint["aud"]}:
        raise Refused("AADSTS50027", "client_id and id_token_hint name different clients.")
    if hint is not None:
        site.oidc_sessions.end(str(hint.get("sid")))
    if target is None or client is None:
        return page("Signed out", render("signed_out"), heading=site.directory.name)
    if target not in client.post_logout_redirect_uris:
        raise Refused("AADSTS50011", f"The address '{target}' is not registered for return after logout.")
    state = params.one("state")
    if state is not None:
        target += f"{'&' if '?' in target else '?'}{urlencode({'state': state})}"
    return redirect(target)


def sessions(site: Site, request: Request) -> Response:
    """The list of sessions."""
    rows = join(
        render(
            "oidc_session_row",
            person=session.person,
            client_id=session.client_id,
            sid=session.sid,
            action=site.urls.oidc("end"),
        )
        for session in site.oidc_sessions.all()
    )
    return page("Sessions", render("oidc_sessions", rows=rows), heading=site.directory.name)


def end(site: Site, request: Request) -> Response:
    """Sign a person out here, and tell the client."""
    if not request.is_from_own_page(site.urls.base):
        raise Refused("AADSTS90023", "This form was sent from another site.", 403)
    session = site.oidc_sessions.end(request.form.one("sid"))
    if session is None:
        raise Refused("AADSTS50058", "There is no such session.")
    everywhere = request.form.one("everywhere") == "1"
    if everywhere:
        site.oidc_sessions.end_all_of(session)
    told = _tell(site, session, everywhere=everywhere)
    return page("Signed out", render("session_ended", name_id=session.person, status=told))


def logout_token(site: Site, session: OidcSession, *, everywhere: bool = False) -> str:
    """A signed logout token; ``everywhere`` names the person alone, no session."""
    now = int(time.time())
    claims: dict[str, object] = {
        "iss": site.urls.issuer,
        "aud": session.client_id,
        "iat": now,
        "exp": now + LIFETIME,
        "jti": secrets.token_urlsafe(16),
        "sub": session.subject,
        "events": {LOGOUT_EVENT: {}},
    }
    if not everywhere:
        claims["sid"] = session.sid
    key = site.oidc_key.jwk
    return jwt.encode({"alg": "RS256", "kid": key.kid, "typ": "logout+jwt"}, claims, key)


def _tell(site: Site, session: OidcSession, *, everywhere: bool) -> str:
    """Send the logout token; gives what to show of the answer."""
    url = find_client(site, session.client_id).backchannel_logout_uri
    if url is None:
        return "it has no address for that"
    token = logout_token(site, session, everywhere=everywhere)
    try:
        reply = requests.post(url, data={"logout_token": token}, timeout=TIMEOUT, allow_redirects=False)
    except requests.RequestException as error:
        return f"no answer ({type(error).__name__})"
    return f"{reply.status_code} {reply.reason}"


def _hint(site: Site, params: Params) -> dict[str, object] | None:
    """The claims of ``id_token_hint``: a token of ours, expired or not. None when it is not there."""
    hint = params.one("id_token_hint")
    if hint is None:
        return None
    try:
        token = jws.deserialize_compact(hint, site.oidc_key.jwk, algorithms=["RS256"])
        claims: dict[str, object] = json.loads(token.payload)
        claims["aud"]
    except (JoseError, ValueError, KeyError) as error:
        raise Refused("AADSTS50027", "id_token_hint is not a token of this directory.") from error
    return claims
