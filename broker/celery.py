"""The Celery application: ``celery -A broker worker`` and ``celery -A broker beat``.

Tasks live in each app's ``tasks.py``; the schedule is ``CELERY_BEAT_SCHEDULE`` in ``broker.settings.services``. Tasks
take ids, read again what they work on, and bear being run twice. Without ``CELERY_BROKER_URL`` messages travel through
files (``broker.file_queue``).
"""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from celery.signals import beat_init, setup_logging, worker_init
from django.core.exceptions import ImproperlyConfigured
from django_structlog.celery.steps import DjangoStructLogInitStep

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "broker.settings")

app = Celery("broker")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["worker"].add(DjangoStructLogInitStep)


@setup_logging.connect
def _keep_django_logging(**_: Any) -> None:
    """Leave logging as the settings made it; Celery's own set-up would print around the redaction."""


@worker_init.connect
@beat_init.connect
def _refuse_unsafe_start(**_: Any) -> None:
    """End a worker or scheduler whose settings the web would refuse; Celery ignores what the checks say."""
    from broker.checks import refuse_unsafe_start

    try:
        refuse_unsafe_start()
    except ImproperlyConfigured as error:
        # An exception would only be logged; Celery lets SystemExit through its signals.
        raise SystemExit(str(error)) from error
