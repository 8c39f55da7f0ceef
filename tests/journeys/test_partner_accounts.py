"""Whom a partner's provider signs into which of its accounts, and what it may not (V-2, V-3, V-5)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone

from accounts import lifecycle
from accounts.lifecycle.roles import account_role_named
from accounts.models import BuiltInAccountRole, EmailDomain, Kind, User
from accounts.sources import Source
from audit.actors import Actor, ActorKind
from audit.models import AuditEvent
from sso import providers
from sso.models import FederatedIdentity, ProviderGrant, SignInAttempt
from sso.provider_grants import allow_sso_admins, grant_provider, revoke_provider
from sso_saml.provider_config import redirect_path
from tests.conftest import client_of
from tests.console.admin_pages import page as admin_page
from tests.console.admin_pages import words
from tests.journeys.partner_world import (
    Reseller,
    add_employee,
    arrive,
    deliver,
    found_reseller,
)
from tests.journeys.person_browser import HOME, Page, PersonBrowser
from tests.journeys.seen import code_in, refused_for
from tests.worlds import OPERATOR, add_person, add_vendor_person
from tests.worlds import sign_in as sign_in_by_password

NewBrowser = Callable[[], PersonBrowser]
BOTH = "0b5e0c5e-7d0a-4c57-9c6e-2f6a4f0c9d11"  # an object id that two accounts' directories know


@pytest.fixture
def reseller(db: None) -> Reseller:
    return found_reseller()


def set_external_id(user: User, external_id: str) -> None:
    User.objects.filter(pk=user.pk).update(external_id=external_id)


def same_answer(page: Page) -> str:
    """What a page says apart from the person's own address and the track ID."""
    return page.words.partition("Track ID")[0].split("does not have")[-1]


# --- who is not found ---


def test_account_that_did_not_switch_the_provider_on_is_not_entered(
    reseller: Reseller, browser: PersonBrowser
) -> None:
    # V-5
    add_employee(reseller.accounts["acme"], "mia")
    grant = ProviderGrant.objects.get(account=reseller.account("acme"))
    revoke_provider(grant=grant, actor=OPERATOR)
    page = arrive(browser, reseller.say("mia@acme.example"), reseller.key)
    assert refused_for(page) == "no_active_account"
    assert "mia@acme.example does not have an active account" in page.words
    grant_provider(provider=reseller.provider, account=reseller.account("acme"), actor=OPERATOR)
    arrive(browser, reseller.say("mia@acme.example"), reseller.key)
    assert browser.me()["authenticated"] is True


def test_account_that_left_the_partner_is_not_entered_by_an_old_permission(
    reseller: Reseller, browser: PersonBrowser
) -> None:
    # V-5
    add_employee(reseller.accounts["acme"], "mia")
    arrive(browser, reseller.say("mia@acme.example"), reseller.key)
    browser.post("/logout/", {})
    elsewhere = lifecycle.create_partner(actor=OPERATOR, slug="elsewhere", name="Elsewhere")
    lifecycle.update_account(account=reseller.account("acme"), actor=OPERATOR, values={"partner": elsewhere})
    assert refused_for(arrive(browser, reseller.say("mia@acme.example"), reseller.key)) == "no_active_account"
    # Nor from the login page of that account, which has no such button any more.
    assert "reseller-saml" not in browser.open("/login/acme/").text
    assert browser.me() == {"authenticated": False}


@pytest.mark.parametrize("closed", ["account", "module"])
def test_closed_account_and_account_without_the_module_are_not_entered(
    reseller: Reseller, browser: PersonBrowser, closed: str
) -> None:
    #
    add_employee(reseller.accounts["acme"], "mia")
    values = {"closed_at": timezone.now()} if closed == "account" else {"sso_module": False}
    lifecycle.update_account(account=reseller.account("acme"), actor=OPERATOR, values=values)
    assert refused_for(arrive(browser, reseller.say("mia@acme.example"), reseller.key)) == "no_active_account"


