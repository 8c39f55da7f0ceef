"""Refuse to start with settings that are unsafe for a deployment that others can reach.

Django's system checks, run by every management command, by the Celery worker, and by ``broker.wsgi``. Localhost is
exempt from what only matters on a network. A missing secret is refused even earlier, while settings are read
(``broker.settings.environment``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.apps import apps
from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError

from foundation.encryption import is_unreadable

_SECRET_LENGTH = 50  # characters, as Django's own security.W009
_DISTINCT = 10
# The encrypted columns that outlast any retention: what a lost key takes away until somebody enters it again.
_LASTING = (
    ("sso_oidc.OidcSettings", "client_secret"),
    ("sso.GraphAccess", "client_secret"),
    ("sso_oidc.ClientKeyPair", "private_key"),
    ("sso_saml.SpKeyPair", "private_key"),
    ("accounts.SecondFactor", "secret"),
)
_NAMED = 20  # rows in one message


def register_all() -> None:
    """Make the checks known to Django."""
    checks.register(checks.Tags.database)(check_stored_secrets)
    for check in (check_public_address, check_secrets, check_simulator, check_services):
        checks.register(checks.Tags.security)(check)


def refuse_unsafe_start() -> None:
    """Raise ``ImproperlyConfigured`` with every error of the security checks; used where no command runs them."""
    errors = [found for found in checks.run_checks(tags=[checks.Tags.security]) if found.is_serious()]
    if errors:
        raise ImproperlyConfigured("unsafe settings:\n" + "\n".join(f"  {found}" for found in errors))


def _is_weak(secret: str) -> bool:
    return len(secret) < _SECRET_LENGTH or len(set(secret)) < _DISTINCT or "change-me" in secret.lower()


def check_public_address(app_configs: Sequence[Any] | None = None, **_: Any) -> list[checks.CheckMessage]:
    """A base URL that isn't localhost is https, so are the regions'; debug pages are off, second factors on (V-11)."""
    found: list[checks.CheckMessage] = []
    base = urlsplit(settings.BROKER_BASE_URL)
    for name, url in settings.BROKER_REGIONS.items():
        if urlsplit(url).scheme != base.scheme:
            found.append(
                checks.Error(
                    f"BROKER_REGIONS: {name} has another scheme than BROKER_BASE_URL", id="broker.E002"
                )
            )
    if settings.BROKER_IS_LOCAL:
        return found
    if base.scheme != "https":
        found.append(
            checks.Error(
                "BROKER_BASE_URL must be https: over http anyone on the way reads the sessions",
                hint="End TLS in front of the web server and give the https URL that browsers use.",
                id="broker.E001",
            )
        )
    if settings.DEBUG:
        found.append(
            checks.Error(
                "BROKER_DEBUG shows settings and variables to every visitor; localhost only", id="broker.E003"
            )
        )
    if not settings.BROKER_REQUIRE_SECOND_FACTOR:
        found.append(
            checks.Error(
                "BROKER_REQUIRE_SECOND_FACTOR=false lets operators in by a password alone; localhost only",
                id="broker.E009",
            )
        )
    return found


def check_secrets(app_configs: Sequence[Any] | None = None, **_: Any) -> list[checks.CheckMessage]:
    """Secrets that were given by hand are long and not placeholders; each encryption key is used once."""
    found: list[checks.CheckMessage] = []
    hint = "python3 -c 'import secrets; print(secrets.token_urlsafe(48))' prints a good one."
    if _is_weak(settings.SECRET_KEY):
        found.append(
            checks.Error("BROKER_SECRET_KEY is too short or a placeholder", hint=hint, id="broker.E004")
        )
    keys = settings.BROKER_ENCRYPTION_KEYS
    if not keys:
        found.append(checks.Error("BROKER_ENCRYPTION_KEYS is empty", hint=hint, id="broker.E005"))
    if any(_is_weak(key) for key in keys):
        found.append(
            checks.Error(
                "a key in BROKER_ENCRYPTION_KEYS is too short or a placeholder", hint=hint, id="broker.E006"
            )
        )
    if len(set(keys)) != len(keys) or settings.SECRET_KEY in keys:
        found.append(
            checks.Error(
                "BROKER_SECRET_KEY and BROKER_ENCRYPTION_KEYS must all differ", hint=hint, id="broker.E007"
            )
        )
    return found


def check_simulator(app_configs: Sequence[Any] | None = None, **_: Any) -> list[checks.CheckMessage]:
    """The simulator signs in anyone as anyone and is never part of the product."""
    if any(app == "simulator" or app.startswith("simulator.") for app in settings.INSTALLED_APPS):
        return [checks.Error("the simulator must not be an installed app", id="broker.E008")]
    return []


def check_services(app_configs: Sequence[Any] | None = None, **_: Any) -> list[checks.CheckMessage]:
    """Files as a queue work on one machine only, which a shared database or cache suggests is not the case."""
    shared = settings.DATABASES["default"]["ENGINE"] != "django.db.backends.sqlite3"
    if shared and not settings.BROKER_IS_LOCAL and settings.CELERY_BROKER_URL.startswith("filesystem:"):
        return [
            checks.Warning(
                "CELERY_BROKER_URL is not set: web and worker must then run on one machine and share BROKER_VAR",
                id="broker.W001",
            )
        ]
    return []


def check_stored_secrets(
    app_configs: Sequence[Any] | None = None, databases: Sequence[str] | None = None, **_: Any
) -> list[checks.CheckMessage]:
    """``BROKER_ENCRYPTION_KEYS`` open what is stored; run by ``manage.py check --database default`` and ``migrate``.

    A warning each, since one customer's unreadable secret is no reason to stop everybody's deployment.
    """
    found: list[checks.CheckMessage] = []
    for label, column in _LASTING if databases else ():
        model: Any = apps.get_model(label)
        try:
            rows = [row for row in model.objects.order_by("pk").iterator() if is_unreadable(row, column)]
        except DatabaseError:  # not migrated yet
            continue
        if rows:
            named = "; ".join(str(row) for row in rows[:_NAMED])
            more = "" if len(rows) <= _NAMED else f"; and {len(rows) - _NAMED} more"
            found.append(
                checks.Warning(
                    f"{len(rows)} × {label}.{column} can't be decrypted: {named}{more}",
                    hint="Put the key that is missing back into BROKER_ENCRYPTION_KEYS, or enter the secrets again.",
                    id="broker.W002",
                )
            )
    return found
