"""Somebody whom several of a partner's accounts know chooses one, after the browser proved itself (V-5, V-17, V-19)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from accounts.models import User
from sso.models import FederatedIdentity, ProviderGrant, SignInAttempt
from sso.provider_grants import revoke_provider
from tests.journeys.partner_world import (
    Reseller,
    add_employee,
    arrive,
    deliver,
    found_reseller,
)
from tests.journeys.person_browser import HOME, PersonBrowser
from tests.journeys.seen import refused_for
from tests.worlds import OPERATOR

NewBrowser = Callable[[], PersonBrowser]
BOTH = "0b5e0c5e-7d0a-4c57-9c6e-2f6a4f0c9d11"  # an object id that two accounts' directories know


@pytest.fixture
def reseller(db: None) -> Reseller:
    return found_reseller()


def set_external_id(user: User, external_id: str) -> None:
    User.objects.filter(pk=user.pk).update(external_id=external_id)


def known_in_both(reseller: Reseller) -> tuple[User, User]:
    """Somebody whom both accounts' directories provisioned under one object id, as a consultant's would be."""
    people = add_employee(reseller.accounts["acme"], "mia"), add_employee(reseller.accounts["globex"], "mia")
    for user in people:
        set_external_id(user, BOTH)
    return people


def test_person_of_several_accounts_chooses_one(reseller: Reseller, browser: PersonBrowser) -> None:
    # V-5
    known_in_both(reseller)
    page = arrive(browser, reseller.say(None, external_id=BOTH), reseller.key)
    page = browser.open(page.headers["Location"]) if page.status == 303 else page
    assert "Choose an account" in page.words
    assert "Acme" in page.words
    assert "Globex" in page.words
    assert browser.me() == {"authenticated": False}
    globex = str(reseller.account("globex").pk)
    page = browser.submit(page, account=globex)
    assert page.url == f"{HOME}/"
    assert browser.me()["account"]["slug"] == "globex"
    assert SignInAttempt.objects.get().account == reseller.account("globex")
    # From now on the subject is known there, and nobody asks again.
    browser.post("/logout/", {})
    arrive(browser, reseller.say(None, external_id=BOTH), reseller.key)
    assert browser.me()["account"]["slug"] == "globex"


def test_two_addresses_of_one_person_lead_to_two_accounts(reseller: Reseller, browser: PersonBrowser) -> None:
    # V-3, V-5: each in a verified domain of its account
    add_employee(reseller.accounts["acme"], "mia")
    add_employee(reseller.accounts["globex"], "mia")
    said = reseller.say("mia@acme.example", user_name="mia@globex.example")
    page = arrive(browser, said, reseller.key)
    assert "Choose an account" in page.words
    browser.submit(page, account=str(reseller.account("acme").pk))
    assert browser.me()["account"]["slug"] == "acme"


def test_showing_the_choice_again_decides_nothing_and_the_choice_counts_once(
    reseller: Reseller, browser: PersonBrowser
) -> None:
    # V-17
    known_in_both(reseller)
    page = arrive(browser, reseller.say(None, external_id=BOTH), reseller.key)
    for _ in range(3):
        assert "Choose an account" in browser.open(page.url).words
    browser.submit(page, account=str(reseller.account("acme").pk))
    assert browser.me()["account"]["slug"] == "acme"
    again = browser.submit(page, account=str(reseller.account("globex").pk))
    assert refused_for(again) == "attempt.spent"
    assert browser.me()["account"]["slug"] == "acme"


def test_names_of_accounts_are_for_the_browser_that_brought_the_answer(
    reseller: Reseller, new_browser: NewBrowser
) -> None:
    # V-5, V-17: names only after proof
    known_in_both(reseller)
    mine, stranger = new_browser(), new_browser()
    parked = deliver(mine, reseller.say(None, external_id=BOTH), reseller.key)
    assert "Acme" not in parked.text
    page = mine.open(parked.headers["Location"])
    theirs = stranger.open(page.url)
    assert refused_for(theirs) == "attempt.wrong_browser"
    assert "Acme" not in theirs.text
    assert stranger.me() == {"authenticated": False}


def test_victim_who_delivers_the_answer_of_anothers_choice_gives_nothing_away(
    reseller: Reseller, new_browser: NewBrowser
) -> None:
    # V-17: A posts and is asked; B sends A's choice
    known_in_both(reseller)
    a, b = new_browser(), new_browser()
    page = arrive(a, reseller.say(None, external_id=BOTH), reseller.key)
    code = page.form()[2]["code"]
    answer = b.post("/sso/continue/", {"code": code, "account": str(reseller.account("acme").pk)})
    assert refused_for(answer) == "attempt.wrong_browser"
    assert a.me() == b.me() == {"authenticated": False}
    assert refused_for(a.submit(page, account=str(reseller.account("acme").pk))) == "attempt.spent"


@pytest.mark.parametrize("which", ["another account", "no grant", "nonsense"])
def test_only_an_account_that_was_offered_can_be_chosen(
    reseller: Reseller, browser: PersonBrowser, which: str
) -> None:
    # V-5
    known_in_both(reseller)
    page = arrive(browser, reseller.say(None, external_id=BOTH), reseller.key)
    if which == "no grant":
        wanted = str(reseller.account("globex").pk)
        revoke_provider(grant=ProviderGrant.objects.get(account=wanted), actor=OPERATOR)
    else:
        other = found_reseller("other", accounts=("initech",))
        set_external_id(add_employee(other.accounts["initech"], "mia"), BOTH)
        wanted = str(other.account("initech").pk) if which == "another account" else "nonsense"
    assert refused_for(browser.submit(page, account=wanted)) == "provider.not_granted"
    assert browser.me() == {"authenticated": False}
    assert not FederatedIdentity.objects.exists()


def test_choice_that_nobody_can_make_any_more_says_so(reseller: Reseller, browser: PersonBrowser) -> None:
    # V-17
    known_in_both(reseller)
    page = arrive(browser, reseller.say(None, external_id=BOTH), reseller.key)
    for grant in ProviderGrant.objects.all():
        revoke_provider(grant=grant, actor=OPERATOR)
    assert refused_for(browser.open(page.url)) == "no_active_account"
    assert browser.me() == {"authenticated": False}


def test_choice_by_a_browser_with_anothers_session_is_followed_by_the_question(
    reseller: Reseller, browser: PersonBrowser
) -> None:
    # V-19
    known_in_both(reseller)
    add_employee(reseller.accounts["acme"], "noah")
    arrive(browser, reseller.say("noah@acme.example"), reseller.key)
    page = arrive(browser, reseller.say(None, external_id=BOTH), reseller.key)
    page = browser.submit(page, account=str(reseller.account("globex").pk))
    assert "in Globex?" in page.words
    assert browser.me()["user_name"] == "noah@acme.example"
    browser.submit(page, choice="continue")
    assert browser.me()["user_name"] == "mia@globex.example"


def test_account_cannot_put_itself_between_a_person_and_where_they_are_known(
    reseller: Reseller, browser: PersonBrowser
) -> None:
    # V-5: an evil account writes somebody's object id into a row of its own
    mia = add_employee(reseller.accounts["acme"], "mia")
    set_external_id(mia, BOTH)
    arrive(browser, reseller.say("mia@acme.example", external_id=BOTH), reseller.key)
    browser.post("/logout/", {})
    set_external_id(add_employee(reseller.accounts["globex"], "decoy"), BOTH)
    arrive(browser, reseller.say("mia@acme.example", external_id=BOTH), reseller.key)
    assert browser.me()["account"]["slug"] == "acme"


def test_identities_are_per_account(reseller: Reseller, browser: PersonBrowser) -> None:
    # V-5, V-1
    known_in_both(reseller)
    page = arrive(browser, reseller.say(None, external_id=BOTH), reseller.key)
    browser.submit(page, account=str(reseller.account("acme").pk))
    assert {row.account.slug for row in FederatedIdentity.objects.all()} == {"acme"}
