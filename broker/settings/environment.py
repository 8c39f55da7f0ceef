"""The deployment's own settings: every ``BROKER_…`` variable, read once and typed.

``.env`` in the repository's root is read when present; what the process environment says wins. On localhost the secret
key and the encryption key are made once and kept in ``BROKER_VAR``; anywhere else they must be given.
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

from broker.settings import generated_secrets, values

__all__ = [
    "BASE_DIR",
    "BROKER_BASE_URL",
    "BROKER_DEPLOYMENT",
    "BROKER_DNS_SERVERS",
    "BROKER_ENCRYPTION_KEYS",
    "BROKER_IS_HTTPS",
    "BROKER_IS_LOCAL",
    "BROKER_NETWORK_ALLOW_LIST",
    "BROKER_PRODUCT_NAME",
    "BROKER_REGIONS",
    "BROKER_REQUIRE_SECOND_FACTOR",
    "BROKER_SCIM_RATE",
    "BROKER_SUPPORT_EMAIL",
    "BROKER_TRUSTED_PROXIES",
    "BROKER_VAR",
    "DEBUG",
    "SECRET_KEY",
]

BASE_DIR = Path(__file__).resolve().parent.parent.parent

environ.Env.read_env(BASE_DIR / ".env")


def _text(variable: str, default: str = "") -> str:
    # An empty variable counts as unset, as container files often pass them on.
    return os.environ.get(variable, "").strip() or default


DEBUG = values.switch("BROKER_DEBUG", _text("BROKER_DEBUG"))

BROKER_BASE_URL = values.public_url("BROKER_BASE_URL", _text("BROKER_BASE_URL", "http://localhost:8000"))
BROKER_IS_LOCAL = values.is_local_host(urlsplit(BROKER_BASE_URL).hostname or "")
BROKER_IS_HTTPS = BROKER_BASE_URL.startswith("https://")
BROKER_REGIONS = values.regions("BROKER_REGIONS", _text("BROKER_REGIONS"))

BROKER_PRODUCT_NAME = _text("BROKER_PRODUCT_NAME", "Identity Broker")
BROKER_SUPPORT_EMAIL = _text("BROKER_SUPPORT_EMAIL", f"support@{urlsplit(BROKER_BASE_URL).hostname}")
BROKER_DEPLOYMENT = values.one_of(
    "BROKER_DEPLOYMENT", _text("BROKER_DEPLOYMENT", "multi"), ("multi", "private")
)

# V-11. On localhost a newcomer's operator signs in without; broker.checks refuses that anywhere else.
BROKER_REQUIRE_SECOND_FACTOR = values.switch(
    "BROKER_REQUIRE_SECOND_FACTOR",
    _text("BROKER_REQUIRE_SECOND_FACTOR", "false" if BROKER_IS_LOCAL else "true"),
)

BROKER_NETWORK_ALLOW_LIST = values.host_ports("BROKER_NETWORK_ALLOW_LIST", _text("BROKER_NETWORK_ALLOW_LIST"))
BROKER_DNS_SERVERS = values.name_servers("BROKER_DNS_SERVERS", _text("BROKER_DNS_SERVERS"))
BROKER_TRUSTED_PROXIES = values.networks("BROKER_TRUSTED_PROXIES", _text("BROKER_TRUSTED_PROXIES"))
BROKER_SCIM_RATE = values.whole_number("BROKER_SCIM_RATE", _text("BROKER_SCIM_RATE", "100"))

BROKER_VAR = Path(_text("BROKER_VAR", "var"))
if not BROKER_VAR.is_absolute():
    BROKER_VAR = BASE_DIR / BROKER_VAR
BROKER_VAR.mkdir(parents=True, exist_ok=True, mode=0o700)


def _secret(variable: str, file_name: str) -> str:
    given = _text(variable)
    if given:
        return given
    if not BROKER_IS_LOCAL:
        raise ImproperlyConfigured(
            f"{variable} is not set. It is made automatically only while BROKER_BASE_URL is on localhost; "
            f"for {BROKER_BASE_URL} give a random text of 50 characters or more."
        )
    return generated_secrets.load_or_create(BROKER_VAR / file_name)


SECRET_KEY = _secret("BROKER_SECRET_KEY", "secret-key")
BROKER_ENCRYPTION_KEYS = values.items(_secret("BROKER_ENCRYPTION_KEYS", "encryption-keys"))
