"""Counters that slow an abuser down: fixed windows in the shared cache.

Nothing here decides who may enter; a lost counter only means a little more traffic. Whatever must hold for correctness
(one-time use, quotas that are promised) is a row in the database instead (design rule 11).
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from django.core.cache import cache

from foundation.secret_tokens import digest

# Counting in the database's cache gives an entry the default expiry, which would end a longer window early.
_FORGOTTEN_AFTER = 300  # seconds, Django's default


@dataclass(frozen=True, slots=True)
class Verdict:
    """``allowed``, and when not, after how many whole seconds a further try makes sense."""

    allowed: bool
    retry_after: int = 0


def hit(scope: str, key: str, *, limit: int, seconds: int, amount: int = 1) -> Verdict:
    """Count ``amount`` uses of ``key`` in the present window of ``seconds`` and tell whether that is within ``limit``.

    ``limit`` 0 or less switches the limit off. ``key`` is hashed, so addresses and tokens don't lie in the cache.
    """
    if limit <= 0:
        return Verdict(True)
    now = time.time()
    window = int(now // seconds)
    name = f"rate:{scope}:{digest(key)[:32]}:{window}"
    used = _counted(name, amount, seconds)
    if used <= limit:
        return Verdict(True)
    return Verdict(False, retry_after=max(1, int((window + 1) * seconds - now) + 1))


def _counted(name: str, amount: int, seconds: int) -> int:
    # Most hits find their window begun, so counting comes first: one round trip to Redis.
    try:
        used = cache.incr(name, amount)
    except ValueError:
        if cache.add(name, amount, timeout=seconds + 1):
            return amount
        try:
            used = cache.incr(name, amount)
        except ValueError:  # the entry expired between the two calls
            return amount
    if seconds >= _FORGOTTEN_AFTER:
        cache.touch(name, timeout=seconds + 1)
    return int(used)
