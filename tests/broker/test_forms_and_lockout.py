"""A form must come from our own page, and guessing passwords ends soon, for every spelling of a name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core.management import call_command
from django.http import HttpResponse
from django.test import Client

PASSWORD = "analytical-engine-1843"
FILE = f"""
accounts:
  - slug: acme
    name: Acme Corp
    users:
      - {{user_name: Ada, given_name: Ada, account_roles: [Account Admin], password: {PASSWORD}}}
"""

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _acme(tmp_path: Path) -> None:
    file = tmp_path / "broker.yaml"
    file.write_text(FILE, encoding="utf-8")
    call_command("configure", str(file))


def browser(address: str = "203.0.113.9") -> Client:
    """A browser at ``address`` that is held to CSRF protection, as a real one is."""
    return Client(enforce_csrf_checks=True, headers={"host": "localhost:8000"}, REMOTE_ADDR=address)


def sign_in(client: Client, user_name: str, password: str, **headers: str) -> HttpResponse:
    """Open Acme's login page and send its password form."""
    page = client.get("/login/acme/").content.decode()
    [token] = set(re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', page))
    form = {"user_name": user_name, "password": password, "csrfmiddlewaretoken": token}
    return client.post("/login/acme/", form, headers=headers)


def is_signed_in(client: Client) -> bool:
    """Ask as an app would."""
    return client.get("/api/me").status_code == 200


def test_form_of_our_own_page_is_taken_although_the_browser_hides_its_origin() -> None:
    # V-24: Referrer-Policy: no-referrer makes browsers send "Origin: null"
    client = browser()
    sign_in(client, "Ada", PASSWORD, **{"origin": "null", "sec-fetch-site": "same-origin"})
    assert is_signed_in(client)


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "null", "sec-fetch-site": "cross-site"},
        {"origin": "null", "sec-fetch-site": "same-site"},
        {"origin": "null", "sec-fetch-site": "none"},
        {"origin": "null"},
        {"origin": "https://evil.example", "sec-fetch-site": "same-origin"},
        {"origin": "http://localhost:9000"},
    ],
)
def test_form_of_another_site_or_a_sandboxed_frame_is_refused_even_with_a_token(
    headers: dict[str, str],
) -> None:
    client = browser()
    response = sign_in(client, "Ada", PASSWORD, **headers)
    assert response.status_code == 403
    assert response.headers["X-Track-Id"] in response.content.decode()
    assert not is_signed_in(client)


def test_form_without_its_token_is_refused() -> None:
    client = browser()
    client.get("/login/acme/")
    form = {"user_name": "Ada", "password": PASSWORD}
    response = client.post("/login/acme/", form, headers={"origin": "http://localhost:8000"})
    assert response.status_code == 403
    assert not is_signed_in(client)


def test_guessing_one_name_from_one_address_ends_after_ten_tries_whatever_the_spelling() -> None:
    # V-21
    client = browser()
    for number in range(9):
        assert sign_in(client, "Ada" if number % 2 else "ADA", f"guess-{number}").status_code != 429
    locked = sign_in(client, "ada", "guess-9")
    assert locked.status_code == 429
    assert locked.headers["Retry-After"] == "900"
    assert sign_in(client, "Ada", PASSWORD).status_code == 429
    assert not is_signed_in(client)


def test_lock_holds_neither_the_person_elsewhere_nor_a_colleague_behind_the_same_address() -> None:
    client = browser()
    for number in range(10):
        sign_in(client, "Ada", f"guess-{number}")
    elsewhere = browser("198.51.100.7")
    sign_in(elsewhere, "Ada", PASSWORD)
    assert is_signed_in(elsewhere)
    assert sign_in(client, "Grace", "whatever-it-is").status_code != 429


def test_lock_looks_the_same_for_names_that_do_not_exist() -> None:
    # V-26
    answers = []
    for name in ("Ada", "Nobody"):
        client = browser()
        answers.append([sign_in(client, name, f"guess-{number}").status_code for number in range(11)])
    assert answers[0] == answers[1]


def test_success_forgets_the_failures_before_it() -> None:
    client = browser()
    for number in range(9):
        sign_in(client, "Ada", f"guess-{number}")
    sign_in(client, "Ada", PASSWORD)
    assert is_signed_in(client)
    again = browser()
    assert sign_in(again, "Ada", "one-more-guess").status_code != 429
    sign_in(again, "Ada", PASSWORD)
    assert is_signed_in(again)


def test_stranger_who_only_looks_at_the_login_page_leaves_no_session_behind() -> None:
    # V-21
    client = browser()
    client.get("/login/")
    assert "session" not in client.cookies
