"""The regions of a deployment and their base URLs (``BROKER_REGIONS``, S-6).

A deployment without regions is one region without a name, whose base URL is the deployment's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

from foundation import public_urls


@dataclass(frozen=True, slots=True)
class Region:
    """``name`` is "" for a deployment without regions; ``base_url`` has no trailing slash."""

    name: str
    base_url: str


def all_regions() -> tuple[Region, ...]:
    """Return every region, by name."""
    named = settings.BROKER_REGIONS or {"": public_urls.base_url()}
    return tuple(Region(name, str(url).rstrip("/")) for name, url in sorted(named.items()))


def at_host(host: str) -> Region | None:
    """Return the region that answers under ``host`` (a Host header), None for an account's host or an unknown one."""
    return next(
        (region for region in all_regions() if urlsplit(region.base_url).netloc == host.lower()), None
    )


def named(name: str) -> Region | None:
    """Return the region of this name, None when there is none (any more)."""
    return next((region for region in all_regions() if region.name == name), None)
