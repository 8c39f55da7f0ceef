"""The SAML identity provider: request in, page, signed response out.

    GET/POST /<directory>/saml/sso        SP-initiated (Redirect and POST bindings), shows the page GET
    /<directory>/saml/start      IdP-initiated: ?sp=<entity id>[&acs=<url>][&RelayState=…], shows the page
    POST     /<directory>/saml/continue   the page's form; answers with a form that posts to the ACS GET
    /<directory>/saml/metadata

The request travels in the page as hidden fields and is judged again when the page comes back.
"""

from __future__ import annotations

import base64
import datetime as dt

from simulator.config import Vendor
from simulator.errors import Refused
from simulator.pages import post_page
from simulator.picker import Action, chosen_action, read_selection
from simulator.picker_page import picker_page
from simulator.saml_metadata import metadata_xml
from simulator.saml_request import AuthnRequest, decode_message, find_service_provider, parse_authn_request
from simulator.saml_response import Recipient, failure, success
from simulator.saml_sp_keys import ServiceProviderKeys
from simulator.site import Site
from simulator.web import Params, Request, Response

MAX_RELAY_STATE = 80  # bytes; SAML bindings §3.4.3


def sso(site: Site, request: Request) -> Response:
    """A service provider sends a person."""
    binding, params = ("post", request.form) if request.method == "POST" else ("redirect", request.query)
    now = dt.datetime.now(dt.UTC)
    message = decode_message(params.one("SAMLRequest"), binding)
    asked = parse_authn_request(site, message, now=now)
    keys = ServiceProviderKeys.read(asked.service_provider.metadata_file)
    if binding == "post":
        keys.check_document(message)
    else:
        keys.check_query(request.query_string)
    relay_state = _relay_state(params)
    if asked.is_passive:
        answer = failure(site, _recipient(asked), now, "NoPassive", "AADSTS50058: Nobody is signed in.")
        return _post(asked.acs_url, answer, relay_state)
    carried = [
        ("SAMLRequest", params.one("SAMLRequest") or ""),
        ("binding", binding),
        *_relay_field(relay_state),
    ]
    return picker_page(
        site.directory,
        protocol="saml",
        application=asked.service_provider.entity_id,
        action_url=site.urls.saml_continue,
        carried=carried,
        login_hint=request.query.one("login_hint") or asked.login_hint,
    )


def start(site: Site, request: Request) -> Response:
    """A person begins at the identity provider, as by a click on a tile."""
    to = _unsolicited(site, request.query)
    return picker_page(
        site.directory,
        protocol="saml",
        application=to.service_provider.entity_id,
        action_url=site.urls.saml_continue,
        carried=[
            ("sp", to.service_provider.entity_id),
            ("acs", to.acs_url),
            *_relay_field(_relay_state(request.query)),
        ],
        login_hint=request.query.one("login_hint"),
    )


def proceed(site: Site, request: Request) -> Response:
    """The page comes back."""
    form = request.form
    relay_state = _relay_state(form)
    now = dt.datetime.now(dt.UTC)
    if "SAMLRequest" in form:
        binding = "post" if form.one("binding") == "post" else "redirect"
        carried = [("SAMLRequest", form.one("SAMLRequest") or ""), ("binding", binding)]
        to = _recipient(parse_authn_request(site, decode_message(form.one("SAMLRequest"), binding), now=None))
    else:
        to = _unsolicited(site, form)
        carried = [("sp", to.service_provider.entity_id), ("acs", to.acs_url)]
    action = chosen_action(form)
    if action in {Action.DECLINE, Action.NOT_ASSIGNED}:
        return _post(to.acs_url, failure(site, to, now, "RequestDenied", _why(site, action)), relay_state)
    selection = read_selection(site.directory, form)
    if action is Action.LOAD:
        return picker_page(
            site.directory,
            protocol="saml",
            application=to.service_provider.entity_id,
            action_url=site.urls.saml_continue,
            carried=[*carried, *_relay_field(relay_state)],
            selection=selection,
        )
    return _post(to.acs_url, success(site, to, selection, now), relay_state)


def metadata(site: Site, request: Request) -> Response:
    """The SAML metadata."""
    return Response(metadata_xml(site), content_type="application/samlmetadata+xml")


def _recipient(asked: AuthnRequest) -> Recipient:
    return Recipient(
        asked.service_provider, asked.acs_url, asked.id, asked.name_id_format, asked.sp_name_qualifier
    )


def _unsolicited(site: Site, params: Params) -> Recipient:
    provider = find_service_provider(site, params.one("sp"))
    acs_url = params.one("acs") or provider.acs_urls[0]
    if acs_url not in provider.acs_urls:
        raise Refused(
            "AADSTS50011", f"The reply URL '{acs_url}' is not registered for '{provider.entity_id}'."
        )
    return Recipient(provider, acs_url)


def _why(site: Site, action: Action) -> str:
    if site.directory.vendor is not Vendor.ENTRA:
        return (
            "User is not assigned to the client application."
            if action is Action.NOT_ASSIGNED
            else "Access denied."
        )
    if action is Action.NOT_ASSIGNED:
        return "AADSTS50105: The signed-in user is not assigned to a role for the application."
    return "AADSTS65004: The user declined to consent to access the application."


def _relay_state(params: Params) -> str | None:
    relay_state = params.one("RelayState")
    if relay_state is not None and len(relay_state.encode()) > MAX_RELAY_STATE:
        raise Refused("AADSTS90015", f"RelayState is longer than {MAX_RELAY_STATE} bytes.")
    return relay_state


def _relay_field(relay_state: str | None) -> list[tuple[str, str]]:
    return [] if relay_state is None else [("RelayState", relay_state)]


def _post(acs_url: str, xml: bytes, relay_state: str | None) -> Response:
    return post_page(acs_url, [("SAMLResponse", base64.b64encode(xml).decode()), *_relay_field(relay_state)])
