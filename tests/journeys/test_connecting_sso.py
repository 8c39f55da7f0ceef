"""People with a password or an admin role connect single sign-on after signing in here, and in no other way (V-3)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import lxml.html
import pytest
import time_machine
from django.utils import timezone

from accounts import lifecycle
from accounts.lifecycle.roles import account_role_named
from accounts.models import Account, BuiltInAccountRole, User, UserSession
from accounts.sources import Source
from audit.models import AuditEvent
from sso.models import FederatedIdentity, Purpose, SignInAttempt, Vendor
from tests.journeys.conftest import OPERATOR, Company
from tests.journeys.person_browser import Page, PersonBrowser, answer_of, sign_in
from tests.journeys.seen import OIDC, SAML, refused_for

PASSWORD = "correct horse battery staple"
STARTS = pytest.mark.parametrize("start", [SAML, OIDC], ids=["saml", "hybrid"])
NewBrowser = Callable[[], PersonBrowser]


@pytest.fixture(autouse=True)
def _cheap_passwords(settings: object) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # type: ignore[attr-defined]


def local_person(
    account: Account, name: str = "mia@acme.example", *, role: str = "", password: str = PASSWORD
) -> User:
    user = lifecycle.create_user(
        actor=OPERATOR,
        account=account,
        values=lifecycle.PersonChanges(user_name=name, email=name),
        password=password or None,
    )
    if role:
        granted = account_role_named(account, BuiltInAccountRole(role))
        lifecycle.grant_account_role(user=user, role=granted, actor=OPERATOR, source=Source.MANUAL)
    return user


def with_password(browser: PersonBrowser, name: str = "mia@acme.example") -> Page:
    page = browser.submit(browser.open("/login/acme/"), user_name=name, password=PASSWORD)
    assert browser.me()["user_name"] == name
    return page


def connect_button(browser: PersonBrowser, start: str) -> str:
    page = browser.open("/")
    assert "Connect single sign-on" in page.words
    links = [anchor.get("href") for anchor in lxml.html.fromstring(page.text).iter("a")]
    return next(link for link in links if start in link)


@STARTS
@pytest.mark.parametrize(
    ("role", "password"),
    [("", PASSWORD), ("account_admin", PASSWORD), ("sso_account_admin", PASSWORD), ("account_admin", "")],
    ids=["password", "admin", "sso admin", "admin without a password"],
)
def test_plain_sign_in_takes_over_nobody_with_a_password_or_an_admin_role(
    acme: Company, browser: PersonBrowser, start: str, role: str, password: str
) -> None:
    # V-3
    user = local_person(acme.account, role=role, password=password)
    page = sign_in(browser, start)
    assert page.status == 403
    assert refused_for(page) == "link.needs_proof"
    assert "mia@acme.example" not in page.words  # L-11: a track ID and nothing else
    assert browser.me() == {"authenticated": False}
    assert not FederatedIdentity.objects.exists()
    assert User.objects.get() == user
    assert User.objects.get().has_usable_password() is bool(password)


@STARTS
@pytest.mark.parametrize("role", ["", "account_admin", "sso_account_admin"])
def test_person_who_is_signed_in_here_connects_and_signs_in_by_sso_from_then_on(
    acme: Company, browser: PersonBrowser, new_browser: NewBrowser, start: str, role: str
) -> None:
    # V-3, J-12
    user = local_person(acme.account, role=role)
    with_password(browser)
    page = sign_in(browser, connect_button(browser, start))
    assert page.url == "http://localhost:8000/"
    assert browser.me()["id"] == str(user.pk)
    assert FederatedIdentity.objects.get().user == user
    assert SignInAttempt.objects.get().purpose == Purpose.LINK
    assert AuditEvent.objects.get(message__contains="matched by proven").account_id == acme.account.pk
    assert User.objects.get().has_usable_password()  # it was proven at that moment
    assert "Connect single sign-on" not in browser.open("/").words

    elsewhere = new_browser()
    sign_in(elsewhere, start)
    assert elsewhere.me()["id"] == str(user.pk)


def test_address_of_the_button_is_worth_nothing_in_another_browser(
    acme: Company, browser: PersonBrowser, new_browser: NewBrowser
) -> None:
    # V-18
    local_person(acme.account)
    with_password(browser)
    page = sign_in(new_browser(), connect_button(browser, SAML))
    assert refused_for(page) == "link.needs_proof"
    assert not FederatedIdentity.objects.exists()


def test_address_that_somebody_else_made_up_connects_nobody(acme: Company, browser: PersonBrowser) -> None:
    # V-18: a page of a stranger can't start this in an admin's browser
    local_person(acme.account, role="account_admin")
    with_password(browser)
    for query in ("?purpose=link", "?connect=forged", "?connect="):
        page = sign_in(browser, f"{SAML}{query}")
        assert refused_for(page) == "link.needs_proof"
    assert not FederatedIdentity.objects.exists()
    assert browser.me()["authenticated"] is True


def test_ticket_of_one_person_connects_no_other(
    acme: Company, browser: PersonBrowser, new_browser: NewBrowser
) -> None:
    # V-18
    local_person(acme.account)
    local_person(acme.account, "noah@acme.example")
    with_password(browser, "noah@acme.example")
    noahs = connect_button(browser, SAML)
    mine = new_browser()
    with_password(mine)
    assert refused_for(sign_in(mine, noahs)) == "link.needs_proof"
    assert not FederatedIdentity.objects.exists()


def test_password_session_of_sixteen_minutes_ago_is_no_proof_any_more(
    acme: Company, browser: PersonBrowser
) -> None:
    # V-3: proven at that moment
    local_person(acme.account)
    with_password(browser)
    button = connect_button(browser, SAML)
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=16), tick=True):
        assert refused_for(sign_in(browser, button)) == "link.needs_proof"
    assert not FederatedIdentity.objects.exists()


@STARTS
def test_person_who_signed_out_while_away_is_not_connected(
    acme: Company, browser: PersonBrowser, start: str
) -> None:
    # V-3, V-18
    local_person(acme.account)
    with_password(browser)
    answer = answer_of(browser, connect_button(browser, start))
    browser.post("/logout/", {})
    assert refused_for(browser.submit(answer)) == "link.needs_proof"
    assert not FederatedIdentity.objects.exists()
    assert browser.me() == {"authenticated": False}


@STARTS
def test_person_who_is_somebody_else_at_the_provider_is_not_connected(
    acme: Company, browser: PersonBrowser, start: str
) -> None:
    # V-3
    ada = local_person(acme.account, "ada@acme.example", role="sso_account_admin")
    with_password(browser, "ada@acme.example")
    page = sign_in(browser, connect_button(browser, start), person="noah@acme.example")
    assert refused_for(page) == "link.needs_proof"
    assert not FederatedIdentity.objects.exists()
    assert User.objects.get() == ada
    assert browser.me()["user_name"] == "ada@acme.example"


@STARTS
def test_person_who_is_a_known_colleague_at_the_provider_does_not_become_them(
    acme: Company, browser: PersonBrowser, new_browser: NewBrowser, start: str
) -> None:
    # V-18, V-19: to connect is not to switch
    sign_in(new_browser(), start)
    local_person(acme.account, "ada@acme.example", role="account_admin")
    with_password(browser, "ada@acme.example")
    page = sign_in(browser, connect_button(browser, start))  # over there the browser is Mia
    assert refused_for(page) == "link.needs_proof"
    assert browser.me()["user_name"] == "ada@acme.example"
    assert FederatedIdentity.objects.count() == 1


def test_provider_that_does_not_vouch_for_addresses_connects_nobody_by_one(
    make_company: Callable[..., Company], browser: PersonBrowser
) -> None:
    # V-3
    company = make_company("acme", Vendor.OTHER, addresses_set_by_directory=False)
    local_person(company.account)
    with_password(browser)
    page = sign_in(browser, connect_button(browser, OIDC))
    assert refused_for(page) == "link.needs_proof"
    assert not FederatedIdentity.objects.exists()


def test_provider_switched_off_while_away_connects_nobody(acme: Company, browser: PersonBrowser) -> None:
    # V-17
    from sso import providers

    local_person(acme.account)
    with_password(browser)
    answer = answer_of(browser, connect_button(browser, SAML))
    providers.disable_provider(provider=acme.saml, actor=OPERATOR)
    assert refused_for(browser.submit(answer)) == "provider.not_enabled"
    assert UserSession.objects.filter(ended_at=None).count() == 1
