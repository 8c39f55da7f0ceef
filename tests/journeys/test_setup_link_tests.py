"""Whoever holds a setup link tests the draft: a round trip without a session, a result without people (V-18, V-22)."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest

from accounts.models import BuiltInAccountRole, User
from audit.actors import Actor, ActorKind
from audit.models import AuditEvent, FailureLogEntry
from sso import setup_links, testing
from sso.models import FederatedIdentity, IdentityProvider, Purpose, SetupLink, SignInAttempt, State
from sso_oidc.models import TenantOwner
from sso_saml.configuration import SamlValues, save_saml_settings
from tests.journeys.conftest import OPERATOR, Company
from tests.journeys.person_browser import Page, PersonBrowser
from tests.journeys.seen import rows, written
from tests.journeys.test_connection_test import MIA, TRACES, answer, make_draft
from tests.worlds import add_person

NewBrowser = Callable[[], PersonBrowser]
TEST_FORM = 1  # on the page of a link, after the values


@pytest.fixture
def sender(acme: Company) -> User:
    """The SSO account admin who makes links."""
    return add_person(acme.account, "sso", BuiltInAccountRole.SSO_ACCOUNT_ADMIN)


def link_for(provider: IdentityProvider, sender: User) -> str:
    """Make a link for the provider as a draft, and return its path."""
    make_draft(provider)
    maker = Actor(ActorKind.USER, str(sender.pk), sender.user_name)
    return urlsplit(setup_links.make_setup_link(provider=provider, actor=maker)[1]).path


def begin(holder: PersonBrowser, path: str) -> Page:
    """Open a link, press “Test connection” and go on to the provider."""
    going = holder.submit(holder.open(path), form=TEST_FORM)
    return holder.open(going.link("Continue to"))


def run(holder: PersonBrowser, path: str) -> Page:
    page = answer(holder, begin(holder, path))
    return holder.submit(page) if page.url.startswith("http://127.0.0.1") else page


@pytest.mark.parametrize("protocol", ["saml", "oidc"])
def test_holder_tests_the_draft_and_sees_their_own_claims_and_no_people(
    acme: Company, sender: User, browser: PersonBrowser, protocol: str
) -> None:
    # V-18, V-22: with no path to a session
    provider: IdentityProvider = getattr(acme, protocol)
    path = link_for(provider, sender)
    add_person(acme.account, "mia")  # whom a plan would name
    before = rows()
    page = run(browser, path)
    assert page.status == 200, page.words
    assert "The connection works" in page.words
    assert MIA in page.words  # what the provider said about the tester
    for told in ("What a sign-in would do", "(exists)", "Rules", sender.user_name):
        assert told not in page.words, told
    assert browser.me() == {"authenticated": False}
    assert set(written(before)) <= {*TRACES, "sso.SetupLink", "foundation.OutboxMessage"}
    assert not FederatedIdentity.objects.exists()
    attempt = SignInAttempt.objects.get()
    assert (attempt.purpose, attempt.outcome, attempt.starter) == (Purpose.TEST, testing.PASSED, None)
    assert "plan" not in attempt.report
    event = AuditEvent.objects.get(action="provider.tested")
    assert (event.actor_kind, event.account_id) == ("setup_link", acme.account.pk)


@pytest.mark.parametrize("protocol", ["saml", "oidc"])
def test_test_by_a_link_proves_nothing_and_claims_no_tenant(
    acme: Company, sender: User, browser: PersonBrowser, protocol: str
) -> None:
    # L-8, V-6: that takes an admin
    provider: IdentityProvider = getattr(acme, protocol)
    assert "The connection works" in run(browser, link_for(provider, sender)).words
    provider.refresh_from_db()
    assert (provider.proven_version, provider.state) == (None, State.DRAFT)
    assert not TenantOwner.objects.exists()


def test_result_is_for_the_browser_that_ran_the_test(
    acme: Company, sender: User, browser: PersonBrowser, new_browser: NewBrowser
) -> None:
    # V-17, V-22
    path = link_for(acme.saml, sender)
    page = run(browser, path)
    assert browser.open(page.url).status == 200  # again
    other = new_browser()
    other.open(path)  # the same link elsewhere
    assert other.open(page.url).status == 404
    assert new_browser().open(page.url).status == 404
    SetupLink.objects.update(digest="x" * 64)  # the link is another one now
    assert browser.open(page.url).status == 404


def test_link_that_ended_starts_no_test_and_shows_no_result(
    acme: Company, sender: User, browser: PersonBrowser
) -> None:
    # V-18, V-22
    path = link_for(acme.saml, sender)
    shown = browser.open(path)
    going = browser.submit(shown, form=TEST_FORM)
    page = run(browser, path)
    setup_links.revoke_setup_link(link=SetupLink.objects.get(), actor=OPERATOR)
    assert browser.submit(shown, form=TEST_FORM).status == 410
    assert "test.not_started" in ticketed(browser, going)
    assert browser.open(page.url).status == 404


def test_ticket_of_a_test_is_for_one_provider_and_one_browser(
    acme: Company, sender: User, browser: PersonBrowser, new_browser: NewBrowser
) -> None:
    # V-18
    make_draft(acme.oidc)
    going = browser.submit(browser.open(link_for(acme.saml, sender)), form=TEST_FORM)
    assert "test.not_started" in ticketed(new_browser(), going)
    elsewhere = going.link("Continue to").replace("acme-saml", "acme-oidc").replace("/saml/", "/oidc/")
    refused = browser.open(elsewhere.replace("acme-oidc/?", "acme-oidc/login?"))
    assert refused.status == 400
    assert not SignInAttempt.objects.exists()


def ticketed(holder: PersonBrowser, going: Page) -> str:
    """Follow a ticket that is refused, and return the code in the failure log."""
    page = holder.open(going.link("Continue to"))
    assert page.status == 400, page.words
    return FailureLogEntry.objects.latest("last_seen").code


def test_failing_answer_comes_back_with_what_to_mend(
    acme: Company, sender: User, browser: PersonBrowser
) -> None:
    # S-3
    path = link_for(acme.saml, sender)
    save_saml_settings(
        provider=acme.saml, actor=OPERATOR, values=SamlValues(idp_entity_id="https://other.example/idp")
    )
    page = run(browser, path)
    assert "The connection does not work yet" in page.words
    assert "Microsoft Entra Identifier" in page.words


def test_draft_without_values_is_not_tested(acme: Company, sender: User, browser: PersonBrowser) -> None:
    # S-3
    path = link_for(acme.saml, sender)
    save_saml_settings(provider=acme.saml, actor=OPERATOR, values=SamlValues(sso_url=""))
    told = browser.submit(browser.open(path), form=TEST_FORM)
    assert told.status == 409
    assert "can't be tested" in told.words
