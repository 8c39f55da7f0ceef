"""A response that nobody asked for: refused, restarted or accepted, as the provider is set (S-5, V-19)."""

from __future__ import annotations

import base64
from collections.abc import Callable
from urllib.parse import quote

import pytest
from lxml import etree

from accounts.models import User, UserSession
from sso import providers
from sso.models import ParkedAnswer, SignInAttempt
from sso_saml.configuration import SamlValues, save_saml_settings
from sso_saml.models import SpentAssertion
from tests.journeys.conftest import OPERATOR, Company
from tests.journeys.person_browser import HOME, Page, PersonBrowser, answer_of, sign_in
from tests.journeys.seen import CONTINUE, OIDC, SAML, code_in, fields_of, refused_for, rows, written

NewBrowser = Callable[[], PersonBrowser]
MODES = pytest.mark.parametrize("mode", ["refuse", "restart", "accept"])


def set_mode(company: Company, mode: str) -> None:
    save_saml_settings(provider=company.saml, actor=OPERATOR, values=SamlValues(idp_initiated=mode))


def unasked(
    browser: PersonBrowser, company: Company, person: str = "mia@acme.example", relay: str = ""
) -> Page:
    """Begin at the identity provider and stop at the page whose form carries the answer to us."""
    start = f"{company.directory}/saml/start?sp={quote(f'{HOME}{SAML}')}"
    page = browser.open(start + (f"&RelayState={quote(relay)}" if relay else ""))
    return browser.submit(page, fresh=True, person=person)


def test_refused_when_the_provider_is_set_so(acme: Company, browser: PersonBrowser) -> None:
    # S-5
    set_mode(acme, "refuse")
    before = rows()
    page = browser.submit(unasked(browser, acme), follow=False)
    assert refused_for(page) == "unsolicited"
    assert written(before) == {"audit.FailureLogEntry": 1}


def test_restarted_as_a_sign_in_of_our_own_by_default(acme: Company, browser: PersonBrowser) -> None:
    # S-5, V-19
    before = rows()
    answer = browser.submit(unasked(browser, acme, relay="/deep/link"), follow=False)
    assert answer.status == 303
    assert answer.headers["Location"] == f"{SAML}?restart=1"  # keeps nothing of the POST
    assert written(before) == {}
    at_provider = browser.open(answer.headers["Location"])
    page = browser.submit(browser.submit(at_provider, fresh=True, person="noah@acme.example"))
    assert page.url == f"{HOME}/"
    assert (
        browser.me()["user_name"] == "noah@acme.example"
    )  # whoever is signed in there, not whom the POST named


def test_restarted_once_a_minute_and_not_in_circles(acme: Company, browser: PersonBrowser) -> None:
    # V-19
    browser.submit(unasked(browser, acme))
    guard = browser.client.cookies["broker-restart"]
    assert guard["max-age"] == 60
    assert guard["httponly"]
    again = browser.submit(unasked(browser, acme))
    assert refused_for(again) == "unsolicited"
    del browser.client.cookies["broker-restart"]  # as the browser does after that minute
    assert "127.0.0.1" in browser.submit(unasked(browser, acme)).url


def test_accepted_when_the_provider_is_set_so(acme: Company, browser: PersonBrowser) -> None:
    # S-5, V-19
    set_mode(acme, "accept")
    page = browser.submit(unasked(browser, acme))
    assert page.url == f"{HOME}/"
    assert browser.me()["user_name"] == "mia@acme.example"
    attempt = SignInAttempt.objects.get()
    assert attempt.unsolicited is True
    assert attempt.outcome == "signed_in"


def test_accepted_one_is_bound_to_the_browser_that_brought_it(acme: Company, new_browser: NewBrowser) -> None:
    # V-16, V-19
    set_mode(acme, "accept")
    mine, stranger = new_browser(), new_browser()
    parked = mine.submit(unasked(mine, acme), follow=False)
    assert refused_for(stranger.open(f"{CONTINUE}?code={code_in(parked)}")) == "attempt.wrong_browser"
    assert stranger.me() == {"authenticated": False}
    assert not User.objects.exists()


def test_accepted_one_does_not_end_what_another_tab_has_under_way(
    acme: Company, browser: PersonBrowser
) -> None:
    # L-6, V-19
    set_mode(acme, "accept")
    other_tab = answer_of(browser, OIDC)
    browser.submit(unasked(browser, acme))
    assert browser.me()["authenticated"] is True
    browser.post("/logout/", {})
    browser.submit(other_tab)
    assert browser.me()["session"]["identity_provider"] == "acme-oidc"


def test_accepted_assertion_counts_once(acme: Company, browser: PersonBrowser) -> None:
    # S-8
    set_mode(acme, "accept")
    answer = unasked(browser, acme)
    browser.submit(answer)
    browser.post("/logout/", {})
    assert refused_for(browser.submit(answer)) == "saml.replay"
    assert browser.me() == {"authenticated": False}
    assert SpentAssertion.objects.count() == 1


@pytest.mark.parametrize("relay", ["https://evil.example/", "//evil.example", "/admin/"])
def test_relay_state_of_an_accepted_one_leads_nowhere(
    acme: Company, browser: PersonBrowser, relay: str
) -> None:
    # L-7
    set_mode(acme, "accept")
    page = browser.submit(unasked(browser, acme, relay=relay))
    assert page.url == f"{HOME}/"


@MODES
def test_answer_to_a_request_that_is_not_ours_is_refused_in_every_mode(
    acme: Company, browser: PersonBrowser, mode: str
) -> None:
    # V-19
    set_mode(acme, mode)
    answer = answer_of(browser, SAML)
    SignInAttempt.objects.all().delete()
    before = rows()
    assert refused_for(browser.submit(answer, follow=False)) == "attempt.unknown"
    assert written(before) == {"audit.FailureLogEntry": 1}


@MODES
def test_answer_that_names_its_request_inside_the_assertion_alone_is_no_unsolicited_one(
    acme: Company, browser: PersonBrowser, mode: str
) -> None:
    # V-19: an Entra-like Response is unsigned, so anybody may strip its InResponseTo
    set_mode(acme, mode)
    answer = answer_of(browser, SAML)
    document = etree.fromstring(base64.b64decode(fields_of(answer)["SAMLResponse"]))
    del document.attrib["InResponseTo"]
    stripped = {"SAMLResponse": base64.b64encode(etree.tostring(document)).decode()}
    SignInAttempt.objects.all().delete()
    assert refused_for(browser.post(SAML, stripped, cross_site=True)) == "attempt.unknown"
    assert not ParkedAnswer.objects.exists()


@MODES
def test_disabled_provider_takes_no_unsolicited_response(
    acme: Company, browser: PersonBrowser, mode: str
) -> None:
    # V-18
    set_mode(acme, mode)
    answer = unasked(browser, acme)
    providers.disable_provider(provider=acme.saml, actor=OPERATOR)
    before = rows()
    assert refused_for(browser.submit(answer, follow=False)) == "unsolicited"
    assert written(before) == {"audit.FailureLogEntry": 1}


def test_accepted_one_asks_before_it_switches_person(acme: Company, browser: PersonBrowser) -> None:
    # V-19: somebody posting their own answer from another page does not silently replace a session
    set_mode(acme, "accept")
    sign_in(browser, SAML, person="noah@acme.example")
    page = browser.submit(unasked(browser, acme, person="mia@acme.example"))
    assert "continue as Mia Keller in Acme?" in page.words
    assert browser.me()["user_name"] == "noah@acme.example"
    assert UserSession.objects.filter(ended_at=None).count() == 1
