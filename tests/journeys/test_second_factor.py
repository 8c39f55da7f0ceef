"""A second factor after the password: a must for the strongest doors, for others if they like (V-11, A-9)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import lxml.html
import pytest
import segno
import time_machine
from django.core import mail as outgoing

from accounts import lifecycle
from accounts.models import Kind, SecondFactor, User, UserSession
from audit.models import AuditEvent
from foundation.outbox import drain
from tests.journeys.authenticator_app import (
    code_of,
    codes_on,
    enrol_app,
    secret_on,
    type_mailed_code,
    type_password,
    with_app,
)
from tests.journeys.conftest import make_mandatory
from tests.journeys.person_browser import PersonBrowser
from tests.journeys.seen import refused_for
from tests.worlds import OPERATOR, World, add_vendor_person, found_account

NOON = dt.datetime(2026, 11, 27, 12, 0, 5, tzinfo=dt.UTC)
WRONG_CODE = "This code is wrong, or it was used already."


@pytest.fixture
def clock(db: None) -> Iterator[Any]:
    """Time that stands still until a test moves it on, so that codes are what they are."""
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def root(clock: Any, settings: Any) -> User:
    """An operator of a deployment that others can reach, who never signed in."""
    settings.BROKER_REQUIRE_SECOND_FACTOR = True
    return add_vendor_person("root", Kind.OPERATOR)


@pytest.fixture
def acme(clock: Any) -> World:
    """A company whose people may use passwords."""
    return found_account("acme")


# --- the strongest doors ----------------------------------------------------------------------------------------------


def test_operator_without_a_factor_sets_one_up_before_anything_opens(
    root: User, browser: PersonBrowser
) -> None:
    # V-11
    page = type_password(browser, "root", next_url="/admin/")
    page = type_mailed_code(browser, page, "root@vendor.example")
    assert "Set up a second factor" in page.words
    assert not UserSession.objects.exists()
    for path in ("/admin/", "/", "/second-factor/"):
        assert "/login/" in browser.open(path).url
    assert browser.me() == {"authenticated": False}
    _, done = enrol_app(browser, page)
    assert len(codes_on(done)) == 10
    assert browser.me()["id"] == str(root.pk)
    assert browser.open(done.link("I have kept them")).url.endswith("/admin/")
    assert UserSession.objects.get().context == "mfa:totp"
    drain()
    assert any("A second factor was added" in sent.body for sent in outgoing.outbox)
    said = " ".join(AuditEvent.objects.values_list("message", flat=True))
    assert secret_on(page).replace(" ", "") not in said


@pytest.mark.parametrize("kind", [Kind.STAFF, Kind.OPERATOR])
def test_vendors_people_are_asked_for_a_code_at_every_sign_in(
    root: User, browser: PersonBrowser, clock: Any, kind: Kind
) -> None:
    # V-11
    add_vendor_person("sam", kind)
    page = type_mailed_code(browser, type_password(browser, "sam"), "sam@vendor.example")
    secret, _ = enrol_app(browser, page)
    browser.sign_out()
    clock.shift(30)
    page = type_password(browser, "sam", next_url="/second-factor/")
    assert "Second step" in page.words
    assert browser.me() == {"authenticated": False}
    page = browser.submit(page, code=code_of(secret))
    assert page.url.endswith("/second-factor/")
    assert AuditEvent.objects.filter(message__contains="a password and a second factor").count() == 2


def test_partner_admin_sets_one_up_too(root: User, browser: PersonBrowser) -> None:
    # V-11
    partner = lifecycle.create_partner(actor=OPERATOR, slug="reseller", name="Reseller")
    add_vendor_person("pat", Kind.PARTNER_ADMIN, partner=partner)
    page = type_password(browser, "pat")
    assert "Your password alone is not enough here" in page.words
    page = type_mailed_code(browser, page, "pat@vendor.example")
    enrol_app(browser, page)
    assert browser.me()["authenticated"] is True


def test_operators_session_without_a_factor_ends_once_one_is_needed(
    clock: Any, settings: Any, browser: PersonBrowser
) -> None:
    # V-11: also when the setting changes, or a member of old becomes an operator
    add_vendor_person("root", Kind.OPERATOR)
    type_password(browser, "root")
    assert browser.me()["authenticated"] is True
    settings.BROKER_REQUIRE_SECOND_FACTOR = True
    assert browser.me() == {"authenticated": False}


def test_operator_keeps_the_last_factor(root: User, browser: PersonBrowser) -> None:
    # V-11
    enrol_app(browser, type_mailed_code(browser, type_password(browser, "root"), "root@vendor.example"))
    page = browser.submit(browser.open("/second-factor/"), form=0)
    assert "Add another one before you remove this one." in page.words
    assert SecondFactor.objects.count() == 1
    assert AuditEvent.objects.filter(reason="second_factor.last").exists()


# --- codes ------------------------------------------------------------------------------------------------------------


def test_member_sets_up_an_app_and_needs_it_from_then_on(
    acme: World, browser: PersonBrowser, clock: Any
) -> None:
    #
    secret, _ = with_app(browser)
    clock.shift(30)
    page = type_password(browser, "admin@acme.example", "/login/acme/")
    assert "Second step" in page.words
    assert browser.me() == {"authenticated": False}
    browser.submit(page, code=f" {code_of(secret)[:3]} {code_of(secret)[3:]}")
    assert browser.me()["authenticated"] is True
    assert "with a password and a second factor" in browser.open("/").words


def test_code_works_once(acme: World, browser: PersonBrowser, clock: Any) -> None:
    # RFC 6238 §5.2; the code that enrolled the app counts
    secret, _ = with_app(browser)
    code = code_of(secret)
    page = browser.submit(type_password(browser, "admin@acme.example", "/login/acme/"), code=code)
    assert WRONG_CODE in page.words
    clock.shift(30)
    earlier, code = code, code_of(secret)
    browser.submit(page, code=code)
    assert browser.me()["authenticated"] is True
    browser.sign_out()
    page = type_password(browser, "admin@acme.example", "/login/acme/")
    for spent in (code, earlier):
        assert WRONG_CODE in browser.submit(page, code=spent).words
    assert browser.me() == {"authenticated": False}
    assert AuditEvent.objects.filter(reason="second_factor.wrong").count() == 3


def test_recovery_code_works_once_and_is_stored_nowhere(acme: World, browser: PersonBrowser) -> None:
    _, codes = with_app(browser)
    page = type_password(browser, "admin@acme.example", "/login/acme/")
    browser.submit(page, code=codes[3].lower())
    assert browser.me()["authenticated"] is True
    assert "9 recovery codes are unused." in browser.open("/second-factor/").words
    browser.sign_out()
    page = type_password(browser, "admin@acme.example", "/login/acme/")
    assert WRONG_CODE in browser.submit(page, code=codes[3]).words
    factor = SecondFactor.objects.extra(select={"stored": "secret"}).get()
    assert factor.secret not in factor.stored  # type: ignore[attr-defined]


def test_ten_wrong_codes_stop_codes_for_an_hour_and_tell_the_person(
    acme: World, browser: PersonBrowser, clock: Any
) -> None:
    # V-11: whoever knows the password still can't guess
    secret, codes = with_app(browser)
    clock.shift(30)
    for _ in range(2):  # a new step doesn't begin a new count
        page = type_password(browser, "admin@acme.example", "/login/acme/")
        for _ in range(5):
            assert WRONG_CODE in browser.submit(page, code="000000").words
    for right in (code_of(secret), codes[0]):
        refused = browser.submit(page, code=right)
        assert refused.status == 429
        assert refused_for(refused) == "second_step.locked"
    assert browser.me() == {"authenticated": False}
    drain()
    assert sum("Too many wrong codes" in sent.body for sent in outgoing.outbox) == 1
    clock.shift(dt.timedelta(minutes=61))
    page = type_password(browser, "admin@acme.example", "/login/acme/")
    browser.submit(page, code=code_of(secret))
    assert browser.me()["authenticated"] is True


# --- the step in flight -----------------------------------------------------------------------------------------------


def test_step_belongs_to_the_browser_that_typed_the_password(
    acme: World, browser: PersonBrowser, new_browser: Callable[[], PersonBrowser], clock: Any
) -> None:
    # V-16
    secret, _ = with_app(browser)
    clock.shift(30)
    page = type_password(browser, "admin@acme.example", "/login/acme/")
    thief = new_browser()
    thief.open("/login/")
    assert refused_for(thief.open(page.url)) == "second_step.over"
    assert refused_for(thief.post(page.url, {"code": code_of(secret)})) == "second_step.over"
    assert thief.me() == {"authenticated": False}


def test_step_is_good_for_one_session_and_ten_minutes(
    acme: World, browser: PersonBrowser, clock: Any
) -> None:
    secret, _ = with_app(browser)
    clock.shift(30)
    late = type_password(browser, "admin@acme.example", "/login/acme/")
    clock.shift(dt.timedelta(minutes=11))
    assert refused_for(browser.submit(late, code=code_of(secret))) == "second_step.over"
    page = type_password(browser, "admin@acme.example", "/login/acme/")
    browser.submit(page, code=code_of(secret))
    browser.sign_out()
    clock.shift(30)
    assert refused_for(browser.submit(page, code=code_of(secret))) == "second_step.over"


@pytest.mark.parametrize(
    "change",
    [
        lambda user: lifecycle.disable_user(user=user, actor=OPERATOR),
        lambda user: lifecycle.set_password(user=user, actor=OPERATOR, password="another-long-one-2"),
        lambda user: lifecycle.end_all_sessions(user=user, actor=OPERATOR, reason="admin"),
    ],
    ids=["disabled", "new password", "signed out everywhere"],
)
def test_step_ends_when_its_person_changes(
    acme: World, browser: PersonBrowser, clock: Any, change: Callable[[User], object]
) -> None:
    # V-12
    secret, _ = with_app(browser)
    clock.shift(30)
    page = type_password(browser, "admin@acme.example", "/login/acme/")
    change(User.objects.get(pk=acme.admin.pk))
    assert refused_for(browser.submit(page, code=code_of(secret))) == "second_step.over"
    assert browser.me() == {"authenticated": False}


def test_step_opens_nothing_once_passwords_are_no_longer_allowed(
    acme: World, browser: PersonBrowser, clock: Any
) -> None:
    # L-3
    secret, _ = with_app(browser)
    clock.shift(30)
    page = type_password(browser, "admin@acme.example", "/login/acme/")
    make_mandatory(acme.account)
    assert refused_for(browser.submit(page, code=code_of(secret))) == "sso_required"
    assert browser.me() == {"authenticated": False}


def test_authenticator_app_scans_the_key_that_stands_beside_it(root: User, browser: PersonBrowser) -> None:
    # V-11, V-24: drawn into the page, without script, style or an address that would hold the key
    page = type_mailed_code(browser, type_password(browser, "root"), "root@vendor.example")
    [address] = lxml.html.fromstring(page.text).xpath("//a[starts-with(@href, 'otpauth:')]/@href")
    assert f"secret={secret_on(page).replace(' ', '')}&" in address
    [picture] = lxml.html.fromstring(page.text).xpath("//*[@role='img' and @aria-label]/svg")
    assert {each.tag for each in picture.iter()} == {"svg", "path"}
    assert not picture.xpath(".//@style | .//@href | .//@onload")
    [dark] = picture.xpath("./path[@stroke='#000']/@d")
    assert dark in segno.make_qr(address, error="m").svg_inline(omitsize=True)
    assert "secret" not in " ".join(browser.trail).lower()
