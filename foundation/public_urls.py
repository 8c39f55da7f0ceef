"""Public URLs, made from configuration and never from a request's Host header (design rule 9).

Scheme and port come from ``BROKER_BASE_URL``; an account's canonical host name or a region's base URL may stand in for
its host. What the IdP is told, what a SAML Destination is compared with and what a mail links to all come from here.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings


def base_url() -> str:
    """Return the deployment's base URL without a trailing slash."""
    return str(settings.BROKER_BASE_URL).rstrip("/")


def absolute(path: str, *, host: str | None = None) -> str:
    """Return the public URL of ``path`` (begins with "/") on ``host`` (a bare host name), or on the deployment's."""
    if not path.startswith("/"):
        raise ValueError("a path begins with /")
    return f"{origin(host)}{path}"


def origin(host: str | None = None) -> str:
    """Return scheme, host and port of the deployment, or of an account's ``host`` on the same scheme and port."""
    base = urlsplit(base_url())
    if not host:
        return f"{base.scheme}://{base.netloc}"
    port = f":{base.port}" if base.port else ""
    return f"{base.scheme}://{host.lower()}{port}"


def netloc(host: str | None = None) -> str:
    """Return what a browser sends as Host for ``host`` or the deployment, e.g. ``localhost:8000``."""
    return urlsplit(origin(host)).netloc.lower()


def is_https() -> bool:
    """Tell whether the deployment is reached over https, which decides cookie prefixes and HSTS."""
    return urlsplit(base_url()).scheme == "https"
