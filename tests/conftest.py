"""What every test stands on: an environment of its own, and clients that speak to the configured host.

Settings are read from the environment, so it is prepared here before Django starts: nothing of the developer's ``.env``
or ``var/`` reaches a test, and each pytest-xdist worker has a data folder, a database and its part of the cache.
Only ``DATABASE_URL``, ``REDIS_URL`` and ``CELERY_BROKER_URL`` are taken from outside (``make test-services``).
"""

from __future__ import annotations

import atexit
import io
import logging
import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.test import Client
    from playwright.sync_api import Browser
    from pytest_django import Settings
    from pytest_django.live_server_helper import LiveServer

BASE_URL = "http://localhost:8000"

_USING_THE_DATABASE = {"db", "transactional_db", "live_server", "broker_server"}
_EMPTY = (
    "EMAIL_URL",
    "BROKER_SECRET_KEY",
    "BROKER_ENCRYPTION_KEYS",
    "BROKER_PRODUCT_NAME",
    "BROKER_SUPPORT_EMAIL",
    "BROKER_DEPLOYMENT",
    "BROKER_NETWORK_ALLOW_LIST",
    "BROKER_REGIONS",
    "BROKER_REQUIRE_SECOND_FACTOR",
    "BROKER_TRUSTED_PROXIES",
    "BROKER_DEBUG",
)


def _prepare_environment() -> None:
    if "broker.settings" in sys.modules:
        raise pytest.UsageError(
            "settings were read before the tests' environment: unset DJANGO_SETTINGS_MODULE"
        )
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if worker:
        folder = Path(os.environ["BROKER_VAR"]) / worker  # inside the controller's, which removes it
        folder.mkdir(exist_ok=True)
    else:
        folder = Path(tempfile.mkdtemp(prefix="broker-tests-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for variable in ("DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL"):
        os.environ.setdefault(variable, "")
    os.environ.update(
        dict.fromkeys(_EMPTY, "")
    )  # an empty variable counts as unset, and hides what .env says
    os.environ.update(
        BROKER_VAR=str(folder),
        BROKER_BASE_URL=BASE_URL,
        BROKER_SCIM_RATE="0",
        DJANGO_SETTINGS_MODULE="broker.settings",
    )


_prepare_environment()

import django  # noqa: E402  (after the environment)
from django.conf import settings as django_settings  # noqa: E402
from django.utils import translation  # noqa: E402

_CACHE = django_settings.CACHES["default"]
_CACHE["KEY_PREFIX"] = f"broker-tests-{secrets.token_hex(8)}"  # a Redis in use elsewhere keeps its keys

django.setup()

from tests import speed  # noqa: E402  (after Django)

speed.hash_passwords_quickly()
speed.look_for_static_files_once()
speed.hand_out_the_same_keys_again()
# pytest-xdist's workers inherit the environment, and would read the settings before they come here.
del os.environ["DJANGO_SETTINGS_MODULE"]


def pytest_collection_finish() -> None:
    """Begin the first test."""
    speed.leave_what_stays_out_of_garbage_collection()


@pytest.fixture(autouse=True)
def _no_language_left() -> None:
    """A request's language stays active in its thread until the next request; the next test may make none."""
    translation.deactivate()


@pytest.fixture(autouse=True)
def _empty_cache(request: pytest.FixtureRequest) -> None:
    """Counters of one test don't reach the next: no transaction rolls a cache back."""
    from django.core.cache import cache

    if "redis" in _CACHE["BACKEND"]:
        redis = cache._cache.get_client(None, write=True)  # type: ignore[attr-defined]  # Django has no clear-by-prefix
        for key in redis.scan_iter(match=f"{_CACHE['KEY_PREFIX']}:*"):
            redis.delete(key)
    elif request.node.get_closest_marker("django_db") or _USING_THE_DATABASE & set(request.fixturenames):
        request.getfixturevalue("db")
        cache.clear()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is the same on every database: ``make test-services`` leaves it to ``make test``.

    That is what asks none, and what is about a protocol's messages alone; whole sign-ins are in ``journeys``.
    """
    for item in items:
        names = set(getattr(item, "fixturenames", ()))
        asks = item.get_closest_marker("django_db") is not None or names & _USING_THE_DATABASE
        if not asks or item.path.parent.name in ("sso_oidc", "sso_saml"):
            item.add_marker(pytest.mark.any_database)


@pytest.fixture(autouse=True)
def _flushable_audit_trail(request: pytest.FixtureRequest) -> Iterator[None]:
    """After a test with real transactions every table is emptied, which the audit trail's triggers forbid."""
    marker = request.node.get_closest_marker("django_db")
    transactional = marker is not None and marker.kwargs.get("transaction", False)
    if not transactional and not {"transactional_db", "live_server", "broker_server"} & set(
        request.fixturenames
    ):
        yield
        return
    from audit import maintenance
    from audit.models import AuditEvent, AuditMaintenance

    request.getfixturevalue("transactional_db")
    yield
    with maintenance.opened():
        AuditEvent.objects.all().delete()
    AuditMaintenance.objects.update(is_open=True)  # PostgreSQL's TRUNCATE takes this row along


@pytest.fixture
def client() -> Client:
    """A browser without JavaScript on the deployment's own host."""
    return client_of("localhost:8000")


def client_of(host: str) -> Client:
    """Return a client that sends ``host`` as its Host header (an account's host name, an unknown one)."""
    from django.test import Client

    return Client(headers={"host": host})


@pytest.fixture
def broker_server(live_server: LiveServer, settings: Settings) -> str:
    """A real web server on localhost with the same database; its base URL, which is the configured one."""
    settings.BROKER_BASE_URL = live_server.url
    return str(live_server.url)


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Everything that goes to standard error while the test runs, debug lines of every library included."""
    [handler] = [each for each in logging.getLogger().handlers if each.get_name() == "stderr"]
    assert isinstance(handler, logging.StreamHandler)
    root, level = logging.getLogger(), logging.getLogger().level
    written = io.StringIO()
    before = handler.setStream(written)
    root.setLevel(logging.DEBUG)
    yield written
    root.setLevel(level)
    if before is not None:
        handler.setStream(before)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The system's Chromium (or ``BROWSER_TEST_CHROMIUM``), one for all browser tests: Playwright's event loop allows
    no second one beside it. Works as root and without a display.
    """
    from playwright.sync_api import sync_playwright

    found = (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))
    executable = os.environ.get("BROWSER_TEST_CHROMIUM") or next(filter(None, found), None)
    if executable is None:
        pytest.skip("no Chromium on this machine")
    quiet = [
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-quic",
    ]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable, args=["--no-sandbox", "--disable-gpu", "--no-first-run", *quiet]
        )
        yield browser
        browser.close()
