"""Who gets into the admin, on which host, and through which sign-in (L-1, V-7, V-8)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import NoReverseMatch, reverse

from accounts import lifecycle
from accounts.lifecycle.roles import account_role_named
from accounts.models import BuiltInAccountRole, Kind, User
from accounts.sources import Source
from tests.conftest import client_of
from tests.console.admin_pages import page, words
from tests.worlds import OPERATOR, PASSWORD, World, add_provisioned, add_vendor_person, sign_in

Browse = Callable[[User], Client]


def test_the_admins_own_sign_in_leads_to_the_one_sign_in(client: Client, db: None) -> None:  # L-1
    for answer in (
        client.get("/admin/login/"),
        client.post("/admin/login/", {"username": "x", "password": "y"}),
    ):
        assert answer.status_code == 302
        assert answer["Location"] == "/login/?next=%2Fadmin%2F"


def test_a_stranger_is_led_to_the_sign_in_and_back_to_the_page(
    acme: World, client: Client
) -> None:  # L-1, L-7
    wanted = page(User, "changelist")
    answer = client.get(wanted, follow=True)
    assert answer.redirect_chain[-1][0] == f"/login/?next={wanted.replace('/', '%2F')}"

    fields = {"user_name": acme.admin.user_name, "password": PASSWORD, "next": wanted}
    signed_in = client.post("/login/acme/", fields)
    assert signed_in["Location"] == wanted
    assert client.get(wanted).status_code == 200


def test_a_person_without_any_admin_role_gets_no_admin(acme: World, browse: Browse) -> None:
    browser = browse(acme.employee)
    for address in (
        "/admin/",
        page(User, "changelist"),
        page(User, "change", acme.employee.pk),
        "/admin/nonsense/",
    ):
        assert browser.get(address).status_code == 403, address
    assert browser.post(page(User, "add"), {"user_name": "x"}).status_code == 403


def test_vendor_staff_get_no_admin(acme: World, browse: Browse) -> None:  # A-1, V-11
    assert browse(add_vendor_person("stan", Kind.STAFF)).get("/admin/").status_code == 403


@pytest.mark.parametrize("name", ["admin", "sso_admin"])
def test_both_kinds_of_account_admin_get_in(name: str, acme: World, browse: Browse) -> None:
    answer = browse(getattr(acme, name)).get("/admin/")
    assert answer.status_code == 200
    assert "Acme" in words(answer)


def test_an_admin_who_loses_the_role_is_out_at_the_next_request(acme: World, browse: Browse) -> None:  # V-8
    browser = browse(acme.admin)
    assert browser.get("/admin/").status_code == 200
    role = account_role_named(acme.account, BuiltInAccountRole.ACCOUNT_ADMIN)
    lifecycle.revoke_account_role(user=acme.admin, role=role, actor=OPERATOR, source=Source.MANUAL)
    assert browser.get("/admin/").status_code == 403


def test_an_admin_who_is_disabled_is_out_at_the_next_request(acme: World, browse: Browse) -> None:  # V-12
    browser = browse(acme.admin)
    lifecycle.disable_user(user=acme.admin, actor=OPERATOR)
    assert browser.get("/admin/").status_code == 302


def test_the_admin_answers_on_the_deployments_host_only(
    acme: World, operator: User, browse: Browse
) -> None:  # V-7
    lifecycle.verify_host_name(account=acme.account, actor=OPERATOR, host="login.acme.example")
    theirs = client_of("login.acme.example:8000")
    sign_in(theirs, acme.admin)
    for browser in (theirs, client_of("login.acme.example:8000")):
        for address in ("/admin/", "/admin/login/", page(User, "changelist")):
            answer = browser.get(address)
            assert answer.status_code == 302
            assert answer["Location"] == f"http://localhost:8000{address}"
        assert browser.post(page(User, "add"), {"user_name": "x"}).status_code == 404
    assert browse(operator).get("/admin/").status_code == 200


def test_the_button_signs_out_through_the_one_sign_out(acme: World, browse: Browse) -> None:  # L-12
    browser = browse(acme.admin)
    assert 'action="/logout/"' in browser.get("/admin/").text
    answer = browser.post("/admin/logout/")
    assert (answer.status_code, answer["Location"]) == (307, "/logout/")
    browser.post("/logout/")
    assert browser.get("/admin/").status_code == 302


@pytest.mark.parametrize("name", ["password_change", "password_change_done", "view_on_site", "search"])
def test_what_django_and_unfold_bring_beside_is_not_mounted(name: str) -> None:
    with pytest.raises(NoReverseMatch):
        reverse(f"admin:{name}", args=(1, 1) if name == "view_on_site" else ())


def test_the_admin_has_a_policy_of_its_own(acme: World, browse: Browse) -> None:
    browser = browse(acme.admin)
    policy = browser.get("/admin/")["Content-Security-Policy"]
    assert "script-src 'self' 'unsafe-eval'" in policy
    assert "unsafe-inline" not in policy
    assert "unsafe-eval" not in browser.get("/")["Content-Security-Policy"]


def test_nothing_on_the_overview_comes_from_elsewhere(acme: World, browse: Browse) -> None:
    text = browse(acme.admin).get("/admin/").text
    assert 'src="http' not in text
    assert 'href="http' not in text


def test_the_overview_counts_the_own_account_only(acme: World, globex: World, browse: Browse) -> None:
    add_provisioned(globex.account, "only-theirs")
    before = words(browse(acme.admin).get("/admin/"))
    assert "Pending people 2" in before  # the SSO admin and the employee never signed in
    add_provisioned(acme.account, "penny")
    assert "Pending people 3" in words(browse(acme.admin).get("/admin/"))


def test_the_page_of_a_section_lists_what_can_be_opened(acme: World, browse: Browse) -> None:
    browser = browse(acme.admin)
    text = words(browser.get("/admin/accounts/"))
    assert "Users" in text
    assert "Partners" not in text
    assert browser.get("/admin/foundation/").status_code == 404
    assert browser.get("/admin/jsi18n/").status_code == 200
