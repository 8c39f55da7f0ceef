"""A browser that holds another person's session is asked before it becomes somebody else (V-19)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from accounts import lifecycle
from accounts.models import EndReason, User, UserSession
from sso.models import SignInAttempt
from sso.models import Vendor as ProviderVendor
from tests.journeys.conftest import OPERATOR, Company
from tests.journeys.person_browser import Page, PersonBrowser, answer_of, sign_in
from tests.journeys.seen import CONTINUE, OIDC, SAML, refused_for
from tests.worlds import PASSWORD, add_person

ENTRANCES = pytest.mark.parametrize(
    ("start", "flow"), [(SAML, "hybrid"), (OIDC, "hybrid"), (OIDC, "code")], ids=["saml", "hybrid", "code"]
)
QUESTION = "You are Mia Keller in Acme; continue as noah@acme.example in Acme?"


def mia_then_noah(
    make_company: Callable[..., Company], browser: PersonBrowser, start: str, flow: str
) -> Page:
    """Be signed in as one person, come back from the provider as another, and return the question."""
    make_company("acme", flow=flow)
    sign_in(browser, start)
    page = sign_in(browser, start, person="noah@acme.example")
    assert QUESTION in page.words
    assert page.status == 200
    assert browser.me()["user_name"] == "mia@acme.example"
    return page


@ENTRANCES
def test_person_who_continues_becomes_the_other_and_the_first_session_is_over(
    make_company: Callable[..., Company], browser: PersonBrowser, start: str, flow: str
) -> None:
    question = mia_then_noah(make_company, browser, start, flow)
    assert not User.objects.filter(
        user_name="noah@acme.example"
    ).exists()  # nothing happened before the answer
    page = browser.submit(question, choice="continue")
    assert page.url == "http://localhost:8000/"
    assert browser.me()["user_name"] == "noah@acme.example"
    first = UserSession.objects.get(user__user_name="mia@acme.example")
    assert first.end_reason == EndReason.REPLACED
    assert refused_for(browser.submit(question, choice="continue")) == "attempt.spent"


@ENTRANCES
def test_person_who_stays_keeps_their_session_and_nothing_else_happens(
    make_company: Callable[..., Company], browser: PersonBrowser, start: str, flow: str
) -> None:
    question = mia_then_noah(make_company, browser, start, flow)
    page = browser.submit(question, choice="stay")
    assert page.url == "http://localhost:8000/"
    assert browser.me()["user_name"] == "mia@acme.example"
    assert User.objects.count() == 1
    assert SignInAttempt.objects.filter(outcome="stayed").count() == 1
    assert refused_for(browser.submit(question, choice="continue")) == "attempt.spent"
    assert browser.me()["user_name"] == "mia@acme.example"


@ENTRANCES
def test_question_that_is_shown_again_is_still_a_question(
    make_company: Callable[..., Company], browser: PersonBrowser, start: str, flow: str
) -> None:
    question = mia_then_noah(make_company, browser, start, flow)
    for _ in range(2):
        page = browser.open(question.url)
        assert QUESTION in page.words
    assert browser.me()["user_name"] == "mia@acme.example"
    browser.submit(page, choice="continue")
    assert browser.me()["user_name"] == "noah@acme.example"


def test_question_of_one_browser_is_nobody_elses_to_answer(
    make_company: Callable[..., Company], browser: PersonBrowser, new_browser: Callable[[], PersonBrowser]
) -> None:
    # V-16, V-17
    question = mia_then_noah(make_company, browser, SAML, "hybrid")
    code = question.form()[2]["code"]
    stranger = new_browser()
    page = stranger.post(CONTINUE, {"code": code, "choice": "continue"})
    assert refused_for(page) == "attempt.wrong_browser"
    assert stranger.me() == {"authenticated": False}


def test_answer_to_the_question_needs_the_form_of_our_own_page(
    make_company: Callable[..., Company], browser: PersonBrowser
) -> None:
    # no other site can click for the person
    question = mia_then_noah(make_company, browser, SAML, "hybrid")
    strict = Client(enforce_csrf_checks=True, headers={"host": "localhost:8000"})
    strict.cookies = browser.client.cookies
    data = {"code": question.form()[2]["code"], "choice": "continue"}
    assert strict.post(CONTINUE, data).status_code == 403
    assert browser.me()["user_name"] == "mia@acme.example"
    token = question.form()[2]["csrfmiddlewaretoken"]
    assert strict.post(CONTINUE, {**data, "csrfmiddlewaretoken": token}).status_code == 302
    assert browser.me()["user_name"] == "noah@acme.example"


def test_person_of_another_company_is_named_with_their_company(
    acme: Company, make_company: Callable[..., Company], browser: PersonBrowser
) -> None:
    make_company("globex", ProviderVendor.OKTA)
    sign_in(browser, SAML)
    start = "/sso/saml/globex-saml/"
    page = sign_in(browser, start, person="noah@acme.example", email="noah@globex.example")
    assert "You are Mia Keller in Acme; continue as noah@globex.example in Globex?" in page.words
    browser.submit(page, choice="continue")
    assert browser.me()["account"] == {"slug": "globex", "name": "Globex"}


def test_same_person_is_not_asked(acme: Company, browser: PersonBrowser) -> None:
    sign_in(browser, SAML)
    page = sign_in(browser, OIDC)
    assert page.url == "http://localhost:8000/"
    assert browser.me()["session"]["identity_provider"] == "acme-oidc"
    assert UserSession.objects.filter(ended_at=None).count() == 1


def test_person_who_may_not_come_in_is_refused_without_a_question(
    acme: Company, browser: PersonBrowser
) -> None:
    sign_in(browser, SAML, person="noah@acme.example")
    noah = User.objects.get()
    browser.post("/logout/", {})
    sign_in(browser, SAML)
    lifecycle.disable_user(user=noah, actor=OPERATOR)
    page = sign_in(browser, SAML, person="noah@acme.example")
    assert refused_for(page) == "user.disabled"
    assert browser.me()["user_name"] == "mia@acme.example"


def test_person_disabled_between_question_and_answer_stays_out(
    make_company: Callable[..., Company], browser: PersonBrowser
) -> None:
    # V-17: planned again under a lock
    company = make_company("acme")
    sign_in(browser, SAML, person="noah@acme.example")
    browser.post("/logout/", {})
    sign_in(browser, SAML)
    question = sign_in(browser, SAML, person="noah@acme.example")
    noah = User.objects.for_account(company.account).get(user_name="noah@acme.example")
    lifecycle.disable_user(user=noah, actor=OPERATOR)
    assert refused_for(browser.submit(question, choice="continue")) == "user.disabled"
    assert browser.me()["user_name"] == "mia@acme.example"


def test_question_left_open_for_two_minutes_expires(
    make_company: Callable[..., Company], browser: PersonBrowser
) -> None:
    # V-17
    import datetime as dt

    import time_machine
    from django.utils import timezone

    question = mia_then_noah(make_company, browser, SAML, "hybrid")
    with time_machine.travel(timezone.now() + dt.timedelta(seconds=125), tick=True):
        assert refused_for(browser.open(question.url)) == "expired"
        assert refused_for(browser.submit(question, choice="continue")) == "expired"
        assert browser.me()["user_name"] == "mia@acme.example"


def test_tab_that_comes_back_after_signing_out_elsewhere_just_signs_in(
    acme: Company, browser: PersonBrowser
) -> None:
    sign_in(browser, SAML)
    answer = answer_of(browser, SAML, person="noah@acme.example")
    browser.post("/logout/", {})
    page = browser.submit(answer)
    assert page.url == "http://localhost:8000/"
    assert browser.me()["user_name"] == "noah@acme.example"


def test_password_of_somebody_else_replaces_no_session(
    make_company: Callable[..., Company], browser: PersonBrowser, new_browser: Callable[[], PersonBrowser]
) -> None:
    # V-19: a form that was open in another tab
    company = make_company()
    add_person(company.account, "ada")
    tab = browser.open("/login/acme/")
    sign_in(browser, SAML)
    page = browser.submit(tab, user_name="ada@acme.example", password=PASSWORD)
    assert "You are mia@acme.example here. To sign in as somebody else, sign out first." in page.words
    assert browser.me()["user_name"] == "mia@acme.example"
    other = new_browser()
    other.submit(other.open("/login/acme/"), user_name="ada@acme.example", password=PASSWORD)
    assert other.me()["user_name"] == "ada@acme.example"  # the password was right
