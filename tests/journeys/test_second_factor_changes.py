"""People change their own second factors, with a fresh proof (A-9, V-8)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine

from accounts.models import SecondFactor
from tests.journeys.authenticator_app import codes_on, enrol_app, type_password, with_app
from tests.journeys.person_browser import PersonBrowser
from tests.worlds import PASSWORD, World, found_account

NOON = dt.datetime(2026, 11, 27, 12, 0, 5, tzinfo=dt.UTC)


@pytest.fixture
def clock(db: None) -> Iterator[Any]:
    """Time that stands still until a test moves it on, so that codes are what they are."""
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def acme(clock: Any) -> World:
    """A company whose people may use passwords."""
    return found_account("acme")


def test_changes_need_the_password_again_after_a_quarter_of_an_hour(
    acme: World, browser: PersonBrowser, clock: Any
) -> None:
    #
    type_password(browser, "admin@acme.example", "/login/acme/")
    clock.shift(dt.timedelta(minutes=16))
    assert browser.post("/second-factor/add/", {}).headers["Location"] == "/second-factor/"
    page = browser.open("/second-factor/")
    assert "To change something here, prove that it is you." in page.words
    assert "The password is wrong." in browser.submit(page, password="guess").words
    page = browser.submit(page, password=PASSWORD)
    _, done = enrol_app(browser, browser.submit(page, form=0))
    assert codes_on(done)


def test_nobody_removes_another_persons_factor(
    acme: World, browser: PersonBrowser, new_browser: Callable[[], PersonBrowser]
) -> None:
    # V-8
    with_app(browser)
    other = new_browser()
    type_password(other, "sso@acme.example", "/login/acme/")
    factor = SecondFactor.objects.get()
    assert other.post(f"/second-factor/{factor.pk}/remove/", {}).status == 404
    assert SecondFactor.objects.count() == 1


def test_member_removes_the_factor_and_the_codes_go_with_it(acme: World, browser: PersonBrowser) -> None:
    #
    _, codes = with_app(browser)
    page = type_password(browser, "admin@acme.example", "/login/acme/")
    browser.submit(page, code=codes[0])
    page = browser.submit(browser.open("/second-factor/"), form=0)
    assert "There is none yet." in page.words
    browser.sign_out()
    type_password(browser, "admin@acme.example", "/login/acme/")
    assert browser.me()["authenticated"] is True