def test_everybody_who_is_not_let_in_reads_the_same(reseller: Reseller, new_browser: NewBrowser) -> None:
    # L-10, V-2: no page tells who exists
    acme = reseller.accounts["acme"]
    providers.update_provider(provider=reseller.provider, actor=OPERATOR, values={"just_in_time": False})
    gone, off, out = (add_employee(acme, name) for name in ("gone", "off", "out"))
    lifecycle.delete_user(user=gone, actor=OPERATOR)
    lifecycle.disable_user(user=off, actor=OPERATOR)
    directory = Actor(ActorKind.SCIM, "", "a directory")
    lifecycle.set_directory_active(user=out, actor=directory, active=False)
    partner_admin = add_vendor_person("boss", Kind.PARTNER_ADMIN, partner=reseller.partner)
    expected = {
        "nobody@acme.example": "no_active_account",
        "nobody@unknown.example": "no_active_account",
        "gone@acme.example": "user.deprovisioned",
        "off@acme.example": "user.disabled",
        "out@acme.example": "user.deactivated",
        "emma@acme.example": "link.needs_proof",  # has a password
        "admin@acme.example": "link.needs_proof",
        "sso@acme.example": "link.needs_proof",
        partner_admin.email: "no_active_account",
    }
    said = set()
    for email, code in expected.items():
        browser = new_browser()
        page = arrive(browser, reseller.say(email), reseller.key)
        assert refused_for(page) == code
        said.add((page.status, same_answer(page)))
        assert browser.me() == {"authenticated": False}
    assert len(said) == 1
    # The account's own trail has the reasons, under the same track IDs.
    trail = AuditEvent.objects.filter(action="sign_in.refused", account_id=acme.account.pk)
    assert set(trail.values_list("reason", flat=True)) == set(expected.values())


def test_people_and_accounts_of_another_partner_do_not_exist(
    reseller: Reseller, new_browser: NewBrowser
) -> None:
    # V-5
    other = found_reseller("other", accounts=("initech",))
    add_employee(other.accounts["initech"], "olga")
    real = arrive(new_browser(), reseller.say("olga@initech.example"), reseller.key)
    invented = arrive(new_browser(), reseller.say("olga@never.example"), reseller.key)
    assert refused_for(real) == refused_for(invented) == "no_active_account"
    assert same_answer(real) == same_answer(invented)
    [one, two] = AuditEvent.objects.filter(action="sign_in.refused").order_by("created_at")
    assert (one.account_id, one.partner_id) == (two.account_id, two.partner_id) == (None, reseller.partner.pk)
    assert "initech" not in one.message.replace("olga@initech.example", "")


def test_plain_user_name_and_employee_number_find_nobody(reseller: Reseller, browser: PersonBrowser) -> None:
    # V-3, V-5: number 1001 of one customer is not number 1001 of the next
    set_external_id(add_employee(reseller.accounts["acme"], "mia"), "1001")
    omar = add_employee(reseller.accounts["acme"], "omar")
    lifecycle.update_user(user=omar, actor=OPERATOR, values=lifecycle.PersonChanges(user_name="omar"))
    for said in (
        reseller.say(None, external_id="1001"),
        reseller.say("stranger@other.example", external_id="1001"),
        reseller.say(None, user_name="omar", external_id="x"),
    ):
        assert refused_for(arrive(browser, said, reseller.key)) == "no_active_account"
    assert not FederatedIdentity.objects.exists()
    # With an address in the account's own domain the number counts.
    arrive(browser, reseller.say("mia@acme.example", external_id="1001"), reseller.key)
    assert browser.me()["user_name"] == "mia@acme.example"


def test_address_in_a_domain_that_is_not_verified_finds_nobody(
    reseller: Reseller, browser: PersonBrowser
) -> None:
    # V-3, V-6
    user = add_employee(reseller.accounts["acme"], "mia")
    changes = lifecycle.PersonChanges(user_name="mia@side.example", email="mia@side.example")
    lifecycle.update_user(user=user, actor=OPERATOR, values=changes)
    EmailDomain.objects.create(account=reseller.account("acme"), domain="side.example")
    assert refused_for(arrive(browser, reseller.say("mia@side.example"), reseller.key)) == "no_active_account"


