"""Turn the text of environment variables into typed values, or say which variable is wrong and why.

Pure functions over strings, without Django's settings, so that a bad ``BROKER_…`` value is one clear line at start and
never a surprise in a request. Errors are ``ImproperlyConfigured`` and name the variable; secrets are not quoted.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

Network = IPv4Network | IPv6Network

_LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
_DEFAULT_PORTS = {"http": 80, "https": 443}


def is_local_host(host: str) -> bool:
    """Tell whether ``host`` always means this machine (RFC 6761 §6.3 for names below ``localhost``)."""
    return host in _LOCAL_HOSTS or host.endswith(".localhost")


def items(text: str) -> list[str]:
    """Split a comma-separated value, dropping blanks and empty items."""
    return [item.strip() for item in text.split(",") if item.strip()]


def public_url(variable: str, text: str) -> str:
    """Return an http(s) base URL as scheme, lower-case host and port, without a trailing slash.

    A default port is dropped, because browsers leave it out of Host and what they send is compared exactly. A path,
    query, fragment or user name is refused: the paths in requirement rows are absolute.
    """
    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError as error:
        raise ImproperlyConfigured(f"{variable}: {error}") from error
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        raise ImproperlyConfigured(f"{variable}: {text!r} is not a URL like https://login.example.com")
    if parts.path not in ("", "/") or parts.query or parts.fragment or "@" in parts.netloc:
        raise ImproperlyConfigured(f"{variable}: only scheme, host and port may be given, got {text!r}")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    if port is None or port == _DEFAULT_PORTS[parts.scheme]:
        return f"{parts.scheme}://{host}"
    return f"{parts.scheme}://{host}:{port}"


def regions(variable: str, text: str) -> dict[str, str]:
    """Read ``eu=https://eu.example.com,us=https://us.example.com``; names and URLs are each unique."""
    found: dict[str, str] = {}
    for item in items(text):
        name, separator, url = item.partition("=")
        name = name.strip()
        if not separator or not name or name in found:
            raise ImproperlyConfigured(f"{variable}: {item!r} is not a new name=URL pair")
        found[name] = public_url(variable, url)
    if len(set(found.values())) != len(found):
        raise ImproperlyConfigured(f"{variable}: two regions share one base URL")
    return found


def host_ports(variable: str, text: str) -> frozenset[tuple[str, int]]:
    """Read ``idp.internal:8443,[::1]:9000`` as pairs of lower-case host and port."""
    found = set()
    for item in items(text):
        host, _, port = item.rpartition(":")
        host = host.strip("[]").lower()
        if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536 or "/" in host:
            raise ImproperlyConfigured(f"{variable}: {item!r} is not host:port")
        found.add((host, int(port)))
    return frozenset(found)


def name_servers(variable: str, text: str) -> tuple[tuple[str, int], ...]:
    """Read ``10.0.0.53,[fd00::53]:5353`` as pairs of address and port, 53 unless said otherwise, in their order."""
    found = []
    for item in items(text):
        address, port = item, "53"
        if item.startswith("["):
            address, _, rest = item[1:].partition("]")
            port = rest[1:] if rest.startswith(":") else "53" if not rest else ""
        elif item.count(":") == 1:
            address, _, port = item.partition(":")
        try:
            ip_address(address)
        except ValueError as error:
            raise ImproperlyConfigured(f"{variable}: {error}") from error
        if not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
            raise ImproperlyConfigured(f"{variable}: {item!r} is not address or address:port")
        found.append((address, int(port)))
    return tuple(found)


def networks(variable: str, text: str) -> tuple[Network, ...]:
    """Read a list of addresses and CIDR networks."""
    found: list[Network] = []
    for item in items(text):
        try:
            found.append(ip_network(item))
        except ValueError as error:
            raise ImproperlyConfigured(f"{variable}: {error}") from error
    return tuple(found)


def one_of(variable: str, text: str, choices: Iterable[str]) -> str:
    """Return ``text`` when it is one of ``choices``."""
    allowed = tuple(choices)
    if text not in allowed:
        raise ImproperlyConfigured(f"{variable}: {text!r} is none of {', '.join(allowed)}")
    return text


def whole_number(variable: str, text: str) -> int:
    """Return a number of 0 or more."""
    if not (text.isascii() and text.isdigit()):
        raise ImproperlyConfigured(f"{variable}: {text!r} is not a whole number of 0 or more")
    return int(text)


def switch(variable: str, text: str) -> bool:
    """Return a yes or no; a typing error is refused instead of passing for no."""
    lowered = text.strip().lower()
    if lowered in ("true", "1", "yes", "on"):
        return True
    if lowered in ("false", "0", "no", "off", ""):
        return False
    raise ImproperlyConfigured(f"{variable}: {text!r} is neither true nor false")
