"""Each region has an entrance of its own, and a sign-in ends on the host where it began (S-6, V-7, design rule 9)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pytest_django import Settings

from accounts import lifecycle
from accounts.models import UserSession
from audit.models import AuditEvent
from sso.models import FederatedIdentity, SignInAttempt
from tests.journeys.partner_world import ENTRANCE, Reseller, add_employee, arrive, deliver, found_reseller
from tests.journeys.person_browser import HOME, PersonBrowser
from tests.journeys.seen import refused_for, track_id_of
from tests.worlds import OPERATOR

EU, US = "http://eu.localhost:8000", "http://us.localhost:8000"
BOTH = "0b5e0c5e-7d0a-4c57-9c6e-2f6a4f0c9d11"
At = Callable[[str], PersonBrowser]


@pytest.fixture
def reseller(db: None, settings: Settings) -> Reseller:
    """Acme is in eu, Globex in us."""
    settings.BROKER_REGIONS = {"eu": EU, "us": US}
    found = found_reseller()
    for slug, region in (("acme", "eu"), ("globex", "us")):
        lifecycle.update_account(account=found.account(slug), actor=OPERATOR, values={"region": region})
    return found


@pytest.fixture
def at() -> At:
    """A browser whose home is a region's host."""
    return PersonBrowser


def test_session_lives_on_the_regions_host(reseller: Reseller, at: At) -> None:
    # S-6, V-7, design rule 9
    add_employee(reseller.accounts["acme"], "mia")
    browser = at(EU)
    page = arrive(browser, reseller.say("mia@acme.example", base=EU), reseller.key)
    assert page.url == f"{EU}/"
    assert browser.me()["account"]["slug"] == "acme"
    assert UserSession.objects.get().host == SignInAttempt.objects.get().host == "eu.localhost:8000"
    assert browser.open("/").status == 200
    browser.post("/logout/", {})
    assert browser.me() == {"authenticated": False}


def test_session_of_an_account_with_a_host_name_lives_on_the_regions_host_too(
    reseller: Reseller, at: At
) -> None:
    # design rule 9: the provider is above the account
    lifecycle.verify_host_name(account=reseller.account("acme"), actor=OPERATOR, host="sso.acme.example")
    add_employee(reseller.accounts["acme"], "mia")
    browser = at(EU)
    arrive(browser, reseller.say("mia@acme.example", base=EU), reseller.key)
    assert browser.me()["authenticated"] is True
    elsewhere = PersonBrowser("http://sso.acme.example:8000")
    elsewhere.client.cookies = browser.client.cookies
    assert elsewhere.me() == {"authenticated": False}  # V-7


def test_wrong_region_names_the_right_address_without_the_key(reseller: Reseller, at: At) -> None:
    # S-6
    add_employee(reseller.accounts["acme"], "mia")
    browser = at(US)
    page = arrive(browser, reseller.say("mia@acme.example", base=US), reseller.key)
    assert refused_for(page) == "account.wrong_region"
    assert f"{EU}{ENTRANCE}" in page.words
    assert reseller.key not in page.text
    assert "x-rs-key" not in page.text
    assert track_id_of(page)
    assert browser.me() == {"authenticated": False}
    assert not FederatedIdentity.objects.exists()
    event = AuditEvent.objects.get(action="sign_in.refused")
    assert event.account_id == reseller.account("acme").pk


def test_region_is_told_only_to_the_browser_that_brought_the_answer(reseller: Reseller, at: At) -> None:
    # V-17
    add_employee(reseller.accounts["acme"], "mia")
    mine, stranger = at(US), at(US)
    parked = deliver(mine, reseller.say("mia@acme.example", base=US), reseller.key)
    assert parked.status == 303
    page = stranger.open(parked.headers["Location"])
    assert refused_for(page) == "attempt.wrong_browser"
    assert EU not in page.text


def test_account_without_a_region_is_served_in_each(reseller: Reseller, at: At) -> None:
    #
    lifecycle.update_account(account=reseller.account("acme"), actor=OPERATOR, values={"region": ""})
    add_employee(reseller.accounts["acme"], "mia")
    for base in (EU, US):
        browser = at(base)
        arrive(browser, reseller.say("mia@acme.example", base=base), reseller.key)
        assert browser.me()["authenticated"] is True


def test_of_several_accounts_only_those_of_the_region_are_offered(reseller: Reseller, at: At) -> None:
    # S-6, V-5
    from accounts.models import User

    for slug in ("acme", "globex"):
        user = add_employee(reseller.accounts[slug], "mia")
        User.objects.filter(pk=user.pk).update(external_id=BOTH)
    browser = at(US)
    arrive(browser, reseller.say(None, external_id=BOTH, base=US), reseller.key)
    assert browser.me()["account"]["slug"] == "globex"


@pytest.mark.parametrize("base", [EU, HOME, "http://eu.localhost:80", "https://eu.localhost:8000"])
def test_answer_meant_for_another_address_is_refused(reseller: Reseller, at: At, base: str) -> None:
    # S-6: exactly this region's, not just one of ours
    add_employee(reseller.accounts["globex"], "gus")
    browser = at(US)
    for knob in ("destination", "recipient"):
        said = reseller.say(
            "gus@globex.example", base=US, **{knob: f"{base}{ENTRANCE}?x-rs-key={reseller.key}"}
        )
        assert refused_for(deliver(browser, said, reseller.key)) == f"saml.{knob}"
    arrive(browser, reseller.say("gus@globex.example", base=US), reseller.key)
    assert browser.me()["authenticated"] is True


@pytest.mark.parametrize("base", [HOME, "http://sso.acme.example:8000"])
def test_deployments_and_accounts_hosts_have_no_entrance_where_there_are_regions(
    reseller: Reseller, at: At, base: str
) -> None:
    # S-6, V-7
    lifecycle.verify_host_name(account=reseller.account("acme"), actor=OPERATOR, host="sso.acme.example")
    add_employee(reseller.accounts["acme"], "mia")
    page = deliver(at(base), reseller.say("mia@acme.example", base=base), reseller.key)
    assert refused_for(page) == "attempt.wrong_host"


def test_unknown_host_has_no_entrance(reseller: Reseller, at: At) -> None:
    # design rule 9
    page = deliver(at("http://evil.example:8000"), reseller.say("mia@acme.example"), reseller.key)
    assert page.status == 400
    assert not SignInAttempt.objects.exists()


def test_answer_parked_in_one_region_is_not_collected_in_another(reseller: Reseller, at: At) -> None:
    # V-17: same host
    add_employee(reseller.accounts["acme"], "mia")
    browser, other = at(EU), at(US)
    parked = deliver(browser, reseller.say("mia@acme.example", base=EU), reseller.key)
    other.client.cookies = browser.client.cookies
    assert refused_for(other.open(parked.headers["Location"])) == "attempt.wrong_host"
