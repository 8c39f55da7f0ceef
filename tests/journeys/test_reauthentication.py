"""What lasts is changed only by whoever proved a moment ago that it is them (V-15, V-18, A-9)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import lxml.html
import pytest
import time_machine
from django.utils import timezone

from accounts import lifecycle
from accounts.lifecycle.roles import account_role_named
from accounts.models import BuiltInAccountRole, EmailDomain, User, UserSession
from accounts.sources import Source
from audit.models import AuditEvent
from sso import providers
from sso.models import SignInAttempt, Vendor
from tests.journeys.authenticator_app import code_of, enrol_app, type_password
from tests.journeys.conftest import OPERATOR, Company, make_mandatory
from tests.journeys.logouts import message_in
from tests.journeys.person_browser import Page, PersonBrowser, answer_of, sign_in
from tests.journeys.seen import SAML, refused_for
from tests.worlds import found_account

ADDRESS = "/recovery-address/"
PRIVATE = "private@mail.example"
NOT_PROVED = "It is not proved that it is you"
WAYS = pytest.mark.parametrize(
    ("start", "vendor", "flow"),
    [
        (SAML, Vendor.ENTRA, "hybrid"),
        ("/sso/oidc/globex-oidc/login", Vendor.OKTA, "hybrid"),
        ("/sso/oidc/globex-oidc/login", Vendor.OKTA, "code"),
    ],
    ids=["saml", "hybrid", "code"],
)
NewBrowser = Callable[[], PersonBrowser]


def mia_as_admin(
    make_company: Callable[..., Company], browser: PersonBrowser, start: str, vendor: Vendor, flow: str
) -> Company:
    """Sign in as Mia, who is an SSO account admin, has no password, and came through her provider just now."""
    company = make_company("acme" if vendor == Vendor.ENTRA else "globex", vendor, flow=flow)
    method = EmailDomain.Method.OPERATOR
    lifecycle.verify_domain(account=company.account, actor=OPERATOR, domain="acme.example", method=method)
    make_mandatory(company.account)
    sign_in(browser, start)
    role = account_role_named(company.account, BuiltInAccountRole.SSO_ACCOUNT_ADMIN)
    lifecycle.grant_account_role(user=User.objects.get(), role=role, actor=OPERATOR, source=Source.MANUAL)
    return company


def button_on(page: Page, start: str) -> str:
    """Return the address behind the button of a provider that would ask again."""
    links = lxml.html.fromstring(page.text).xpath("//a[contains(@href, 'reauthenticate=')]/@href")
    return str(next(link for link in links if start in link))


def may_change(browser: PersonBrowser) -> bool:
    """Try to set a recovery address."""
    return browser.post(ADDRESS, {"address": PRIVATE}).status == 302


@WAYS
def test_person_without_a_password_proves_it_at_their_provider_and_goes_on_where_they_were(
    make_company: Callable[..., Company], browser: PersonBrowser, start: str, vendor: Vendor, flow: str
) -> None:
    # V-15: that the session is young is no proof, the provider may have asked nobody
    mia_as_admin(make_company, browser, start, vendor, flow)
    assert not may_change(browser)
    assert browser.post("/second-factor/add/", {}).headers["Location"] == "/second-factor/"
    asked = browser.open(button_on(browser.open(ADDRESS), start))
    if start == SAML:
        assert message_in(asked.url, "SAMLRequest").get("ForceAuthn") == "true"
    else:
        assert "prompt=login" in asked.url
        assert "max_age=0" in asked.url
    page = sign_in(browser, button_on(browser.open(ADDRESS), start))
    assert page.url.endswith(ADDRESS)
    assert "New recovery address" in page.words
    assert may_change(browser)
    assert UserSession.objects.count() == 1  # the session that asked goes on, and no other began
    assert SignInAttempt.objects.filter(outcome="reauthenticated").count() == 1
    assert AuditEvent.objects.filter(action="session.reauthenticated").count() == 1
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=16), tick=True):
        assert not may_change(browser)


@WAYS
def test_another_person_at_the_provider_proves_nothing(
    make_company: Callable[..., Company],
    browser: PersonBrowser,
    new_browser: NewBrowser,
    start: str,
    vendor: Vendor,
    flow: str,
) -> None:
    # V-18, V-19: neither somebody known here nor somebody who would be created
    mia_as_admin(make_company, browser, start, vendor, flow)
    if start != SAML:
        sign_in(new_browser(), start, person="noah@acme.example")
    known = User.objects.count()
    page = sign_in(browser, button_on(browser.open(ADDRESS), start), person="noah@acme.example")
    assert refused_for(page) == "reauthentication.other_person"
    assert AuditEvent.objects.filter(reason="reauthentication.other_person").count() == 1
    assert "Somebody else is signed in at" in page.words
    assert browser.me()["user_name"] == "mia@acme.example"
    assert not may_change(browser)
    assert User.objects.count() == known


def test_answer_from_an_older_session_at_the_provider_proves_nothing(
    make_company: Callable[..., Company], browser: PersonBrowser
) -> None:
    # V-15: ForceAuthn can be taken out of a request on its way; AuthnInstant says what happened
    mia_as_admin(make_company, browser, SAML, Vendor.ENTRA, "hybrid")
    page = browser.open(button_on(browser.open(ADDRESS), SAML))
    with time_machine.travel(timezone.now() - dt.timedelta(minutes=3), tick=True):
        answer = browser.submit(page, fresh=True, person="mia@acme.example")
    page = browser.submit(answer)
    assert refused_for(page) == "saml.authn_not_fresh"
    assert NOT_PROVED in page.words
    assert page.link("Back").endswith(ADDRESS)
    assert not may_change(browser)


def test_proof_is_for_the_session_that_asked_and_for_nobody_else(
    make_company: Callable[..., Company], browser: PersonBrowser, new_browser: NewBrowser
) -> None:
    # V-18: starter and session are fixed when it begins
    mia_as_admin(make_company, browser, SAML, Vendor.ENTRA, "hybrid")
    button = button_on(browser.open(ADDRESS), SAML)
    elsewhere = new_browser()
    assert refused_for(elsewhere.open(button)) == "reauthentication.not_started"
    sign_in(elsewhere, SAML)  # the same person, another session of hers
    assert refused_for(elsewhere.open(button)) == "reauthentication.not_started"
    assert refused_for(browser.open(button.replace("reauthenticate=", "reauthenticate=x"))) == (
        "reauthentication.not_started"
    )
    answer = answer_of(browser, button)
    browser.sign_out()
    assert refused_for(browser.submit(answer)) == "reauthentication.not_started"
    assert browser.me() == {"authenticated": False}  # it is no way to sign in
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=31), tick=True):
        assert refused_for(browser.open(button)) == "expired"


def test_provider_that_is_disabled_meanwhile_proves_nothing(
    make_company: Callable[..., Company], browser: PersonBrowser
) -> None:
    # V-17
    company = mia_as_admin(make_company, browser, SAML, Vendor.ENTRA, "hybrid")
    answer = answer_of(browser, button_on(browser.open(ADDRESS), SAML))
    providers.disable_provider(provider=company.saml, actor=OPERATOR)
    assert refused_for(browser.submit(answer)) == "provider.not_enabled"
    assert not may_change(browser)


def test_second_factor_proves_it_too(db: None, browser: PersonBrowser) -> None:
    # V-15, A-9
    found_account("acme")
    type_password(browser, "sso@acme.example", "/login/acme/")
    secret, _ = enrol_app(browser, browser.submit(browser.open("/second-factor/"), form=0))
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=16), tick=True):
        assert not may_change(browser)
        page = browser.submit(browser.open(ADDRESS), form=0, by="factor")
        assert "Second step" in page.words
        assert not may_change(browser)
        page = browser.submit(page, code=code_of(secret))
        assert page.url.endswith(ADDRESS)
        assert may_change(browser)
    assert UserSession.objects.count() == 1
