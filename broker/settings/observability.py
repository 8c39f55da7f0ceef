"""Logs and metrics: one JSON object per line on standard error, every line with the track ID of its request.

``foundation.redaction`` masks every line, those of libraries included; request lines name the matched route and never
the raw path or query, which may hold codes and link tokens (V-24). In debug mode lines are coloured text.
"""

from __future__ import annotations

import json
import logging
from typing import Any

import structlog
from structlog.typing import EventDict, Processor

from broker.settings.environment import DEBUG

__all__ = [
    "DJANGO_STRUCTLOG_CELERY_ENABLED",
    "DJANGO_STRUCTLOG_IP_LOGGING_ENABLED",
    "LOGGING",
    "PROMETHEUS_EXPORT_MIGRATIONS",
]


def _redact(logger: Any, method: str, event: EventDict) -> EventDict:
    # Imported late: settings are read before the apps are.
    from foundation.redaction import redact_event

    return redact_event(logger, method, event)


def _add_track_id(logger: Any, method: str, event: EventDict) -> EventDict:
    # Read at each line: a returning sign-in changes it in the middle of a request.
    from foundation import track_ids

    if track_id := track_ids.current():
        event["track_id"] = track_id
    return event


_common: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    _add_track_id,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.stdlib.PositionalArgumentsFormatter(),
    # Tracebacks as text, without the frames' variables: those hold secrets.
    structlog.processors.format_exc_info,
    _redact,
]

structlog.configure(
    processors=[
        structlog.stdlib.filter_by_level,
        *_common,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)

# What a value that JSON doesn't know looks like: its repr, as structlog has it.
_to_json = json.JSONEncoder(default=repr).encode


def _as_json(event: EventDict, **_: Any) -> str:
    # One encoder for all lines: json.dumps makes a new one each time it is given a default.
    return _to_json(event)


# Where in the code a line was written, and by which thread, is in none of ours: don't look for it each time.
# (https://docs.python.org/3/howto/logging.html#optimization)
logging._srcfile = None
logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False

_renderer: Processor = (
    structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    if DEBUG
    else structlog.processors.JSONRenderer(serializer=_as_json)
)

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"mask_request_path": {"()": "broker.middleware.request_log.MaskRequestPath"}},
    "formatters": {
        "structured": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, _renderer],
            "foreign_pre_chain": _common,
        }
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "structured",
            "filters": ["mask_request_path"],
        },
        "none": {"class": "logging.NullHandler"},
    },
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        # Prints the request line with its query; RequestLogMiddleware says the same without secrets.
        "django.server": {"handlers": ["none"], "propagate": False},
        "axes": {"level": "WARNING"},
        # What django-structlog says about a task is enough, and doesn't print its result.
        "celery.app.trace": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
        # In debug both would print tokens that they issue.
        "oauth2_provider": {"level": "WARNING"},
        "oauthlib": {"level": "WARNING"},
        "onelogin": {"level": "WARNING"},
        "urllib3": {"level": "WARNING"},
    },
}

DJANGO_STRUCTLOG_CELERY_ENABLED = True
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False  # reads X-Forwarded-For from anyone; ours is bound instead

PROMETHEUS_EXPORT_MIGRATIONS = False
