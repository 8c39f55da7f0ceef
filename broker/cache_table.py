"""The table of the embedded cache is made by ``migrate``, so that no step of its own can be forgotten.

Without ``REDIS_URL`` the cache lives in the database (table ``broker_cache``), which Django doesn't migrate.
"""

from __future__ import annotations

from typing import Any

from django.core.management import call_command


def create(*, using: str, **_: Any) -> None:
    """Make the cache's table in database ``using`` if it is missing; with Redis as the cache nothing happens."""
    call_command("createcachetable", database=using, verbosity=0)
