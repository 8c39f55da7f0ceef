"""Account admins in the administration: what they do and see, and that Chromium has nothing to complain about."""

from __future__ import annotations

import re

import pytest

from tests.e2e.administrator import Administrator, sign_in_as_admin
from tests.e2e.conftest import NewVisitor
from tests.e2e.running_product import ADA, GUS
from tests.e2e.visitor import Employee, Visitor

pytestmark = pytest.mark.browser


@pytest.fixture
def ada(visitor: Visitor) -> Administrator:
    """Acme's admin."""
    return sign_in_as_admin(visitor, "acme", ADA)


def test_admins_of_two_accounts_see_their_own_people_only(new_visitor: NewVisitor) -> None:
    #
    mia, browser = Employee("Mia"), new_visitor()
    browser.sign_in(mia)
    ada = sign_in_as_admin(new_visitor(), "acme", ADA)
    gus = sign_in_as_admin(new_visitor(), "globex", GUS)
    assert mia.email in ada.search("accounts/user/", mia.email)
    assert gus.search("accounts/user/", mia.email) == ""
    ada.open_person(mia.email)
    hers = ada.visitor.page.url
    gus.visitor.open(hers)  # typed by hand
    assert gus.visitor.status == 404
    assert mia.email not in gus.visitor.words
    for model in ("sso/identityprovider", "accounts/group", "accounts/apitoken", "spaces/space"):
        gus.open(f"{model}/")
        assert "acme" not in gus.visitor.page.locator("#content").inner_text().lower(), model


def test_employee_without_a_role_gets_no_administration(visitor: Visitor) -> None:
    #
    visitor.sign_in(Employee("Mia"))
    assert visitor.page.get_by_role("link", name="Admin").count() == 0
    visitor.open("/admin/")
    assert visitor.status == 403


def test_stranger_is_led_to_the_one_sign_in_and_back(visitor: Visitor) -> None:
    # L-1: /admin/login/ leads to /login/
    visitor.open("/admin/audit/auditevent/")
    assert visitor.page.url == f"{visitor.product.url}/login/?next=%2Fadmin%2Faudit%2Fauditevent%2F"
    visitor.page.get_by_label("Work e-mail").fill(ADA[0])
    visitor.follow(visitor.page.get_by_role("button", name="Continue"))
    visitor.page.get_by_label("Password").fill(ADA[1])
    visitor.follow(visitor.page.get_by_role("button", name="Sign in with password"))
    visitor.page.wait_for_url(f"{visitor.product.url}/admin/audit/auditevent/")


def test_admin_makes_an_api_token_and_sees_it_once(ada: Administrator) -> None:
    # P-2
    page = ada.visitor.page
    name = f"Directory {Employee('x').mark}"
    ada.open("accounts/apitoken/add/")
    page.locator("input[name=name]").fill(name)
    ada.visitor.follow(page.locator("button[name=_save]"))
    plain = page.locator("#plain-token").inner_text()
    assert re.fullmatch(r"scim_[0-9a-f]{12}_[A-Za-z0-9_-]{43}", plain)
    ada.visitor.picture("admin-token-shown-once")

    header = {"Authorization": f"Bearer {plain}"}
    answer = ada.visitor.context.request.get(
        f"{ada.visitor.product.url}/api/scim/Users?count=1", headers=header
    )
    assert answer.status == 200

    ada.visitor.follow(page.get_by_role("link", name="I have copied it"))
    assert name in ada.visitor.words
    assert plain not in page.content()
    assert plain not in ada.search("audit/auditevent/", name)
    ada.open("accounts/apitoken/")
    ada.visitor.follow(page.get_by_role("link", name=name))
    assert plain not in page.content()

    ada.visitor.follow(page.get_by_role("link", name="Revoke"))
    ada.visitor.follow(page.get_by_role("button", name="Revoke"))
    assert "Revoked" in ada.visitor.words
    answer = ada.visitor.context.request.get(
        f"{ada.visitor.product.url}/api/scim/Users?count=1", headers=header
    )
    assert answer.status == 401


def test_every_list_and_form_of_the_admin_is_quiet_and_fits_its_window(ada: Administrator) -> None:
    # the fixture asserts that Chromium complained about nothing on any of them
    page = ada.visitor.page
    ada.open("")
    lists = page.locator("#nav-sidebar a[href^='/admin/']").evaluate_all(
        "all => all.map(a => a.getAttribute('href'))"
    )
    assert len(lists) >= 15
    for number, path in enumerate(dict.fromkeys(lists)):
        ada.visitor.open(path)
        assert ada.visitor.status == 200, path
        assert ada.visitor.overflow() <= 0, path
        with ada.visitor.on_a_phone():
            assert ada.visitor.overflow() <= 0, path
        ada.visitor.picture(f"admin-{number:02}-{path.strip('/').replace('/', '-')}")
        row = page.locator("#result_list tbody th a, #result_list tbody a[href*='/change/']")
        add = page.locator(f"a[href^='{path}add/']")
        forms = [each.get_attribute("href") for each in (row, add) if each.count() for each in [each.first]]
        for form in forms:
            page.goto(f"{ada.visitor.product.url}{form}")
            assert ada.visitor.status == 200, form
            assert ada.visitor.overflow() <= 0, form
            with ada.visitor.on_a_phone():
                assert ada.visitor.overflow() <= 0, form
        if forms:
            ada.visitor.picture(f"admin-{number:02}-form")
    assert "unsafe-inline" not in ada.visitor.header("content-security-policy")
