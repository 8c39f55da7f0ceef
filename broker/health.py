"""Probes for whatever watches over the processes: ``/healthz`` (alive) and ``/readyz`` (able to serve).

``/healthz`` touches nothing, so that a database outage doesn't make an orchestrator kill every web process.
``/readyz`` asks the database, its migrations, the cache and the queue, and names what fails without any detail: both
answer any Host and anyone. Built on django-health-check's checks; its own pages and formats are not served.
"""

from __future__ import annotations

import asyncio
import dataclasses
import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe
from health_check.base import HealthCheck
from health_check.checks import Cache, Database
from health_check.exceptions import ServiceUnavailable
from health_check.views import HealthCheckView

from broker.celery import app as celery_app


@require_safe
def liveness(request: HttpRequest) -> JsonResponse:
    """Answer that this process handles requests."""
    return JsonResponse({"status": "ok"})


@dataclasses.dataclass
class Migrations(HealthCheck):
    """The database has every migration that this code needs."""

    _seen_complete = False  # a process never needs more migrations later, so a good answer is kept

    def run(self) -> None:
        """Raise ``ServiceUnavailable`` while migrations are missing."""
        if Migrations._seen_complete:
            return
        try:
            executor = MigrationExecutor(connection)
            if executor.migration_plan(executor.loader.graph.leaf_nodes()):
                raise ServiceUnavailable("migrations are missing")
        finally:
            connection.close()  # this thread is the executor's, not a request's
        Migrations._seen_complete = True


@dataclasses.dataclass
class Queue(HealthCheck):
    """Work can be handed to Celery. Whether a worker is there is the worker's own probe."""

    timeout: datetime.timedelta = dataclasses.field(default=datetime.timedelta(seconds=3), repr=False)

    def run(self) -> None:
        """Raise ``ServiceUnavailable`` when the broker, or the folder in its place, can't be reached."""
        folder = settings.CELERY_BROKER_TRANSPORT_OPTIONS.get("data_folder_out")
        if folder is not None:
            if not Path(folder).is_dir():
                raise ServiceUnavailable("the queue's folder is missing")
            return
        try:
            with celery_app.connection_for_write(connect_timeout=2) as broker:
                broker.ensure_connection(max_retries=1, interval_start=0, timeout=2)
        except Exception as error:
            raise ServiceUnavailable("the message broker can't be reached") from error


class ReadinessView(HealthCheckView):
    """JSON of each check's name and "ok" or "failed"; 200 when all are well, else 503."""

    http_method_names = ["get", "head"]
    checks = (Database, Migrations, Cache, Queue)

    async def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> JsonResponse:
        """Run all checks at once."""
        results = await asyncio.gather(*(check.get_result(None) for check in self.get_checks()))
        answer = {
            type(result.check).__name__.lower(): "failed" if result.error else "ok" for result in results
        }
        return JsonResponse(answer, status=503 if "failed" in answer.values() else 200)
