"""Where data, cache, queue and mail live: embedded by default, a service when its URL is given (design rule 11).

``DATABASE_URL`` (PostgreSQL), ``REDIS_URL`` (cache), ``CELERY_BROKER_URL`` (queue), ``EMAIL_URL`` (SMTP). Unset: SQLite
in write-ahead mode, a cache table in the database, a queue in ``var/celery``, and mails as files in ``var/mail``.
"""

from __future__ import annotations

import os
from typing import Any

import environ

from broker.settings.environment import BROKER_SUPPORT_EMAIL, BROKER_VAR

__all__ = [
    "CACHES",
    "CELERY_ACCEPT_CONTENT",
    "CELERY_BEAT_SCHEDULE",
    "CELERY_BEAT_SCHEDULE_FILENAME",
    "CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP",
    "CELERY_BROKER_TRANSPORT",
    "CELERY_BROKER_TRANSPORT_OPTIONS",
    "CELERY_BROKER_URL",
    "CELERY_ENABLE_UTC",
    "CELERY_RESULT_ACCEPT_CONTENT",
    "CELERY_RESULT_SERIALIZER",
    "CELERY_TASK_ACKS_LATE",
    "CELERY_TASK_IGNORE_RESULT",
    "CELERY_TASK_REJECT_ON_WORKER_LOST",
    "CELERY_TASK_SERIALIZER",
    "CELERY_TASK_SOFT_TIME_LIMIT",
    "CELERY_TASK_TIME_LIMIT",
    "CELERY_TIMEZONE",
    "CELERY_WORKER_ENABLE_REMOTE_CONTROL",
    "CELERY_WORKER_HIJACK_ROOT_LOGGER",
    "CELERY_WORKER_PREFETCH_MULTIPLIER",
    "DATABASES",
    "DEFAULT_FROM_EMAIL",
    "SERVER_EMAIL",
    *("EMAIL_BACKEND", "EMAIL_FILE_PATH", "EMAIL_HOST", "EMAIL_HOST_PASSWORD", "EMAIL_HOST_USER"),
    *("EMAIL_PORT", "EMAIL_TIMEOUT", "EMAIL_USE_SSL", "EMAIL_USE_TLS"),
]


def _url(variable: str) -> str:
    return os.environ.get(variable, "").strip()


# --- database ---------------------------------------------------------------------------------------------------------


def _database(url: str) -> dict[str, Any]:
    config: dict[str, Any] = environ.Env.db_url_config(url or f"sqlite:///{BROKER_VAR / 'broker.sqlite3'}")
    if config["ENGINE"] == "django.db.backends.sqlite3":
        config["OPTIONS"] = {
            # Readers and the one writer don't block each other; a commit survives a crash of the process.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
            # A transaction that begins by reading and then writes would fail at once under load ("database is
            # locked"): take the write lock at its start and wait for it.
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
        }
        # Tests use several threads and processes, which a database in memory can't be shared with.
        config["TEST"] = {"NAME": str(BROKER_VAR / "test.sqlite3")}
        return config
    if config["ENGINE"] == "django.db.backends.postgresql":
        config["ENGINE"] = "foundation.postgresql"  # Django's own, with prepared statements where asked for
        config.setdefault("OPTIONS", {}).setdefault("prepare_threshold", 0)
    config["CONN_MAX_AGE"] = 60
    config["CONN_HEALTH_CHECKS"] = True
    config.setdefault("OPTIONS", {}).setdefault("connect_timeout", 5)
    return config


DATABASES = {"default": _database(_url("DATABASE_URL"))}

# --- cache ------------------------------------------------------------------------------------------------------------

_redis = _url("REDIS_URL")
CACHES: dict[str, dict[str, Any]]
if _redis:
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": _redis,
            "KEY_PREFIX": "broker",
            "OPTIONS": {"socket_timeout": 5, "socket_connect_timeout": 5},
        }
    }
else:
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.db.DatabaseCache",
            "LOCATION": "broker_cache",
            "OPTIONS": {"MAX_ENTRIES": 50_000, "CULL_FREQUENCY": 5},
        }
    }

# --- queue ------------------------------------------------------------------------------------------------------------

_celery_folder = BROKER_VAR / "celery"
_celery_folder.mkdir(exist_ok=True, mode=0o700)

