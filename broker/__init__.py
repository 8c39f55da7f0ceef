"""The Django project: settings from the environment, URLs, Celery, middleware, health and metrics. No domain code."""

from broker.celery import app as celery_app

__all__ = ["celery_app"]
