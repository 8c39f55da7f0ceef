"""What a value of the configuration file must look like, beyond its type.

A check takes the value and returns what is wrong with it, or None. Where a column holds the value, its limits and
validators are the check, so that file, admin and database agree. No check repeats the value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import models

from console.configuration.problems import did_you_mean, one_of
from foundation.folding import fold
from foundation.outbound_target import OutboundCode, OutboundError, check_url
from sso.return_urls import safe_next
from sso_oidc.client_authentication import ClientAuthentication
from sso_saml.certificates import CertificateError, parse_certificates

Check = Callable[[Any], str | None]

_API_KEY = re.compile(r"[A-Za-z0-9_-]{32}\Z")
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z", re.IGNORECASE)
_MAX_SECRET = 4000  # characters


@dataclass(frozen=True, slots=True)
class Unique:
    """No two items of a list may have the same ``attribute``; ``folded`` compares without case."""

    attribute: str
    folded: bool = False

    def repeated(self, items: Sequence[Any]) -> Iterator[tuple[int, str]]:
        """Yield index and complaint for each item whose name came before."""
        seen: dict[str, int] = {}
        for index, item in enumerate(items):
            name = getattr(item, self.attribute)
            first = seen.setdefault(fold(name) if self.folded else name, index)
            if first != index:
                yield index, f"this {self.attribute.replace('_', ' ')} is given twice; first in [{first}]"


def column(model: type[models.Model], name: str, *, folded: bool = False) -> Check:
    """Check against a column's limits. ``folded`` checks the form that is stored of host names and domains."""
    field: Any = model._meta.get_field(name)

    def check(value: Any) -> str | None:
        if isinstance(value, str):
            if value != value.strip():
                return "begins or ends with a blank"
            if not value:
                return None if field.blank else "is empty"
            if folded:
                value = fold(value).rstrip(".")
        try:
            field.run_validators(value)
        except ValidationError as error:
            return "; ".join(_as_clause(message) for message in error.messages)
        limit = getattr(field, "max_length", None)
        if isinstance(value, str) and limit is not None and len(fold(value)) > limit:
            return f"has more than {limit} characters when its case is folded"
        return None

    return check


def email_address(value: str) -> str | None:
    """An e-mail address; "" for none."""
    try:
        if value:
            validate_email(value)
    except ValidationError:
        return "is not an e-mail address"
    return None


def region(value: str) -> str | None:
    """One of the deployment's regions."""
    known = sorted(settings.BROKER_REGIONS)
    if value == "" or value in known:
        return None
    if not known:
        return "this deployment has no regions (BROKER_REGIONS)"
    return f"must be {one_of(known)} (BROKER_REGIONS)"


def time_zone(value: str) -> str | None:
    """An IANA time zone; "" for none."""
    if value == "" or value in _time_zones():
        return None
    return f"is not an IANA time zone{did_you_mean(value, _time_zones())}"


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def language(value: str) -> str | None:
    """One of the product's languages; "" for none."""
    known = [code for code, _ in settings.LANGUAGES]
    return None if value == "" or value in known else f"must be {one_of(known)}"


def outside_url(value: str) -> str | None:
    """A URL that we may call or send a browser to (V-23)."""
    if value == "":
        return None
    try:
        check_url(value, settings.BROKER_NETWORK_ALLOW_LIST)
    except OutboundError as error:
        if error.code is OutboundCode.NOT_HTTPS:
            return "must begin with https:// (http only for a host:port in BROKER_NETWORK_ALLOW_LIST)"
        if error.code is OutboundCode.BLOCKED_ADDRESS:
            return "is no public address (others only from BROKER_NETWORK_ALLOW_LIST)"
        return "is no URL that can be used: absolute, without user name and fragment"
    return None


def landing_url(value: str) -> str | None:
    """A path of the product, or a URL elsewhere (L-7)."""
    if value.startswith("/"):
        return None if safe_next(value) else "is no path of this host"
    return outside_url(value) if value else "is empty"


def certificate(value: str) -> str | None:
    """An X.509 certificate in PEM or base64 (S-2)."""
    try:
        parse_certificates(value.encode())
    except CertificateError as error:
        return f"is no certificate that can be used ({error.code.value})"
    return None


def certificate_or_none(value: str) -> str | None:
    """An X.509 certificate; "" for none."""
    return certificate(value) if value else None


def api_key(value: str) -> str | None:
    """A partner's key (S-6)."""
    return None if _API_KEY.match(value) else "must have exactly 32 characters: letters, digits, - or _"


def tenant_id(value: str) -> str | None:
    """A tenant of Entra."""
    return None if _GUID.match(value) else "must be a GUID like 11111111-2222-4333-8444-555555555555"


def secret(value: str) -> str | None:
    """A client secret; "" removes it."""
    return f"has more than {_MAX_SECRET} characters" if len(value) > _MAX_SECRET else None


def client_authentication(value: str) -> str | None:
    """One of the methods of OpenID Connect Core §9 that we speak; "" for the best that the provider takes."""
    known = [method.value for method in ClientAuthentication]
    return None if value == "" or value in known else f"must be {one_of(known)}"


def not_empty(value: str) -> str | None:
    """Some text."""
    return None if value.strip() else "is empty"


def _as_clause(message: str) -> str:
    text = message.rstrip(".")
    return text[:1].lower() + text[1:]
