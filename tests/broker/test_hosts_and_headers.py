"""Which host names are answered, and what every answer carries to the browser."""

from __future__ import annotations

import pytest
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from accounts import lifecycle
from accounts.models import AccountHostName
from audit.actors import configuration


def get(path: str, host: str = "localhost:8000", **headers: str) -> HttpResponse:
    """Ask for ``path`` as a browser that sends ``host`` as its Host header."""
    return Client(headers={"host": host, **headers}).get(path)


def directives(response: HttpResponse) -> dict[str, set[str]]:
    """Return the Content-Security-Policy by directive."""
    parts = (part.split() for part in response.headers["Content-Security-Policy"].split(";") if part.strip())
    return {name: set(sources) for name, *sources in parts}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "localhost",
        "localhost:80",
        "localhost:8001",
        "127.0.0.1:8000",
        "localhost:8000.evil.example",
        "evil.example:8000",
        "localhost:8000,evil.example",
        "user@localhost:8000",
        "localhost:8000:8000",
        "localhost.:8000",
        "",
    ],
)
def test_host_that_is_not_configured_gets_400_and_learns_nothing(host: str) -> None:
    # design rule 9
    response = get("/login/", host)
    assert response.status_code == 400
    assert b"localhost" not in response.content
    assert b"Identity Broker" not in response.content


@pytest.mark.django_db
def test_unknown_host_gets_no_file_but_the_style_sheet_of_its_own_refusal() -> None:
    assert get("/static/broker/logo.svg", "evil.example").status_code == 400
    assert get("/static/console/console.js", "evil.example").status_code == 400
    assert get("/static/broker/site.css", "evil.example").status_code == 200


@pytest.mark.django_db
def test_host_names_are_compared_without_case() -> None:
    assert get("/static/broker/site.css", "LOCALHOST:8000").status_code == 200


@pytest.mark.django_db
def test_region_is_answered_under_its_base_url_and_no_other(settings: Settings) -> None:
    # S-6
    settings.BROKER_REGIONS = {"eu": "http://eu.localhost:8000"}
    assert get("/no-such-page", "eu.localhost:8000").status_code == 404
    assert get("/no-such-page", "us.localhost:8000").status_code == 400


@pytest.mark.django_db
def test_host_name_that_nobody_verified_is_not_answered() -> None:
    # V-6, X-1
    account = lifecycle.create_account(actor=configuration("tests"), slug="acme", name="Acme")
    row = AccountHostName.objects.create(account=account, host="login.acme.example")
    assert get("/login/acme/", "login.acme.example:8000").status_code == 400
    AccountHostName.objects.filter(pk=row.pk).update(verified_at=account.created_at)
    assert get("/login/acme/", "login.acme.example:8000").status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/healthz", "/metrics"])
def test_probe_is_answered_by_address(path: str) -> None:
    assert get(path, "10.0.0.7:8000").status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("host", ["127.0.0.1:8000", "[::1]:8000"])
def test_scim_client_may_use_the_loopback_address_but_a_browser_may_not(host: str) -> None:
    assert get("/api/scim/ServiceProviderConfig", host).status_code != 400
    assert get("/api/scimitar", host).status_code == 400
    assert get("/api/me", host).status_code == 400


@pytest.mark.django_db
def test_loopback_address_is_unknown_when_the_deployment_is_not_localhost(settings: Settings) -> None:
    settings.BROKER_BASE_URL = "https://login.example.com"
    assert get("/api/scim/ServiceProviderConfig", "127.0.0.1").status_code == 400


@pytest.mark.django_db
@pytest.mark.parametrize("host", ["localhost:8000", "evil.example"])
def test_every_page_forbids_inline_code_framing_and_caching(host: str) -> None:
    # V-24
    response = get("/no-such-page", host)
    policy = directives(response)
    assert policy["default-src"] == {"'none'"}
    assert policy["script-src"] == {"'self'"}
    assert policy["style-src"] == {"'self'"}
    assert policy["frame-ancestors"] == {"'none'"}
    assert policy["base-uri"] == {"'none'"}
    assert policy["form-action"] == {"'self'"}
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"] == "no-store"
    assert "camera=()" in response.headers["Permissions-Policy"]


@pytest.mark.django_db
def test_admin_policy_differs_in_unsafe_eval_only() -> None:
    page, admin = directives(get("/no-such-page")), directives(get("/admin/no-such-page/"))
    assert admin.pop("script-src") - page.pop("script-src") == {"'unsafe-eval'"}
    assert admin == page


@pytest.mark.django_db
def test_error_page_shows_the_track_id_of_the_header_and_a_support_contact() -> None:
    # L-11
    response = get("/no-such-page")
    assert response.status_code == 404
    assert response.headers["X-Track-Id"] in response.content.decode()
    assert "support@localhost" in response.content.decode()


@pytest.mark.django_db
def test_each_request_has_a_track_id_of_its_own_whatever_the_client_sends() -> None:
    # V-16
    first = get("/healthz", **{"x-track-id": "AAAA-AAAA-AAAA", "x-request-id": "AAAA-AAAA-AAAA"})
    second = get("/healthz")
    assert len({first.headers["X-Track-Id"], second.headers["X-Track-Id"], "AAAA-AAAA-AAAA"}) == 3


@pytest.mark.django_db
def test_unknown_address_below_api_is_answered_in_json() -> None:
    response = get("/api/no-such-thing")
    assert response.status_code == 404
    assert response.json() == {"error": "not_found", "track_id": response.headers["X-Track-Id"]}
