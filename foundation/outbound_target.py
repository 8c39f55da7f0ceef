"""Where the product may send requests: the rules for URLs and for addresses, without any network.

Customers' admins type the URLs of their identity provider, and what the provider answers names more of
them. Each is therefore a possible attack on the network that we stand in (server-side request forgery). Two
questions are asked:

* ``check_url`` / ``Target.parse``: is the URL itself fit? https, no user info, no fragment, one spelling of
  the host. Forms ask this before they save (V-23), the HTTP client before every request.
* ``usable_addresses``: which of the addresses that the name resolved to may be connected to? Asked on every
  new connection with the very addresses that are then used, so that a name which changes its mind between
  check and use (DNS rebinding) gains nothing.

The deployment's allow-list of (host, port) pairs lifts both "https" and "public", for providers in a
private network and for tests. The other rules always hold.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

AllowList = frozenset[tuple[str, int]]
IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
# What socket.getaddrinfo returns: family, type, protocol, canonical name, socket address.
AddressInfo = tuple[int, int, int, str, tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]]

MAX_URL_LENGTH = 2048  # characters
_MAX_ADDRESSES = 4  # a name with more gives an attacker time, and nobody else anything

_PRINTABLE = re.compile(r"[\x21-\x7e]+")
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")

# IANA special-purpose registries for IPv4, with the host agent that Azure keeps on a public address.
# Written out because the ipaddress module's idea of "global" differs between Python's patch releases.
_NOT_PUBLIC_V4 = tuple(
    ipaddress.IPv4Network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "168.63.129.16/32",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
# For IPv6 the other way round: only the block that is handed out for global unicast, less what is special
# within it.
_GLOBAL_V6 = ipaddress.IPv6Network("2000::/3")
_NOT_PUBLIC_V6 = tuple(
    ipaddress.IPv6Network(text)
    for text in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
)


class OutboundCode(StrEnum):
    """Why a request to the outside failed."""

    BAD_URL = "http.bad_url"
    NOT_HTTPS = "http.not_https"
    BLOCKED_ADDRESS = "http.blocked_address"
    CONNECTION = "http.connection"  # name unknown, refused, TLS, broken off
    TIMEOUT = "http.timeout"
    TOO_LARGE = "http.too_large"
    REDIRECT = "http.redirect"
    STATUS = "http.status"
    NOT_JSON = "http.not_json"
    CIRCUIT_OPEN = "http.circuit_open"  # not asked: it was down a moment ago


class OutboundError(Exception):
    """A request to the outside failed or was not allowed.

    ``host`` is host:port only; paths, queries, headers and bodies may be secret and are never in the text.
    ``detail`` is in our own words, or OpenSSL's about a certificate; ``status`` is the HTTP status for ``http.status``
    and ``http.redirect``.
    """

    def __init__(
        self, code: OutboundCode, host: str = "", detail: str = "", status: int | None = None
    ) -> None:
        super().__init__(" ".join(part for part in (code.value, host, detail, str(status or "")) if part))
        self.code = code
        self.host = host
        self.detail = detail
        self.status = status


@dataclass(frozen=True, slots=True)
class Target:
    """A URL taken apart. ``path`` includes the query, as it goes into the request line."""

    scheme: str
    host: str  # lower case; an IPv6 address without brackets
    port: int
    path: str
    allow_listed: bool

    @property
    def label(self) -> str:
        """``host:port``, safe to show in errors and logs."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @classmethod
    def parse(cls, url: str, allow: AllowList) -> Target:
        """Take ``url`` apart; raises ``OutboundError`` as ``check_url`` does."""
        if len(url) > MAX_URL_LENGTH or not _PRINTABLE.fullmatch(url) or "\\" in url:
            raise OutboundError(
                OutboundCode.BAD_URL, detail="too long, or characters that do not belong in a URL"
            )
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise OutboundError(OutboundCode.BAD_URL, detail="unreadable") from None
        if parts.scheme not in ("http", "https"):
            raise OutboundError(OutboundCode.NOT_HTTPS)
        if "#" in url or "@" in parts.netloc:
            raise OutboundError(OutboundCode.BAD_URL, detail="user info and fragments are not allowed")
        if parts.netloc.endswith(":") or port == 0:
            raise OutboundError(OutboundCode.BAD_URL, detail="empty port")
        host = (parts.hostname or "").lower()
        address = _read_host(host)
        port = port or (443 if parts.scheme == "https" else 80)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        target = cls(parts.scheme, host, port, path, (host, port) in allow)
        if not target.allow_listed:
            if target.scheme != "https":
                raise OutboundError(OutboundCode.NOT_HTTPS, target.label)
            if address is not None and not is_public(address):
                raise OutboundError(OutboundCode.BLOCKED_ADDRESS, target.label)
        return target


def check_url(url: str, allow: AllowList) -> None:
    """Refuse a URL that the product may not call or send a browser to (V-23, O-5).

    Nothing is resolved or fetched: a name that resolves to a private address passes here and is stopped when
    a connection is made.

    Raises:
        OutboundError: http.bad_url, http.not_https, http.blocked_address.
    """
    Target.parse(url, allow)


def is_public(address: IpAddress) -> bool:
    """Tell whether an address is on the public internet, and no tunnel or translation into anything else."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        return address in _GLOBAL_V6 and not any(address in network for network in _NOT_PUBLIC_V6)
    return not any(address in network for network in _NOT_PUBLIC_V4)


def usable_addresses(target: Target, resolved: Iterable[AddressInfo]) -> list[AddressInfo]:
    """Return those of the resolved addresses that may be connected to, best first, at most four.

    Raises:
        OutboundError: http.blocked_address when none is left.
    """
    internet = [entry for entry in resolved if entry[0] in (socket.AF_INET, socket.AF_INET6)]
    if not target.allow_listed:
        internet = [entry for entry in internet if is_public(ipaddress.ip_address(entry[4][0]))]
    if not internet:
        raise OutboundError(OutboundCode.BLOCKED_ADDRESS, target.label)
    return internet[:_MAX_ADDRESSES]


def _read_host(host: str) -> IpAddress | None:
    """Return the address that ``host`` spells, None for a name; refuse every second spelling of either."""
    try:
        if "%" not in host:  # a scope id would name one of our own interfaces
            return ipaddress.ip_address(host)
    except ValueError:
        pass
    labels = host.split(".")
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise OutboundError(OutboundCode.BAD_URL, detail="host name")
    # Resolvers read "2130706433", "0x7f.1" and "0177.0.0.1" as addresses.
    if labels[-1].isdigit() or labels[-1].startswith("0x"):
        raise OutboundError(OutboundCode.BAD_URL, detail="host name")
    return None
