"""An SSO account admin lets people come by single sign-on only, and lets mapping roles decide, in Chromium."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.administrator import Administrator
from tests.e2e.conftest import NewVisitor
from tests.e2e.own_company import PASSWORD, OwnCompany, own_company
from tests.e2e.running_product import RunningProduct
from tests.e2e.visitor import Visitor

pytestmark = pytest.mark.browser


@pytest.fixture
def company(product: RunningProduct) -> Iterator[OwnCompany]:
    """A company of the test's own."""
    with own_company(product) as made:
        yield made


def fits(visitor: Visitor, picture: str) -> None:
    """The page is no wider than its window, on a phone neither."""
    assert visitor.overflow() <= 0
    with visitor.on_a_phone():
        assert visitor.overflow() <= 0
    visitor.picture(picture)


def ask(company: OwnCompany, admin: Administrator, label: str) -> None:
    """On the account's page: press a button that asks first."""
    company.open_account(admin)
    admin.visitor.follow(admin.visitor.page.get_by_role("link", name=label))


def press(admin: Administrator, label: str) -> None:
    """Press the button of the page that asks."""
    admin.visitor.follow(admin.visitor.page.locator("form.console-card").get_by_role("button", name=label))


def connect(company: OwnCompany, visitor: Visitor, *, silent: bool = False) -> None:
    """Vera connects single sign-on on My access and comes back through the provider."""
    visitor.open("/")
    visitor.follow(visitor.page.locator("section[aria-labelledby=connect-heading] a"))
    company.answer(visitor, "vera", silent=silent)


def test_single_sign_on_becomes_mandatory_once_it_was_seen_to_work(
    new_visitor: NewVisitor, company: OwnCompany
) -> None:
    # L-8, L-3
    vera = company.admin(new_visitor())
    visitor, label = vera.visitor, "Make SSO mandatory"
    company.open_account(vera)
    fits(visitor, "account-optional")
    ask(company, vera, label)
    assert "You would lock yourself out" in visitor.words
    fits(visitor, "mandatory-locks-out")
    press(vera, label)
    assert "Nobody has signed in through an enabled provider as it is configured now" in visitor.words
    fits(visitor, "mandatory-refused")

    connect(company, visitor)
    assert visitor.me()["session"]["identity_provider"] == f"{company.slug}-saml"
    paul = new_visitor()  # has the page open since before the switch
    paul.open(f"/login/{company.slug}/")
    paul.picture("login-optional")
    ask(company, vera, label)
    for told in (
        "1 person has no identity at a provider yet",
        "only a password so far",
        company.address("paul"),
        "Nobody could get back in if the provider fails",
    ):
        assert told in visitor.words
    assert "You would lock yourself out" not in visitor.words
    fits(visitor, "mandatory-impact")
    press(vera, label)
    assert "Single sign-on is mandatory now." in visitor.words
    fits(visitor, "account-mandatory")

    paul.page.get_by_label("User name or e-mail").fill(company.address("paul"))
    paul.page.get_by_label("Password").fill(PASSWORD)
    paul.follow(paul.page.get_by_role("button", name="Sign in with password"))
    assert "Umbra signs in to Identity Broker with the corporate account only." in paul.words
    assert paul.ask_me()[0] == 401
    fits(paul, "password-refused")
    paul.open(f"/login/{company.slug}/")
    assert paul.page.get_by_label("Password").count() == 0
    fits(paul, "login-mandatory")

    admin_page = vera.visitor.page
    vera.open("sso/identityprovider/")
    visitor.follow(admin_page.locator("#result_list a[href*='/change/']").first)
    visitor.follow(admin_page.get_by_role("link", name="Disable"))
    assert "You are one of them: you would lock yourself out." in visitor.words
    fits(visitor, "provider-disable")


