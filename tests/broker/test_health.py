"""What an orchestrator learns: alive, and able to serve or why not; never a detail that helps a stranger."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings


def readiness() -> tuple[int, dict[str, str]]:
    """Ask as a load balancer does, by address."""
    response = Client(headers={"host": "10.0.0.7"}).get("/readyz")
    return response.status_code, response.json()


@pytest.mark.django_db(transaction=True)
def test_deployment_with_everything_in_place_is_ready() -> None:
    #
    assert readiness() == (200, {"database": "ok", "migrations": "ok", "cache": "ok", "queue": "ok"})


@pytest.mark.django_db(transaction=True)
def test_deployment_without_its_queue_is_alive_but_not_ready(settings: Settings, tmp_path: Path) -> None:
    #
    settings.CELERY_BROKER_TRANSPORT_OPTIONS = {"data_folder_out": str(tmp_path / "gone")}
    status, answer = readiness()
    assert status == 503
    assert answer["queue"] == "failed"
    assert str(tmp_path) not in str(answer)
    assert Client(headers={"host": "10.0.0.7"}).get("/healthz").status_code == 200
