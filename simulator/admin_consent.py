"""Entra's admin consent page: ``/<tenant id, slug or organizations>/v2.0/adminconsent``.

Accept sends the browser to the registered redirect URI with ``admin_consent=True`` and the tenant; Cancel with an
error, and, as Entra does, with ``admin_consent=True`` all the same. No code is ever sent.
"""

from __future__ import annotations

from urllib.parse import urlencode

from simulator.errors import Refused
from simulator.oidc_request import describe, find_client
from simulator.pages import hidden, page, render
from simulator.site import Site
from simulator.web import Params, Request, Response, redirect


def show(site: Site, request: Request) -> Response:
    """The page with both buttons."""
    _checked(site, request.query)
    body = render(
        "admin_consent",
        directory=site.directory.name,
        application=request.query.one("client_id") or "",
        scope=request.query.one("scope") or "",
        action_url=f"{site.urls.root}/v2.0/adminconsent",
        fields=hidden([("request", request.query_string)]),
    )
    return page("Permissions requested", body, heading=site.directory.name)


def proceed(site: Site, request: Request) -> Response:
    """A button was pressed."""
    if not request.is_from_own_page(site.urls.base):
        raise Refused("AADSTS90023", "This form was sent from another site.", 403)
    asked = Params.parse(request.form.one("request") or "")
    target = _checked(site, asked)
    fields = [("admin_consent", "True")]
    if request.form.one("action") == "accept":
        fields += [("tenant", site.directory.tenant_id), ("scope", asked.one("scope") or "")]
    else:
        text = describe(site, "AADSTS65004", "User declined to consent to access the app.")
        fields += [("error", "access_denied"), ("error_description", text)]
    state = asked.one("state")
    if state is not None:
        fields.append(("state", state))
    return redirect(f"{target}{'&' if '?' in target else '?'}{urlencode(fields)}")


def _checked(site: Site, asked: Params) -> str:
    """The redirect URI of a known client. Raises ``Refused``."""
    client = find_client(site, asked.one("client_id"))
    target = asked.one("redirect_uri") or ""
    if target not in client.redirect_uris:
        raise Refused(
            "AADSTS50011", f"The redirect URI '{target}' is not registered for '{client.client_id}'."
        )
    if not asked.one("scope"):
        raise Refused("AADSTS900144", "The request must contain 'scope'.")
    return target
