"""Celery's entrances to ``audit``."""

from __future__ import annotations

from celery import shared_task

from audit import maintenance


@shared_task(name="audit.tasks.apply_retention", ignore_result=True)
def apply_retention() -> None:
    """Delete what is past its retention (daily, by beat)."""
    maintenance.apply_retention()