# --- SSO account admins ---


def test_sso_account_admin_is_signed_in_only_where_the_account_allowed_it(
    reseller: Reseller, browser: PersonBrowser
) -> None:
    # V-5
    acme = reseller.accounts["acme"]
    mia = add_employee(acme, "mia")
    arrive(browser, reseller.say("mia@acme.example"), reseller.key)  # bound while a plain member
    browser.post("/logout/", {})
    role = account_role_named(acme.account, BuiltInAccountRole.SSO_ACCOUNT_ADMIN)
    lifecycle.grant_account_role(user=mia, role=role, actor=OPERATOR, source=Source.MANUAL)
    page = arrive(browser, reseller.say("mia@acme.example"), reseller.key)
    assert refused_for(page) == "provider.no_sso_admins"
    assert "does not have an active account" in page.words
    assert browser.me() == {"authenticated": False}
    grant = ProviderGrant.objects.get(account=acme.account)
    assert allow_sso_admins(grant=grant, actor=OPERATOR, allowed=True) is True
    arrive(browser, reseller.say("mia@acme.example"), reseller.key)
    assert browser.me()["user_name"] == "mia@acme.example"


def test_account_admin_is_no_sso_account_admin(reseller: Reseller, browser: PersonBrowser) -> None:
    # V-5
    acme = reseller.accounts["acme"]
    mia = add_employee(acme, "mia")
    arrive(browser, reseller.say("mia@acme.example"), reseller.key)
    browser.post("/logout/", {})
    role = account_role_named(acme.account, BuiltInAccountRole.ACCOUNT_ADMIN)
    lifecycle.grant_account_role(user=mia, role=role, actor=OPERATOR, source=Source.MANUAL)
    arrive(browser, reseller.say("mia@acme.example"), reseller.key)
    assert browser.me()["authenticated"] is True


# --- just in time ---


def test_new_person_is_created_in_the_account_that_owns_their_domain(
    reseller: Reseller, browser: PersonBrowser
) -> None:
    # J-2, V-5
    arrive(browser, reseller.say("new@globex.example"), reseller.key)
    me = browser.me()
    assert (me["account"]["slug"], me["user_name"]) == ("globex", "new@globex.example")


def test_nobody_is_created_outside_a_verified_domain(reseller: Reseller, browser: PersonBrowser) -> None:
    # V-4, V-5: not even in an account that has no domain at all and is the only one
    other = found_reseller("other", accounts=("initech",))
    EmailDomain.objects.filter(account=other.account("initech")).delete()
    before = User.objects.count()
    assert refused_for(arrive(browser, other.say("new@initech.example"), other.key)) == "no_active_account"
    assert (
        refused_for(arrive(browser, reseller.say("new@nobody.example"), reseller.key)) == "no_active_account"
    )
    assert User.objects.count() == before


def test_nobody_is_created_from_anothers_login_page(reseller: Reseller, browser: PersonBrowser) -> None:
    # V-5: Globex's employee presses the button on Acme's page
    EmailDomain.objects.filter(account=reseller.account("acme")).delete()
    link = browser.open("/login/acme/").link("Continue with SAML SSO")
    assert browser.client.get(link.removeprefix(HOME)).status_code == 302
    attempt = SignInAttempt.objects.get()
    assert attempt.account == reseller.account("acme")
    address = f"{HOME}/sso/saml/reseller-saml/"
    said = reseller.say(
        "new@globex.example",
        destination=address,
        recipient=address,
        response_in_response_to=attempt.request_id,
        in_response_to=attempt.request_id,
    )
    parked = browser.post("/sso/saml/reseller-saml/", {"SAMLResponse": said.post()}, cross_site=True)
    assert refused_for(browser.open(parked.headers["Location"])) == "email.outside_domains"
    assert not User.objects.filter(user_name="new@globex.example").exists()


# --- begun here ---


