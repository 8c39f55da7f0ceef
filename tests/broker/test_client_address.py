"""Where a request comes from, with proxies that are trusted and headers that anyone can type (V-21)."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import Settings

from broker.middleware.client_address import find_address
from broker.settings import values

PROXIES = values.networks("test", "10.0.0.0/8, 2001:db8::/32")


@pytest.mark.parametrize(
    ("peer", "header", "expected"),
    [
        ("203.0.113.9", "", "203.0.113.9"),
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),  # nobody vouches for the header
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "1.1.1.1, 198.51.100.1", "198.51.100.1"),  # the client typed the left one
        ("10.0.0.1", "198.51.100.1, 10.0.0.2", "198.51.100.1"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("10.0.0.1", "198.51.100.1, <script>", "10.0.0.1"),
        ("10.0.0.1", "unknown, 10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("2001:db8::1", "2001:db9::7", "2001:db9::7"),
        ("", "198.51.100.1", "127.0.0.1"),
    ],
)
def test_forwarded_address_counts_only_as_far_as_trusted_proxies_wrote_it(
    peer: str, header: str, expected: str
) -> None:
    # V-21
    assert find_address(peer, header, PROXIES) == expected


def test_forwarded_address_is_ignored_without_trusted_proxies() -> None:
    # V-21
    assert find_address("127.0.0.1", "198.51.100.1", ()) == "127.0.0.1"


@pytest.mark.django_db
def test_metrics_are_for_a_scraper_on_this_machine_and_nobody_behind_a_proxy(settings: Settings) -> None:
    client = Client(headers={"host": "localhost:8000"})
    assert client.get("/metrics", REMOTE_ADDR="127.0.0.1").status_code == 200
    assert client.get("/metrics", REMOTE_ADDR="203.0.113.9").status_code == 404
    forwarded = client.get("/metrics", REMOTE_ADDR="127.0.0.1", HTTP_X_FORWARDED_FOR="203.0.113.9")
    assert forwarded.status_code == 404
    settings.BROKER_TRUSTED_PROXIES = PROXIES
    assert client.get("/metrics", REMOTE_ADDR="10.1.2.3").status_code == 200
    assert client.get("/metrics", REMOTE_ADDR="10.1.2.3", HTTP_X_FORWARDED_FOR="10.1.2.4").status_code == 404