def test_authorization_is_enabled_after_a_precheck_and_a_role_change_is_announced(
    new_visitor: NewVisitor, company: OwnCompany
) -> None:
    # L-14
    nina = new_visitor()
    company.sign_in(nina, "nina")
    assert "You now have: Trial (Space Member)." in nina.page.get_by_role("status").inner_text()

    vera = company.admin(new_visitor())
    visitor, label = vera.visitor, "Enable Single Sign-On Authorization"
    connect(company, visitor, silent=True)
    ask(company, vera, label)
    assert "brought no role_mapping claim" in visitor.words
    press(vera, label)
    assert "brought no role_mapping claim" in visitor.words
    company.open_account(vera)
    assert "Roles come from sign-ins and are given by hand." in visitor.words
    fits(visitor, "authorization-off")

    visitor.open("/")
    visitor.sign_out()
    company.sign_in(visitor, "vera")
    ask(company, vera, label)
    assert "no role_mapping claim" not in visitor.words
    assert "of 2 people 1 gain, 2 lose, 0 could not sign in" in visitor.words
    fits(visitor, "authorization-preview")
    press(vera, label)
    assert "Single sign-on authorization is on." in visitor.words
    fits(visitor, "authorization-on")

    nina.sign_out()
    company.sign_in(nina, "nina")
    announcement = nina.page.get_by_role("status")
    told = "Your access changed. You now have: Launch (Space Developer). Your roles in the account: Billing Viewer."
    assert told in announcement.inner_text()
    fits(nina, "access-changed")
    nina.page.reload()
    assert announcement.count() == 0
    assert "from a mapping role" in nina.words

    vera.open_person(company.address("nina"))
    assert "Roles follow mapping roles" in visitor.words
    fits(visitor, "managed-person")
    vera.open("spaces/mappingrole/")
    fits(visitor, "mapping-roles")
    visitor.follow(visitor.page.get_by_role("link", name="sales"))
    fits(visitor, "mapping-role")
    visitor.page.get_by_role("checkbox", name="Billing Viewer").uncheck()
    visitor.follow(visitor.page.get_by_role("button", name="Save"))
    assert "Saving this affects 1 person." in visitor.words
    fits(visitor, "mapping-role-preview")
    visitor.follow(visitor.page.get_by_role("button", name="Save and apply now"))
    assert "being applied to everybody concerned" in visitor.words
    ask(company, vera, "Disable Single Sign-On Authorization")
    fits(visitor, "authorization-turn-off")


def test_admin_of_a_company_with_its_own_host_reaches_the_admin_by_single_sign_on(
    new_visitor: NewVisitor, product: RunningProduct
) -> None:
    # V-7, L-3: the answer comes to the company's host, and the browser's cookie is on the deployment's
    with own_company(product, with_host=True) as company:
        own = product.url.replace("localhost", company.host)
        vera = new_visitor()
        vera.open("/admin/")
        vera.page.get_by_label("Work e-mail").fill(company.address("vera"))
        vera.follow(vera.page.get_by_role("button", name="Continue"))
        vera.page.get_by_label("Password").fill(PASSWORD)
        vera.follow(vera.page.get_by_role("button", name="Sign in with password"))
        assert vera.page.url == f"{product.url}/admin/"
        connect(company, vera)
        assert vera.page.url == f"{product.url}/"
        assert any(request.url.startswith(own) for request in vera.requests)
        ask(company, Administrator(vera), "Make SSO mandatory")
        press(Administrator(vera), "Make SSO mandatory")

        again = new_visitor()
        again.open("/admin/accounts/user/")
        again.page.get_by_label("Work e-mail").fill(company.address("vera"))
        again.page.get_by_role("button", name="Continue").click()
        company.answer(again, "vera")
        again.page.wait_for_url(f"{product.url}/admin/accounts/user/")
        assert again.me()["session"]["identity_provider"] == f"{company.slug}-saml"
        again.open(f"{own}/")
        assert again.page.url.startswith(f"{own}/login/")  # that session is the deployment's
