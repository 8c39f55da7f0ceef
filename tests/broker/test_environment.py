"""An operator sets variables: bad ones are refused at start with the variable's name, good ones take effect."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from broker.settings import values

ROOT = Path(__file__).resolve().parents[2]
LONG = "Zk3-9fQ" * 10
PUBLIC = {
    "BROKER_BASE_URL": "https://login.example.com",
    "BROKER_SECRET_KEY": LONG + "secret",
    "BROKER_ENCRYPTION_KEYS": LONG + "new," + LONG + "old",
}


def start(folder: Path, code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run ``code`` in a fresh process with only ``environment`` set, data in ``folder``."""
    cleared = {
        name: "" for name in os.environ if name.startswith(("BROKER_", "DATABASE_", "REDIS_", "CELERY_"))
    }
    environment = {
        **os.environ,
        **cleared,
        "DJANGO_SETTINGS_MODULE": "broker.settings",
        "BROKER_VAR": str(folder),
        **environment,
    }
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )


SHOW = (
    "import json; from django.conf import settings as s;"
    "print(json.dumps([s.SESSION_COOKIE_NAME, s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_NAME, s.SECURE_HSTS_SECONDS > 0]))"
)


def test_base_url_over_https_makes_cookies_host_bound_and_secure(tmp_path: Path) -> None:
    # V-7
    shown = json.loads(start(tmp_path, SHOW, **PUBLIC).stdout)
    assert shown == ["__Host-session", True, "__Host-csrf", True]


def test_localhost_over_http_works_without_prefix(tmp_path: Path) -> None:
    shown = json.loads(start(tmp_path, SHOW).stdout)
    assert shown == ["session", False, "csrf", False]


def test_localhost_makes_its_keys_once_and_keeps_them_to_itself(tmp_path: Path) -> None:
    code = "from django.conf import settings as s; print(s.SECRET_KEY, s.BROKER_ENCRYPTION_KEYS)"
    first, second = start(tmp_path, code), start(tmp_path, code)
    assert first.returncode == 0
    assert first.stdout == second.stdout
    for name in ("secret-key", "encryption-keys"):
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
    assert len({(tmp_path / name).read_text() for name in ("secret-key", "encryption-keys")}) == 2


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"BROKER_SECRET_KEY": ""}, "BROKER_SECRET_KEY is not set"),
        ({"BROKER_ENCRYPTION_KEYS": ""}, "BROKER_ENCRYPTION_KEYS is not set"),
        ({"BROKER_SECRET_KEY": "short"}, "broker.E004"),
        ({"BROKER_SECRET_KEY": "change-me" * 10}, "broker.E004"),
        ({"BROKER_ENCRYPTION_KEYS": LONG + ",short"}, "broker.E006"),
        ({"BROKER_ENCRYPTION_KEYS": PUBLIC["BROKER_SECRET_KEY"]}, "broker.E007"),
        ({"BROKER_BASE_URL": "http://login.example.com"}, "broker.E001"),
        ({"BROKER_DEBUG": "true"}, "broker.E003"),
        ({"BROKER_REQUIRE_SECOND_FACTOR": "false"}, "broker.E009"),
        ({"BROKER_REGIONS": "eu=http://eu.example.com"}, "broker.E002"),
    ],
)
def test_public_deployment_refuses_to_start_on_an_unsafe_setting(
    tmp_path: Path, change: dict[str, str], named: str
) -> None:
    started = start(tmp_path, "import broker.wsgi", **{**PUBLIC, **change})
    assert started.returncode != 0
    assert named in started.stderr
    assert LONG not in started.stderr


def test_public_deployment_starts_with_safe_settings(tmp_path: Path) -> None:
    started = start(tmp_path, "import broker.wsgi; print('up')", **PUBLIC)
    assert started.stdout == "up\n", started.stderr


def test_debug_pages_never_come_up_by_a_typing_error() -> None:
    with pytest.raises(ImproperlyConfigured, match="BROKER_DEBUG"):
        values.switch("BROKER_DEBUG", "flase")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("https://Login.Example.com/", "https://login.example.com"),
        ("https://login.example.com:443", "https://login.example.com"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_base_url_is_kept_as_browsers_send_it(given: str, expected: str) -> None:
    assert values.public_url("X", given) == expected


@pytest.mark.parametrize(
    "given",
    [
        "login.example.com",
        "ftp://x.example",
        "https://a@b.example",
        "https://b.example/path",
        "https://b.example?x=1",
        "https://b.example:99999",
        "https://",
        "",
    ],
)
def test_base_url_with_anything_but_scheme_host_and_port_is_refused(given: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="BROKER_BASE_URL"):
        values.public_url("BROKER_BASE_URL", given)


def test_regions_and_allow_list_are_read_as_pairs() -> None:
    # S-6, O-5
    assert values.regions("X", "eu=https://eu.example.com, us=https://us.example.com/") == {
        "eu": "https://eu.example.com",
        "us": "https://us.example.com",
    }
    assert values.host_ports("X", "IdP.internal:8443,[::1]:9000") == {("idp.internal", 8443), ("::1", 9000)}


def test_name_servers_are_read_with_and_without_a_port() -> None:
    # V-6
    given = "10.0.0.53, 10.0.0.54:5353, [fd00::53]:5353, [fd00::54], fd00::55"
    assert values.name_servers("X", given) == (
        ("10.0.0.53", 53),
        ("10.0.0.54", 5353),
        ("fd00::53", 5353),
        ("fd00::54", 53),
        ("fd00::55", 53),
    )
    assert values.name_servers("X", "") == ()


@pytest.mark.parametrize("given", ["dns.example", "10.0.0.53:", "10.0.0.53:0", "[fd00::53]5353", "10.0.0"])
def test_name_server_that_is_no_address_is_refused(given: str) -> None:
    # V-6
    with pytest.raises(ImproperlyConfigured, match="BROKER_DNS_SERVERS"):
        values.name_servers("BROKER_DNS_SERVERS", given)


@pytest.mark.parametrize(
    "given", ["eu", "eu=https://a.example,eu=https://b.example", "a=https://x.example,b=https://x.example"]
)
def test_ambiguous_regions_are_refused(given: str) -> None:
    # S-6
    with pytest.raises(ImproperlyConfigured, match="BROKER_REGIONS"):
        values.regions("BROKER_REGIONS", given)


@pytest.mark.parametrize(
    "given", ["idp.internal", "idp.internal:", "idp:0", "idp:70000", ":443", "http://idp:443"]
)
def test_allow_list_entry_that_is_no_host_and_port_is_refused(given: str) -> None:
    # O-5
    with pytest.raises(ImproperlyConfigured, match="BROKER_NETWORK_ALLOW_LIST"):
        values.host_ports("BROKER_NETWORK_ALLOW_LIST", given)
