"""How often a token may ask (P-8, V-21)."""

from __future__ import annotations

import os
import subprocess
import sys

from pytest_django import Settings

from tests.scim.directory import Directory, error_of


def test_beyond_its_rate_a_token_is_told_when_to_come_back(
    directory: Directory, other: Directory, settings: Settings
) -> None:
    """P-8"""
    settings.BROKER_SCIM_RATE = 3
    statuses = [directory.get("/Users").status_code for _ in range(12)]
    assert statuses[:3] == [200, 200, 200]
    assert 429 in statuses
    settings.BROKER_SCIM_RATE = 1
    refused = next(r for r in (directory.get("/Users") for _ in range(50)) if r.status_code == 429)
    assert int(refused.headers["Retry-After"]) >= 1
    assert "operations a second" in error_of(refused)["detail"]
    # Another account's token has its own count.
    settings.BROKER_SCIM_RATE = 3
    assert other.get("/Users").status_code == 200


def test_default_rate_is_above_what_entra_expects() -> None:
    """P-8: Entra sends up to 25 requests a second."""
    environment = {key: value for key, value in os.environ.items() if key != "BROKER_SCIM_RATE"}
    script = "from broker.settings import BROKER_SCIM_RATE; print(BROKER_SCIM_RATE)"
    found = subprocess.run(
        [sys.executable, "-c", script],
        env={**environment, "BROKER_SCIM_RATE": ""},
        capture_output=True,
        text=True,
    )
    assert found.stdout.strip() == "100", found.stderr