CELERY_BROKER_URL = _url("CELERY_BROKER_URL")
CELERY_BROKER_TRANSPORT: str | None = None  # the one that the URL names
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {}
CELERY_WORKER_ENABLE_REMOTE_CONTROL = True
if not CELERY_BROKER_URL:
    CELERY_BROKER_URL = "filesystem://localhost"
    CELERY_BROKER_TRANSPORT = "broker.file_queue:Transport"
    _messages = _celery_folder / "messages"
    _messages.mkdir(exist_ok=True, mode=0o700)
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(_messages),
        "data_folder_out": str(_messages),  # one folder: web and worker are the two ends of one queue
        "control_folder": str(_celery_folder / "control"),
        "polling_interval": 0.5,  # seconds between two looks into an empty queue
    }
    # Remote control leaves a file per worker ever started; nothing here uses it.
    CELERY_WORKER_ENABLE_REMOTE_CONTROL = False

# Never pickle: whoever can write to the queue could run code.
CELERY_TASK_SERIALIZER = "json"
CELERY_RESULT_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_RESULT_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
# A task that a dying worker held runs again; tasks are idempotent (the outbox claims its rows one by one).
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SOFT_TIME_LIMIT = 240  # seconds
CELERY_TASK_TIME_LIMIT = 300
CELERY_TIMEZONE = "UTC"
CELERY_ENABLE_UTC = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False

# Seconds between two runs. A run that could not start before the next one is due is dropped ("expires").
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "drain-outbox": {
        "task": "foundation.tasks.drain_outbox",
        "schedule": 10.0,
        "options": {"expires": 10},
    },
    "purge-expired": {
        "task": "sso.tasks.purge_expired",
        "schedule": 600.0,
        "options": {"expires": 600},
    },
    "purge-spent-assertions": {
        "task": "sso_saml.tasks.purge_spent_assertions",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "purge-oidc-logouts": {
        "task": "sso_oidc.tasks.purge_logouts",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "refresh-saml-metadata": {  # each provider once a day; this looks for those that are due
        "task": "sso_saml.tasks.refresh_metadata",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "recheck-domains": {
        "task": "accounts.tasks.recheck_domains",
        "schedule": 86_400.0,
        "options": {"expires": 3600},
    },
    "purge-sessions": {
        "task": "accounts.tasks.purge_sessions",
        "schedule": 86_400.0,
        "options": {"expires": 3600},
    },
    "purge-request-log": {
        "task": "scim.tasks.purge_request_log",
        "schedule": 86_400.0,
        "options": {"expires": 3600},
    },
    "purge-oauth": {
        "task": "scim.tasks.purge_oauth",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "count-group-sightings": {
        "task": "accounts.tasks.count_group_sightings",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "purge-group-sightings": {
        "task": "accounts.tasks.purge_group_sightings",
        "schedule": 86_400.0,
        "options": {"expires": 3600},
    },
    "purge-departures": {
        "task": "accounts.tasks.purge_departures",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "limit-leavers-tokens": {
        "task": "accounts.tasks.limit_leavers_tokens",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "limit-leavers-secrets": {
        "task": "scim.tasks.limit_leavers_secrets",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "purge-outbox": {
        "task": "foundation.tasks.purge_outbox",
        "schedule": 86_400.0,
        "options": {"expires": 3600},
    },
    "purge-claims": {
        "task": "sso.tasks.purge_claims",
        "schedule": 86_400.0,
        "options": {"expires": 3600},
    },
    "alert-expiring-certificates": {
        "task": "sso.tasks.alert_expiring_certificates",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "apply-retention": {
        "task": "audit.tasks.apply_retention",
        "schedule": 86_400.0,
        "options": {"expires": 3600},
    },
}
CELERY_BEAT_SCHEDULE_FILENAME = str(_celery_folder / "beat-schedule")

# --- mail -------------------------------------------------------------------------------------------------------------

_mail: dict[str, Any] = environ.Env.email_url_config(_url("EMAIL_URL")) if _url("EMAIL_URL") else {}
EMAIL_BACKEND: str = _mail.get("EMAIL_BACKEND", "django.core.mail.backends.filebased.EmailBackend")
EMAIL_HOST: str = _mail.get("EMAIL_HOST") or "localhost"
EMAIL_PORT: int = _mail.get("EMAIL_PORT") or 25
EMAIL_HOST_USER: str = _mail.get("EMAIL_HOST_USER") or ""
EMAIL_HOST_PASSWORD: str = _mail.get("EMAIL_HOST_PASSWORD") or ""
EMAIL_USE_TLS: bool = _mail.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL: bool = _mail.get("EMAIL_USE_SSL", False)
EMAIL_FILE_PATH: str = _mail.get("EMAIL_FILE_PATH") or str(BROKER_VAR / "mail")
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = BROKER_SUPPORT_EMAIL
SERVER_EMAIL = BROKER_SUPPORT_EMAIL
