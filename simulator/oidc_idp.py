"""The OpenID Provider's pages: authentication request in, page, code (and ID token) out.

    GET/POST /<directory>/oidc/authorize    shows the page
    POST     /<directory>/oidc/continue     the page's form; answers by query, fragment or form_post

The request travels in the page as one hidden field (``request``) and is judged again when the page comes
back.
"""

from __future__ import annotations

import time
import uuid

from simulator.config import Flow, Vendor
from simulator.dialects import Channel, refuse_protocol_claims, subject
from simulator.oidc_grants import Grant
from simulator.oidc_request import (
    AuthorizeError,
    AuthorizeRequest,
    answer,
    answer_error,
    describe,
    parse_authorize,
)
from simulator.oidc_sessions import OidcSession
from simulator.oidc_tokens import id_token
from simulator.picker import Action, chosen_action, read_selection
from simulator.picker_page import picker_page
from simulator.site import Site
from simulator.web import Params, Request, Response


def authorize(site: Site, request: Request) -> Response:
    """A client sends a person."""
    try:
        asked = parse_authorize(site, request.form if request.method == "POST" else request.query)
    except AuthorizeError as error:
        return answer_error(site, error)
    return picker_page(
        site.directory,
        protocol="oidc",
        application=asked.client.client_id,
        action_url=site.urls.oidc_continue,
        carried=[("request", asked.original)],
        login_hint=asked.login_hint,
    )


def proceed(site: Site, request: Request) -> Response:
    """The page comes back."""
    form = request.form
    try:
        asked = parse_authorize(site, Params.parse(form.one("request") or ""))
        action = chosen_action(form)
        if action in {Action.DECLINE, Action.NOT_ASSIGNED}:
            raise AuthorizeError(
                asked.redirect_uri, asked.mode, asked.state, "access_denied", _why(site, action)
            )
    except AuthorizeError as error:
        return answer_error(site, error)
    selection = read_selection(site.directory, form)
    if action is Action.LOAD:
        return picker_page(
            site.directory,
            protocol="oidc",
            application=asked.client.client_id,
            action_url=site.urls.oidc_continue,
            carried=[("request", asked.original)],
            selection=selection,
        )
    refuse_protocol_claims(selection)
    grant = Grant(
        directory=site.directory.slug,
        client_id=asked.client.client_id,
        redirect_uri=asked.redirect_uri,
        scopes=asked.scopes,
        nonce=asked.nonce,
        code_challenge=asked.code_challenge,
        selection=selection,
        auth_time=int(time.time()),
        session_id=str(uuid.uuid4()),
    )
    site.oidc_sessions.add(
        OidcSession(
            sid=grant.session_id,
            subject=subject(site.directory, grant.client_id, selection),
            client_id=grant.client_id,
            person=selection.person.label,
        )
    )
    return _success(site, asked, grant)


def _success(site: Site, asked: AuthorizeRequest, grant: Grant) -> Response:
    code = site.grants.new_code(grant)
    fields = [("code", code)]
    if asked.flow is Flow.HYBRID:
        fields.append(("id_token", id_token(site, grant, Channel.FRONT, code=code)))
    if asked.state is not None:
        fields.append(("state", asked.state))
    return answer(site, asked.redirect_uri, asked.mode, fields)


def _why(site: Site, action: Action) -> str:
    if action is Action.DECLINE:
        return describe(site, "AADSTS65004", "The user declined to consent to access the application.")
    if site.directory.vendor is Vendor.ENTRA:
        return describe(
            site, "AADSTS50105", "The signed-in user is not assigned to a role for the application."
        )
    return "User is not assigned to the client application."
