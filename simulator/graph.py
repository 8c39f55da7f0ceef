"""A stand-in for the corner of Microsoft Graph that a relying party needs when a token says "too many groups".

    POST     /<tenant id>/oauth2/v2.0/token                     client_credentials, scope <base>/graph/.default
    POST     /graph/v1.0/users/<object id>/getMemberObjects     {"securityEnabledOnly": true|false}
    GET      the same with $skip                                the next page

Graph itself is at graph.microsoft.com; here it is below ``/graph`` of the simulator. Only a client with
``reads_groups`` is let in (Entra: application permissions with admin consent); others get 403 as from Graph.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from urllib.parse import urlencode

from simulator.app_tokens import APP_TOKEN_SECONDS
from simulator.config import Vendor
from simulator.oidc_endpoints import TokenError, authenticate, token_error
from simulator.site import Site
from simulator.web import Request, Response, json_response

PAGE = 100
_MEMBER_OBJECTS = re.compile(r"/graph/v1\.0/users/([0-9a-fA-F-]{36})/getMemberObjects")


def token(site: Site, request: Request) -> Response:
    """Hand out a token for the application itself."""
    try:
        client = authenticate(site, request)
        if request.form.one("grant_type") != "client_credentials":
            raise TokenError(
                "unsupported_grant_type", "AADSTS70003", "Only client_credentials is supported here."
            )
        if client.client_secret is None:
            raise TokenError(
                "invalid_client", "AADSTS7000218", "The request must contain 'client_secret'.", 401
            )
        if request.form.one("scope") != f"{site.urls.base}/graph/.default":
            raise TokenError("invalid_scope", "AADSTS1002012", "The scope must be the resource's /.default.")
    except TokenError as error:
        return token_error(site, error)
    answer = {"token_type": "Bearer", "expires_in": APP_TOKEN_SECONDS, "ext_expires_in": APP_TOKEN_SECONDS}
    return json_response({**answer, "access_token": site.app_tokens.new(client)})


def respond(sites: Iterable[Site], request: Request) -> Response:
    """Answer a request below ``/graph/``."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    found = None
    for site in sites:
        client = site.app_tokens.client_of(value.strip()) if scheme.lower() == "bearer" else None
        found = (site, client) if client is not None else found
    if found is None:
        return _error(401, "InvalidAuthenticationToken", "Access token is missing, unknown or has expired.")
    site, client = found
    match = _MEMBER_OBJECTS.fullmatch(request.path)
    if match is None:
        return _error(404, "ResourceNotFound", "There is no such resource here.")
    if not client.reads_groups:
        return _error(
            403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation."
        )
    if request.method == "POST" and not _is_asked_properly(request.body):
        return _error(400, "Request_BadRequest", 'The body must be {"securityEnabledOnly": true or false}.')
    person = next((each for each in site.directory.people if each.id.lower() == match[1].lower()), None)
    if person is None or site.directory.vendor is not Vendor.ENTRA:
        return _error(404, "Request_ResourceNotFound", "The person does not exist in this directory.")
    groups = person.groups or ()
    skip = request.query.one("$skip") or "0"
    first = int(skip) if skip.isdecimal() and len(skip) < 7 else 0
    answer: dict[str, object] = {
        "@odata.context": f"{site.urls.base}/graph/v1.0/$metadata#Collection(Edm.String)",
        "value": list(groups[first : first + PAGE]),
    }
    if first + PAGE < len(groups):
        answer["@odata.nextLink"] = f"{site.urls.base}{request.path}?{urlencode({'$skip': first + PAGE})}"
    return json_response(answer)


def _is_asked_properly(body: bytes) -> bool:
    try:
        asked = json.loads(body)
    except ValueError:
        return False
    return isinstance(asked, dict) and isinstance(asked.get("securityEnabledOnly"), bool)


def _error(status: int, code: str, message: str) -> Response:
    return json_response({"error": {"code": code, "message": message}}, status)