def answer_to_our_request(browser: PersonBrowser, reseller: Reseller, start: str, email: str) -> Page:
    """Begin here, and let the provider answer what we asked."""
    left = browser.client.get(start.removeprefix(HOME))
    assert left.status_code == 302, left.content[:300]
    asked = SignInAttempt.objects.latest("created_at").request_id
    address = f"{HOME}/sso/saml/{reseller.provider.slug}/"
    said = reseller.say(
        email,
        destination=address,
        recipient=address,
        response_in_response_to=asked,
        in_response_to=asked,
    )
    page = browser.post(
        f"/sso/saml/{reseller.provider.slug}/", {"SAMLResponse": said.post()}, cross_site=True
    )
    code_in(page)
    return browser.open(page.headers["Location"])


def test_button_on_the_accounts_page_signs_into_that_account(
    reseller: Reseller, browser: PersonBrowser
) -> None:
    # L-1, V-5
    add_employee(reseller.accounts["acme"], "mia")
    link = browser.open("/login/acme/").link("Continue with SAML SSO")
    page = answer_to_our_request(browser, reseller, link, "mia@acme.example")
    assert page.url == f"{HOME}/"
    assert browser.me()["account"]["slug"] == "acme"


def test_sign_in_that_began_without_an_account_finds_it_by_the_answer(
    reseller: Reseller, browser: PersonBrowser
) -> None:
    # V-5
    add_employee(reseller.accounts["globex"], "gus")
    answer_to_our_request(browser, reseller, "/sso/saml/reseller-saml/", "gus@globex.example")
    assert browser.me()["account"]["slug"] == "globex"
    assert SignInAttempt.objects.get().account == reseller.account("globex")


def test_account_that_is_none_of_the_providers_is_not_taken_from_an_address(
    reseller: Reseller, browser: PersonBrowser
) -> None:
    # V-5, V-18
    found_reseller("other", accounts=("initech",))
    for slug in ("initech", "never", "\x00"):
        browser.client.get("/sso/saml/reseller-saml/", {"account": slug})
    assert set(SignInAttempt.objects.values_list("account", flat=True)) == {None}


def test_permission_taken_back_while_the_person_was_away_counts(
    reseller: Reseller, browser: PersonBrowser
) -> None:
    # V-17
    add_employee(reseller.accounts["acme"], "mia")
    parked = deliver(browser, reseller.say("mia@acme.example"), reseller.key)
    revoke_provider(grant=ProviderGrant.objects.get(account=reseller.account("acme")), actor=OPERATOR)
    assert refused_for(browser.open(parked.headers["Location"])) == "no_active_account"


def test_password_holder_connects_single_sign_on_after_signing_in(
    reseller: Reseller, browser: PersonBrowser
) -> None:
    # V-3
    acme = reseller.accounts["acme"]
    providers.disable_provider(provider=acme.provider, actor=OPERATOR)
    person = add_person(acme.account, "paul")
    browser.post("/login/acme/", {"user_name": person.user_name, "password": "correct-horse-battery-1"})
    link = browser.open("/").link("SAML SSO")
    answer_to_our_request(browser, reseller, link, "paul@acme.example")
    assert FederatedIdentity.objects.get().user == person


def test_sso_account_admin_is_not_linked_where_the_account_keeps_them_out(
    reseller: Reseller, browser: PersonBrowser
) -> None:
    # V-5, J-11: their password would end for a way that is closed to them
    second = add_person(reseller.account("acme"), "second", BuiltInAccountRole.SSO_ACCOUNT_ADMIN)
    start = f"{redirect_path(reseller.provider)}?account=acme"
    answer_to_our_request(browser, reseller, start, second.email)
    refused = SignInAttempt.objects.get()
    assert refused.outcome == "link.needs_proof"
    admin = client_of("localhost:8000")
    sign_in_by_password(admin, reseller.accounts["acme"].sso_admin)
    asked = admin_page(SignInAttempt, "relink", refused.pk)
    assert "no longer names a person" in words(admin.get(asked, follow=True))
    admin.post(asked, {"person": str(second.pk)})
    second.refresh_from_db()
    assert second.has_usable_password()
    assert not FederatedIdentity.objects.exists()
