"""Whoever finds an operator's first password can't make the strongest door their own (V-11)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.utils import timezone

from accounts import lifecycle
from accounts.lifecycle import PersonChanges
from accounts.models import Kind, SecondFactor, User, UserSession
from audit.models import AuditEvent
from tests.journeys.authenticator_app import (
    enrol_app,
    mailed_code,
    secret_on,
    type_mailed_code,
    type_password,
)
from tests.journeys.mailbox import mails_to
from tests.journeys.person_browser import PersonBrowser
from tests.journeys.seen import refused_for
from tests.worlds import OPERATOR, add_vendor_person

MAILBOX = "root@vendor.example"
NewBrowser = Callable[[], PersonBrowser]


@pytest.fixture
def root(db: None, settings: Any) -> User:
    """An operator of a deployment that others can reach, who never signed in."""
    settings.BROKER_REQUIRE_SECOND_FACTOR = True
    return add_vendor_person("root", Kind.OPERATOR)


def test_stolen_first_password_opens_nothing_and_its_owner_hears_of_it(
    root: User, browser: PersonBrowser, new_browser: NewBrowser
) -> None:
    # V-11
    thief = new_browser()
    page = type_password(thief, "root", next_url="/admin/")
    assert "type the code that we mailed to r…@vendor.example" in page.words
    assert "app-secret" not in page.text  # nothing to enrol is shown yet
    assert "This is not the code" in thief.submit(page, code="AAAAA-AAAAA").words
    for fields in ({"code": "123456", "name": "mine"}, {"credential": "{}", "passkey_name": "mine"}):
        assert thief.post(page.url, fields).status in (400, 401)
    assert not SecondFactor.objects.exists()
    assert not UserSession.objects.exists()
    assert "your password is known to others" in mails_to(MAILBOX)[-1].body
    assert AuditEvent.objects.filter(action="second_factor.code_mailed").count() == 1
    assert AuditEvent.objects.filter(reason="second_factor.wrong_mailed_code").count() >= 2
    page = type_mailed_code(browser, type_password(browser, "root"), MAILBOX)
    enrol_app(browser, page)
    assert browser.me()["user_name"] == "root"


def test_code_from_the_mail_is_for_the_browser_that_typed_the_password_and_for_ten_minutes(
    root: User, browser: PersonBrowser, new_browser: NewBrowser
) -> None:
    # V-16: a code that was read over somebody's shoulder is of no use elsewhere
    page = type_password(browser, "root")
    code = mailed_code(MAILBOX)
    thief = new_browser()
    theirs = type_password(thief, "root")
    assert "This is not the code" in thief.submit(theirs, code=code).words
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=11), tick=True):
        assert refused_for(browser.submit(page, code=code)) == "second_step.over"
    page = browser.submit(page, code=code.replace("-", " ").lower())
    assert secret_on(page)


def test_guessing_the_code_ends_after_ten_tries(root: User, browser: PersonBrowser) -> None:
    # V-11
    page = type_password(browser, "root")
    code = mailed_code(MAILBOX)
    for _ in range(10):
        assert browser.submit(page, code="AAAAA-AAAAA").status == 401
    assert refused_for(browser.submit(page, code=code)) == "second_step.over"


def test_reset_factors_are_not_enrolled_anew_by_a_password_alone(root: User, browser: PersonBrowser) -> None:
    # V-11: whoever talks an operator into a reset still needs the mailbox
    enrol_app(browser, type_mailed_code(browser, type_password(browser, "root"), MAILBOX))
    lifecycle.reset_factors(user=root, actor=OPERATOR)
    mail.outbox.clear()
    page = type_password(browser, "root")
    assert "Look into your mailbox" in page.words
    assert mailed_code(MAILBOX)


def test_person_without_an_address_is_told_whom_to_ask(root: User, browser: PersonBrowser) -> None:
    # V-11
    lifecycle.update_user(user=root, actor=OPERATOR, values=PersonChanges(email=""))
    page = type_password(browser, "root")
    assert refused_for(page) == "second_step.no_mailbox"
    assert "Ask an operator of Identity Broker" in page.words


def test_codes_are_mailed_ten_times_an_hour_at_most(root: User, browser: PersonBrowser) -> None:
    # whoever has the password floods no mailbox
    for _ in range(10):
        type_password(browser, "root")
    assert refused_for(type_password(browser, "root")) == "attempt.too_many"
    assert len(mails_to(MAILBOX)) == 10
