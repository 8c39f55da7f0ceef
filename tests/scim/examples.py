"""How many examples hypothesis tries: few by default; ``BROKER_TEST_EXAMPLES=20`` makes it twenty times as many."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings


def tries(number: int) -> settings:
    """Return settings for ``number`` examples, times the factor of the environment."""
    factor = int(os.environ.get("BROKER_TEST_EXAMPLES", "1"))
    return settings(max_examples=number * factor, deadline=None, suppress_health_check=list(HealthCheck))
