"""Whose key is this (S-6)?"""

from __future__ import annotations

from django.utils import timezone

from accounts.models import Partner, PartnerKey
from foundation.secret_tokens import digest, matches

_LONGEST = 128  # characters that are worth hashing; a key has 32


def holder_of(plain: str) -> Partner | None:
    """Return the partner whose key this is and still works, None for every other text.

    Found by its digest, so the time that it takes says nothing about how much of a guess was right; unknown and expired
    keys take the same one query.
    """
    plain = plain[:_LONGEST]
    key = PartnerKey.objects.filter(digest=digest(plain)).select_related("partner").first()
    if key is None or not matches(plain, key.digest):
        return None
    return key.partner if key.expires_at is None or key.expires_at > timezone.now() else None
