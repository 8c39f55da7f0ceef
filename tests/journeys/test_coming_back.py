"""What later sign-ins change, and what they leave alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from accounts import lifecycle
from accounts.models import GroupMembership, User
from accounts.sources import Source
from spaces.access import grant_space_role
from sso.models import SignInAttempt
from tests.journeys.conftest import ENGINEERS, OPERATOR, Company
from tests.journeys.person_browser import PersonBrowser, sign_in

START = "/sso/saml/acme-saml/"


def _spaces(browser: PersonBrowser) -> dict[str, list[str]]:
    return {space["name"]: [role["name"] for role in space["roles"]] for space in browser.me()["spaces"]}


def test_spaces_stay_as_they_are_unless_the_provider_updates_them(
    acme: Company, browser: PersonBrowser
) -> None:
    # J-3
    sign_in(browser, START)
    browser.post("/logout/", {})
    sign_in(browser, START, space_name="Trial", space_role="Space Admin", given_name="Maria")
    assert _spaces(browser) == {"DevOps": ["Space Developer"], "Trial": ["Space Member"]}
    assert browser.me()["given_name"] == "Maria"


def test_spaces_follow_each_sign_in_when_the_switch_is_on_and_rows_by_hand_stay(
    make_company: Callable[..., Company], browser: PersonBrowser
) -> None:
    # J-3, design rule 3
    company = make_company("acme", update_access_on_login=True)
    sign_in(browser, START)
    user = User.objects.for_account(company.account).get()
    trial = company.account.spaces.get(name="Trial")
    admin = company.account.space_roles.get(name="Space Admin")
    grant_space_role(user=user, space=trial, role=admin, actor=OPERATOR, source=Source.MANUAL)
    browser.post("/logout/", {})
    page = sign_in(browser, START, space_name="DevOps", space_role="Space Member")
    assert _spaces(browser) == {"DevOps": ["Space Member"], "Trial": ["Space Admin"]}
    assert "You now have: DevOps (Space Member), Trial (Space Admin)." in page.words  # L-14


def test_absent_space_claim_changes_nothing_and_an_empty_one_removes(
    make_company: Callable[..., Company], browser: PersonBrowser
) -> None:
    # J-10
    make_company("acme", update_access_on_login=True)
    sign_in(browser, START)
    browser.post("/logout/", {})
    sign_in(browser, START, leave_out=["space_name", "space_role"])
    assert _spaces(browser) == {"DevOps": ["Space Developer"], "Trial": ["Space Member"]}
    browser.post("/logout/", {})
    sign_in(browser, START, space_name="", space_role="")
    assert _spaces(browser) == {}


def test_groups_follow_every_sign_in_but_groups_without_identifier_are_left_alone(
    acme: Company, browser: PersonBrowser
) -> None:
    # G-2
    sign_in(browser, START)
    user = User.objects.for_account(acme.account).get()
    lunch = acme.account.groups.get(name="Friday Lunch")
    lifecycle.set_group_membership(group=lunch, user=user, actor=OPERATOR, member=True)
    browser.post("/logout/", {})
    sign_in(browser, START, groups="")
    assert [group["name"] for group in browser.me()["groups"]] == ["Friday Lunch"]


def test_absent_groups_and_overage_take_nobody_out_of_a_group(acme: Company, browser: PersonBrowser) -> None:
    # J-10, G-5
    sign_in(browser, START)
    for fields in ({"leave_out": ["groups"]}, {"overage": "1"}):
        browser.post("/logout/", {})
        sign_in(browser, START, **fields)
        assert [group["idp_identifier"] for group in browser.me()["groups"]] == [ENGINEERS]
    codes = {warning["code"] for row in SignInAttempt.objects.all() for warning in row.report["warnings"]}
    assert {"groups_absent", "groups_overage"} <= codes


def test_person_with_default_space_gets_it_only_when_nothing_was_said(
    make_company: Callable[..., Company], browser: PersonBrowser
) -> None:
    # J-7
    company = make_company("acme")
    from sso.providers import update_provider

    trial = company.account.spaces.get(name="Trial")
    update_provider(provider=company.saml, actor=OPERATOR, values={"default_space": trial})
    sign_in(browser, START, person="noah@acme.example")
    assert browser.me()["spaces"] == [
        {"name": "Trial", "roles": [{"name": "Space Member", "source": "claims"}]}
    ]


def test_manual_row_in_a_mapped_group_follows_the_claim_once_synced(
    acme: Company, browser: PersonBrowser
) -> None:
    # G-2, G-3
    sign_in(browser, START, groups="")
    user = User.objects.for_account(acme.account).get()
    assert user.group_synced is True
    engineers = acme.account.groups.get(name="Engineers")
    with pytest.raises(lifecycle.ReadOnlyMembership, match="follows the sign-in"):
        lifecycle.set_group_membership(group=engineers, user=user, actor=OPERATOR, member=True)
    assert not GroupMembership.objects.filter(user=user).exists()
