"""The WSGI application: routes and the one place where refusals become pages.

``create_app(config)`` serves any number of directories. It keeps codes and access tokens in memory, so run it
in one process (threads are fine). Requests whose Host is neither this machine nor the configured base URL are
refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from simulator import (
    admin_consent,
    graph,
    oidc_endpoints,
    oidc_idp,
    oidc_logout,
    provision,
    saml_idp,
    saml_logout,
)
from simulator.config import DEFAULT_BASE_URL, SimulatorConfig, Vendor
from simulator.errors import Refused
from simulator.front import front_page
from simulator.keys import KeyStore
from simulator.oidc_grants import GrantStore
from simulator.pages import asset, error_page
from simulator.site import Site
from simulator.urls import DirectoryUrls
from simulator.web import JSON_PREFIX, Request, Response, host_is_expected

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

Handler = Callable[[Site, Request], Response]

ROUTES: dict[str, dict[str, Handler]] = {
    "saml/sso": {"GET": saml_idp.sso, "POST": saml_idp.sso},
    "saml/start": {"GET": saml_idp.start},
    "saml/continue": {"POST": saml_idp.proceed},
    "saml/metadata": {"GET": saml_idp.metadata},
    "saml/slo": {"GET": saml_logout.slo, "POST": saml_logout.slo},
    "saml/sessions": {"GET": saml_logout.sessions},
    "saml/end": {"POST": saml_logout.end},
    "oidc/.well-known/openid-configuration": {"GET": oidc_endpoints.discovery},
    "organizations/v2.0/.well-known/openid-configuration": {"GET": oidc_endpoints.discovery},
    "oauth2/v2.0/token": {"POST": graph.token},
    "v2.0/adminconsent": {"GET": admin_consent.show, "POST": admin_consent.proceed},
    "oidc/jwks": {"GET": oidc_endpoints.jwks},
    "oidc/authorize": {"GET": oidc_idp.authorize, "POST": oidc_idp.authorize},
    "oidc/continue": {"POST": oidc_idp.proceed},
    "oidc/token": {"POST": oidc_endpoints.token},
    "oidc/userinfo": {"GET": oidc_endpoints.userinfo, "POST": oidc_endpoints.userinfo},
    "oidc/end_session": {"GET": oidc_logout.end_session, "POST": oidc_logout.end_session},
    "oidc/sessions": {"GET": oidc_logout.sessions},
    "oidc/end": {"POST": oidc_logout.end},
    "provision": {"GET": provision.show, "POST": provision.push},
}
_PATH = re.compile(r"/([A-Za-z0-9-]+)/(.+)")


class Simulator:
    """A WSGI callable. ``sites`` maps slugs to directories, ``keys`` holds the signing keys."""

    def __init__(self, config: SimulatorConfig) -> None:
        self.base_url = (config.base_url or DEFAULT_BASE_URL).rstrip("/")
        self.keys = KeyStore(config.state_dir)
        grants = GrantStore()
        self.sites = {
            directory.slug: Site(directory, DirectoryUrls(self.base_url, directory), self.keys, grants)
            for directory in config.directories
        }

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            response = self._respond(environ)
        except Refused as error:
            response = error_page(error)
        if environ["REQUEST_METHOD"] == "HEAD":
            response = Response(b"", response.status, response.content_type, response.headers)
        return response.send(start_response)

    def _respond(self, environ: WSGIEnvironment) -> Response:
        if not host_is_expected(environ.get("HTTP_HOST", ""), self.base_url):
            raise Refused("AADSTS90002", "This address is not served here.")
        path = environ.get("PATH_INFO", "/")
        method = "GET" if environ["REQUEST_METHOD"] == "HEAD" else environ["REQUEST_METHOD"]
        static = asset(path)
        if static is not None:
            return static
        if path == "/healthz":
            return Response(b"ok", content_type="text/plain")
        if path == "/":
            return front_page(self.sites.values())
        if path.startswith(JSON_PREFIX):
            return graph.respond(self.sites.values(), Request.read(environ))
        match = _PATH.fullmatch(path)
        site = self._site(match[1]) if match else None
        methods = ROUTES.get(match[2]) if match else None
        if site is None or methods is None:
            raise Refused("AADSTS90002", "There is no such directory or page.", 404)
        handler = methods.get(method)
        if handler is None:
            raise Refused("AADSTS900561", f"The endpoint only accepts {', '.join(methods)} requests.", 405)
        return handler(site, Request.read(environ))

    def _site(self, name: str) -> Site | None:
        """By slug, or as Entra names them by tenant id; ``organizations`` is whoever takes people of any tenant."""
        if name in self.sites:
            return self.sites[name]
        for site in self.sites.values():
            directory = site.directory
            shared = name == "organizations" and directory.multi_tenant
            if directory.vendor is Vendor.ENTRA and (shared or directory.tenant_id == name):
                return site
        return None


def create_app(config: SimulatorConfig) -> Simulator:
    """The application for ``config``; keys are made on first use."""
    return Simulator(config)
