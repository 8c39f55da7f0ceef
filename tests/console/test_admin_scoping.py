"""Each admin sees and changes only what is theirs: the walk through every registered class (A-1)."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from accounts.lifecycle import create_partner
from accounts.models import Group, Kind, User
from spaces.models import Space
from sso.models import SignInAttempt
from tests.console.admin_pages import address_of, page, read, with_row
from tests.console.rows import NOT_FOR_ACCOUNTS, ROWS
from tests.worlds import OPERATOR, World, add_attempt, add_vendor_person, found_account

REGISTERED = sorted(model._meta.label_lower for model in admin.site._registry)
SHOWN = [label for label in REGISTERED if label not in NOT_FOR_ACCOUNTS]
Browse = Callable[[User], Client]


def test_every_list_of_the_admin_is_in_the_walk() -> None:
    assert set(REGISTERED) == set(ROWS) | NOT_FOR_ACCOUNTS


@pytest.mark.parametrize("label", SHOWN)
def test_account_admin_sees_their_own_row_and_not_the_other(
    label: str, acme: World, globex: World, browse: Browse
) -> None:
    own, other = ROWS[label](acme), ROWS[label](globex)
    browser = browse(acme.admin)

    listed = browser.get(page(label, "changelist"))
    assert listed.status_code == 200
    assert address_of(own) in listed.text
    assert address_of(other) not in listed.text
    assert "globex" not in listed.text.lower()

    shown = browser.get(page(label, "change", own.pk))
    assert shown.status_code == 200
    assert "globex" not in shown.text.lower()
    for name in ("change", "history", "delete"):
        assert browser.get(page(label, name, other.pk)).status_code == 404, name
        assert browser.post(page(label, name, other.pk), {"post": "yes"}).status_code == 404, name
    assert browser.get(page(label, "history", own.pk)).status_code == 200
    assert type(other)._default_manager.filter(pk=other.pk).exists()
    # What the policy forbids inline is not there to be forbidden.
    for answer in (listed, shown):
        assert not re.search(r"<style|<[^>]+\sstyle=|<script>|\son\w+=", answer.text)


def test_an_address_that_names_no_row_is_not_found(acme: World, browse: Browse) -> None:
    browser = browse(acme.admin)
    for label in SHOWN:
        for nonsense in ("not-an-id", "%00", "00000000-0000-0000-0000-000000000000"):
            for name in ("change", "history", "delete"):
                address = page(label, name, "X").replace("X", nonsense)
                assert browser.get(address).status_code == 404, address


@pytest.mark.parametrize(
    "query", ["q=%00", "from=%00", "status=%00", "p=x", "p=99", "o=x.-.9", "_to_field=x"]
)
def test_a_strange_query_is_no_error_of_ours(query: str, acme: World, browse: Browse) -> None:
    assert browse(acme.admin).get(f"{page(User, 'changelist')}?{query}").status_code in (200, 302, 400)


@pytest.mark.parametrize("label", sorted(NOT_FOR_ACCOUNTS))
def test_what_is_the_operators_does_not_exist_for_an_account_admin(
    label: str, acme: World, browse: Browse, operator: User
) -> None:
    assert browse(acme.admin).get(page(label, "changelist")).status_code == 404
    assert browse(operator).get(page(label, "changelist")).status_code == 200


def test_choices_of_a_form_name_only_the_own_account(
    acme: World, globex: World, browse: Browse
) -> None:
    browser = browse(acme.sso_admin)
    for row in (acme.employee, acme.group, acme.space, acme.provider, acme.account):
        shown = browser.get(address_of(row))
        assert "globex" not in shown.text.lower(), row
    assert str(acme.space.pk) in browser.get(address_of(acme.employee)).text


def test_a_forged_choice_of_another_account_is_refused(
    acme: World, globex: World, browse: Browse
) -> None:
    browser = browse(acme.admin)
    address = address_of(acme.employee)
    forged = with_row(
        read(browser, address), "space_memberships", space=globex.space.pk, role=globex.space_role.pk
    )

    answer = browser.post(address, forged)

    assert answer.status_code == 200
    assert "Select a valid choice" in answer.text
    assert not globex.space.memberships.filter(user=acme.employee).exists()


def test_typing_into_a_choice_finds_only_people_of_the_own_account(
    acme: World, globex: World, browse: Browse
) -> None:  # A-1, V-10
    browser = browse(acme.admin)
    asked = {"app_label": "accounts", "model_name": "groupmembership", "field_name": "user", "term": "emma"}

    found = browser.get(reverse("admin:autocomplete"), asked).json()["results"]

    assert [row["id"] for row in found] == [str(acme.employee.pk)]
    everything = browser.get(reverse("admin:autocomplete"), {**asked, "term": ""}).json()["results"]
    assert str(globex.employee.pk) not in {row["id"] for row in everything}


def test_filters_offer_only_what_belongs_to_the_own_account(
    acme: World, globex: World, browse: Browse
) -> None:
    add_attempt(globex.employee, globex.provider)
    add_attempt(acme.employee, acme.provider)
    browser = browse(acme.admin)

    listed = browser.get(page(SignInAttempt, "changelist"))
    assert "globex" not in listed.text.lower()

    forged = browser.get(page(SignInAttempt, "changelist"), {"provider__id__exact": str(globex.provider.pk)})
    assert "globex" not in forged.text.lower()
    assert browser.get(page(User, "changelist"), {"account__slug": "globex"}).status_code == 400


def test_an_action_on_rows_of_another_account_changes_nothing(
    acme: World, globex: World, browse: Browse
) -> None:
    browser = browse(acme.admin)
    chosen = [str(globex.employee.pk), str(acme.employee.pk)]
    for across in ("0", "1"):
        sent = {
            "action": "disable_selected",
            "_selected_action": chosen,
            "select_across": across,
            "index": "0",
        }
        browser.post(page(User, "changelist"), sent)

    globex.employee.refresh_from_db()
    acme.employee.refresh_from_db()
    assert globex.employee.disabled_at is None
    assert acme.employee.disabled_at is not None


def test_an_action_on_ids_that_are_none_selects_nothing(acme: World, browse: Browse) -> None:
    sent = {"action": "disable_selected", "_selected_action": ["not-an-id"], "index": "0"}
    answer = browse(acme.admin).post(page(User, "changelist"), sent, follow=True)
    assert answer.status_code == 200
    assert "Nothing was selected." in answer.text


@pytest.mark.parametrize("name", ["disable", "enable", "end_sessions", "readmit"])
def test_a_button_of_another_accounts_person_is_not_found(
    name: str, acme: World, globex: World, browse: Browse
) -> None:
    address = page(User, name, globex.employee.pk)
    browser = browse(acme.admin)
    assert browser.get(address).status_code == 404
    assert browser.post(address).status_code == 404


def test_an_operator_sees_every_account_and_which_it_is(
    acme: World, globex: World, browse: Browse, operator: User
) -> None:
    browser = browse(operator)
    listed = browser.get(page(Group, "changelist"))
    assert address_of(acme.group) in listed.text
    assert address_of(globex.group) in listed.text
    assert browser.get(address_of(globex.employee)).status_code == 200


def test_an_operator_cannot_mix_two_accounts(
    acme: World, globex: World, browse: Browse, operator: User
) -> None:
    browser = browse(operator)
    address = address_of(acme.employee)
    mixed = with_row(
        read(browser, address), "space_memberships", space=globex.space.pk, role=globex.space_role.pk
    )
    assert "Select a valid choice" in browser.post(address, mixed).text


def test_a_partner_admin_sees_the_partners_accounts_and_no_other(db: None, browse: Browse) -> None:
    partner = create_partner(actor=OPERATOR, slug="reseller", name="Reseller")
    ours, theirs = found_account("acme", partner=partner), found_account("globex")
    browser = browse(add_vendor_person("rita", Kind.PARTNER_ADMIN, partner=partner))
    for label in SHOWN:
        own, other = ROWS[label](ours), ROWS[label](theirs)
        listed = browser.get(page(label, "changelist"))
        assert address_of(own) in listed.text, label
        assert address_of(other) not in listed.text, label
        assert browser.get(address_of(own)).status_code == 200, label
        assert browser.get(address_of(other)).status_code == 404, label
    assert browser.get(address_of(partner)).status_code == 200
    assert browser.get(reverse("admin:index")).status_code == 200


def test_a_partner_admin_changes_nothing(db: None, browse: Browse) -> None:
    partner = create_partner(actor=OPERATOR, slug="reseller", name="Reseller")
    world = found_account("acme", partner=partner)
    browser = browse(add_vendor_person("rita", Kind.PARTNER_ADMIN, partner=partner))
    for label in SHOWN:
        row = ROWS[label](world)
        assert browser.get(page(label, "add")).status_code == 403, label
        assert browser.post(page(label, "add"), {"name": "x"}).status_code == 403, label
        assert browser.post(address_of(row), {"name": "x"}).status_code == 403, label
        assert browser.post(page(label, "delete", row.pk), {"post": "yes"}).status_code == 403, label
    for name in ("disable", "end_sessions"):
        assert browser.post(page(User, name, world.employee.pk)).status_code == 403
    sent = {"action": "disable_selected", "_selected_action": [str(world.employee.pk)], "index": "0"}
    browser.post(page(User, "changelist"), sent)
    world.employee.refresh_from_db()
    assert world.employee.disabled_at is None
    assert not Space.objects.filter(name="x").exists()
