"""Answer only to the host names that are configured; anything else gets a plain 400 (design rule 9).

The Host header is compared exactly, port included, with the deployment's base URL, the regions' base URLs, and the
verified host names of accounts on the deployment's port. The scheme is the base URL's too: behind a proxy that ends
TLS, what arrives here is http although browsers speak https, and no header of the request is asked about it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import render_to_string

PROBES = frozenset({"/healthz", "/readyz", "/metrics"})  # asked by address, by machines
_STYLE = f"{settings.STATIC_URL}broker/site.css"  # of the refusal's own page, and the same for everyone

_HOST_NAME = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?")


class HostMiddleware:
    """Runs before anything reads a cookie or builds a URL."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass a request for one of our hosts on; refuse the rest without saying what the hosts are."""
        host = request.META.get("HTTP_HOST", "")
        if request.path_info not in PROBES and not is_configured(host, request.path_info):
            return HttpResponse(render_to_string("hosts/unknown.html"), status=400)
        request.META["wsgi.url_scheme"] = urlsplit(settings.BROKER_BASE_URL).scheme
        return self.get_response(request)


def is_configured(host: str, path: str) -> bool:
    """Tell whether ``path`` may be asked for under ``host`` (the Host header as it came)."""
    host = host.lower()
    base = urlsplit(settings.BROKER_BASE_URL)
    if host == base.netloc or path == _STYLE:
        return True
    if any(host == urlsplit(url).netloc for url in settings.BROKER_REGIONS.values()):
        return True
    port = f":{base.port}" if base.port else ""
    if base.hostname == "localhost" and host in (f"127.0.0.1{port}", f"[::1]{port}"):
        # SCIM clients know no cookies, only tokens, so it doesn't matter under which name they reach this machine; many
        # resolve "localhost" differently from a browser. Pages stay on one name: their cookies belong to it.
        return path == "/api/scim" or path.startswith(("/api/scim/", "/oauth/"))
    name = host.removesuffix(port)
    if f"{name}{port}" != host or not _HOST_NAME.fullmatch(name):
        return False
    # Here, since the log's configuration imports this module before the apps are loaded.
    from accounts.hosts import is_account_host

    return is_account_host(name)
