"""Versions of resources: weak ETags, If-Match and If-None-Match (RFC 7644 §3.14, RFC 9110 §13)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from django.http import HttpRequest

from scim.errors import PreconditionFailed

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TAG = re.compile(r'(?:W/)?"([^"]*)"')


def version_of(updated_at: datetime, document_version: int) -> str:
    """Return the entity tag of a resource from when its row changed and how often its document did."""
    return f'W/"{(updated_at - _EPOCH) // timedelta(microseconds=1):x}-{document_version}"'


def require_match(request: HttpRequest, version: str) -> None:
    """Raise ``PreconditionFailed`` when the client wants to change another version than this.

    RFC 9110 lets If-Match compare only strong tags; SCIM's are weak, and RFC 7644 §3.14 uses them here all the same.
    """
    require_version(request.META.get("HTTP_IF_MATCH", ""), version)


def require_version(wanted: str, version: str) -> None:
    """Do the same for tags that are no header: ``version`` of an operation in a bulk request (RFC 7644 §3.7)."""
    wanted = wanted.strip()
    if wanted and wanted != "*" and not _names(wanted, version):
        raise PreconditionFailed(f"The resource is now at version {version}.")


def is_unchanged(request: HttpRequest, version: str) -> bool:
    """Tell whether the client already has this version, so that 304 will do."""
    known = request.META.get("HTTP_IF_NONE_MATCH", "").strip()
    return bool(known) and (known == "*" or _names(known, version))


def _names(header: str, version: str) -> bool:
    opaque = version.removeprefix("W/").strip('"')
    return opaque in _TAG.findall(header) or header in (version, opaque)
