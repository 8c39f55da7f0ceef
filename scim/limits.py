"""How much one request may ask for (V-21). What a client should know of it is stated by /ServiceProviderConfig."""

from __future__ import annotations

from django.conf import settings

BODY_BYTES = 1024 * 1024
JSON_DEPTH = 20
PATCH_OPERATIONS = 1_000
MEMBERS = 10_000  # ids in one request
BULK_OPERATIONS = 1_000
VALUES = 100  # entries of one multi-valued attribute

FILTER_CHARACTERS = 4_096
FILTER_TERMS = 60  # comparisons; each may become a subquery. scim2-models limits the depth to 32
PATH_CHARACTERS = 1_024

PAGE_DEFAULT = 100
PAGE_MAX = 500


def bulk_operations() -> int:
    """Return how many operations one bulk request may hold.

    Each counts against the token's operations a second (V-21), so more than a second's worth could never be taken; a
    limit that is stated beforehand is better than a 429 that no waiting cures.
    """
    rate: int = settings.BROKER_SCIM_RATE
    return min(BULK_OPERATIONS, rate) if rate > 0 else BULK_OPERATIONS
