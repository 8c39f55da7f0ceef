"""A sign-in ends within 30 minutes of the moment when its page was shown, a parked answer within two (L-6, V-17)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.utils import timezone

from accounts.models import User, UserSession
from sso import attempts
from sso.models import SignInAttempt
from tests.journeys.conftest import Company
from tests.journeys.person_browser import PersonBrowser, answer_of, sign_in
from tests.journeys.seen import OIDC, SAML, refused_for

BY_POST = pytest.mark.parametrize("start", [SAML, OIDC], ids=["saml", "hybrid"])


@contextmanager
def later(**span: int) -> Iterator[None]:
    with time_machine.travel(timezone.now() + dt.timedelta(**span), tick=True):
        yield


def button_of(browser: PersonBrowser, email: str = "mia@acme.example", next_url: str = "/?tab=2") -> str:
    """Type an e-mail at ``/login/`` and return where the provider's button leads."""
    page = browser.open(f"/login/?next={next_url}")
    page = browser.submit(page, email=email)
    return page.link("Sign in with Microsoft")


def test_provider_chosen_31_minutes_after_the_page_was_shown_is_too_late(
    acme: Company, browser: PersonBrowser
) -> None:
    # L-6
    button = button_of(browser)
    with later(minutes=31):
        page = browser.open(button)
        assert not SignInAttempt.objects.exists()
        assert "Sign-in expired" in page.words
        assert refused_for(page) == "expired"
        again = browser.open(page.link("Start again"))
        assert "mia@acme.example" in again.words
        page = browser.submit(
            browser.open(again.link("Sign in with Microsoft")), fresh=True, person="mia@acme.example"
        )
        page = browser.submit(page)
        assert page.url == "http://localhost:8000/?tab=2"
        assert browser.me()["authenticated"] is True


@BY_POST
def test_answer_31_minutes_after_the_page_was_shown_is_too_late_even_if_the_provider_was_chosen_later(
    acme: Company, browser: PersonBrowser, start: str
) -> None:
    # L-6: the attempt inherits the moment of display
    button = button_of(browser)
    query = urlsplit(button).query
    with later(minutes=20):
        at_provider = browser.open(f"{start}?{query}")
    with later(minutes=31):
        page = browser.submit(browser.submit(at_provider, fresh=True, person="mia@acme.example"))
        assert "Sign-in expired" in page.words
        assert refused_for(page) == "expired"
        again = page.link("Start again")
        assert parse_qs(urlsplit(again).query) == {"email": ["mia@acme.example"], "next": ["/?tab=2"]}
        assert "mia@acme.example" in browser.open(again).words
    assert not User.objects.exists()


def test_code_31_minutes_after_the_page_was_shown_is_too_late(
    make_company: Callable[..., Company], browser: PersonBrowser
) -> None:
    # L-6
    make_company("acme", flow="code")
    at_provider = browser.open(f"{OIDC}?login_hint=mia@acme.example")
    with later(minutes=31):
        page = browser.submit(at_provider, fresh=True, person="mia@acme.example")
        assert refused_for(page) == "expired"
        assert "email=mia%40acme.example" in page.link("Start again")
    assert not User.objects.exists()


@BY_POST
def test_answer_after_29_minutes_is_in_time(acme: Company, browser: PersonBrowser, start: str) -> None:
    # L-6
    at_provider = browser.open(start)
    with later(minutes=29):
        browser.submit(browser.submit(at_provider, fresh=True, person="mia@acme.example"))
        assert browser.me()["authenticated"] is True


@BY_POST
def test_answer_that_is_collected_after_two_minutes_is_too_late(
    acme: Company, browser: PersonBrowser, start: str
) -> None:
    # V-17
    answer = answer_of(browser, f"{start}?login_hint=mia@acme.example&next=/?tab=2")
    parked = browser.submit(answer, follow=False)
    with later(seconds=121):
        page = browser.open(parked.headers["Location"])
        assert "Sign-in expired" in page.words
        assert refused_for(page) == "expired"
        assert page.link("Start again").startswith(
            "http://localhost:8000/login/acme/?email=mia%40acme.example"
        )
    assert not User.objects.exists()
    assert not UserSession.objects.exists()


def test_answer_that_is_collected_within_two_minutes_is_in_time(
    acme: Company, browser: PersonBrowser
) -> None:
    # V-17
    parked = browser.submit(answer_of(browser, SAML), follow=False)
    with later(seconds=110):
        browser.open(parked.headers["Location"])
        assert browser.me()["authenticated"] is True


@pytest.mark.parametrize("displayed", ["", "garbage", "MTAw:1abc:forged", "\x00", "x" * 3000])
def test_forged_time_of_display_counts_as_now(acme: Company, browser: PersonBrowser, displayed: str) -> None:
    # L-6, V-21
    answer = browser.client.get(SAML, {"displayed": displayed})
    assert answer.status_code == 302
    attempt = SignInAttempt.objects.get()
    assert abs(attempt.displayed_at - timezone.now()) < dt.timedelta(seconds=20)
    assert attempt.expires_at - attempt.displayed_at == dt.timedelta(minutes=30)


def test_time_of_display_in_the_future_gives_no_longer_sign_in(acme: Company, browser: PersonBrowser) -> None:
    # L-6: signed on a machine whose clock is ahead
    with later(hours=5):
        displayed = attempts.displayed_now()
    browser.client.get(SAML, {"displayed": displayed})
    assert SignInAttempt.objects.get().expires_at < timezone.now() + dt.timedelta(minutes=31)


def test_password_form_that_was_shown_31_minutes_ago_starts_again(
    acme: Company, browser: PersonBrowser
) -> None:
    # L-6
    page = browser.open("/login/acme/?email=ada@acme.example&next=/?tab=2")
    with later(minutes=31):
        page = browser.submit(page, user_name="ada@acme.example", password="a long enough password")
        assert refused_for(page) == "expired"
        query = parse_qs(urlsplit(page.link("Start again")).query)
        assert query == {"email": ["ada@acme.example"], "next": ["/?tab=2"]}


def test_attempts_that_went_nowhere_are_forgotten_and_finished_ones_are_kept_a_while(
    acme: Company, browser: PersonBrowser
) -> None:
    # V-21
    from sso.models import FederatedIdentity, ParkedAnswer
    from sso.tasks import purge_claims, purge_expired

    sign_in(browser, SAML)
    browser.open(OIDC)
    purge_expired()
    assert SignInAttempt.objects.count() == 2
    with later(minutes=10):
        purge_expired()
        assert not ParkedAnswer.objects.exists()
    with later(days=2):
        purge_expired()
        assert [attempt.outcome for attempt in SignInAttempt.objects.all()] == ["signed_in"]
        assert FederatedIdentity.objects.get().last_claims
    with later(days=91):
        purge_expired()
        purge_claims()
        assert not SignInAttempt.objects.exists()
        assert FederatedIdentity.objects.get().last_claims == ""
