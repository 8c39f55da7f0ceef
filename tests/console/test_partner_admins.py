"""A partner's admin sees the partner's accounts, all of their trail, and nothing of anybody else (A-1, A-4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.test import Client
from django.urls import reverse

from accounts import lifecycle
from accounts.models import Account, Kind, Partner, PartnerKey, User
from audit.models import AuditEvent, FailureLogEntry
from sso.models import SignInAttempt
from tests.console.admin_pages import address_of, page, words
from tests.console.rows import ROWS
from tests.worlds import OPERATOR, World, add_attempt, add_vendor_person, found_account

Browse = Callable[[User], Client]


@dataclass
class Resellers:
    """A partner with two accounts, another with one, and the first one's admin."""

    partner: Partner
    first: World
    second: World
    rival: Partner
    theirs: World
    rita: Client


@pytest.fixture
def resellers(db: None, browse: Browse) -> Resellers:
    partner = lifecycle.create_partner(actor=OPERATOR, slug="reseller", name="Reseller")
    rival = lifecycle.create_partner(actor=OPERATOR, slug="rival", name="Rival")
    rita = add_vendor_person("rita", Kind.PARTNER_ADMIN, partner=partner)
    return Resellers(
        partner,
        found_account("acme", partner=partner),
        found_account("initech", partner=partner),
        rival,
        found_account("globex", partner=rival),
        browse(rita),
    )


def foreign(text: str) -> list[str]:
    """Return the names of the rival and of what is theirs that a page shows."""
    return [name for name in ("globex", "rival") if name in text.lower()]


def test_lists_name_the_partners_accounts_and_no_other(resellers: Resellers) -> None:
    #
    for world in (resellers.first, resellers.second, resellers.theirs):
        for make in ROWS.values():
            make(world)
    for label in ROWS:
        text = resellers.rita.get(page(label, "changelist")).text
        assert foreign(text) == [], label
    shown = words(resellers.rita.get(page(Account, "changelist")))
    assert "Acme" in shown
    assert "Initech" in shown


def test_filters_and_searches_find_nothing_of_others(resellers: Resellers) -> None:
    #
    add_attempt(resellers.theirs.employee, resellers.theirs.provider)
    for query in (
        {"q": "globex"},
        {"account__id__exact": str(resellers.theirs.account.pk)},
        {"provider__id__exact": str(resellers.theirs.provider.pk)},
    ):
        for model in (User, SignInAttempt):
            answer = resellers.rita.get(page(model, "changelist"), query, follow=True)
            assert str(resellers.theirs.employee.pk) not in answer.text
            assert "sso@globex" not in answer.text
    assert resellers.rita.get(page(User, "changelist"), {"account__slug": "globex"}).status_code == 400


def test_typed_addresses_of_others_are_not_found(resellers: Resellers) -> None:
    #
    lifecycle.rotate_partner_key(partner=resellers.rival, actor=OPERATOR)
    rows = [make(resellers.theirs) for make in ROWS.values()]
    rows += [resellers.rival, PartnerKey.objects.get(partner=resellers.rival)]
    for row in rows:
        for name in ("change", "history", "delete"):
            assert resellers.rita.get(page(type(row), name, row.pk)).status_code == 404, (row, name)
    asked = {"app_label": "accounts", "model_name": "groupmembership", "field_name": "user", "term": "globex"}
    answer = resellers.rita.get(reverse("admin:autocomplete"), asked)
    assert answer.status_code in (403, 404) or answer.json()["results"] == []


def test_trail_is_that_of_the_accounts_and_of_the_partner(resellers: Resellers) -> None:
    #
    lifecycle.rename_partner(partner=resellers.partner, actor=OPERATOR, name="Reseller Ltd")
    lifecycle.rename_partner(partner=resellers.rival, actor=OPERATOR, name="Rival Ltd")
    for query in ("", "reseller", "initech", "rival", "globex"):
        text = resellers.rita.get(page(AuditEvent, "changelist"), {"q": query} if query else {}).text
        assert [name for name in foreign(text) if name != query] == [], query
    listed = words(resellers.rita.get(page(AuditEvent, "changelist")))
    assert "Partner reseller: name changed." in listed
    assert "initech" in listed


def test_failures_of_others_are_not_found_by_their_track_id(resellers: Resellers) -> None:
    # A-4, V-21
    ours, others = (ROWS["audit.failurelogentry"](w) for w in (resellers.first, resellers.theirs))
    listed = resellers.rita.get(page(FailureLogEntry, "changelist"), {"q": ours.track_id}).text
    assert address_of(ours) in listed
    assert address_of(others) not in listed


def test_overview_counts_only_what_is_the_partners(resellers: Resellers) -> None:
    #
    assert foreign(resellers.rita.get(reverse("admin:index")).text) == []


def test_account_that_left_the_partner_is_gone_from_their_sight(resellers: Resellers) -> None:
    #
    address = address_of(resellers.second.employee)
    assert resellers.rita.get(address).status_code == 200
    lifecycle.update_account(account=resellers.second.account, actor=OPERATOR, values={"partner": None})
    assert resellers.rita.get(address).status_code == 404


def test_partner_admin_who_was_disabled_sees_nothing_any_more(resellers: Resellers) -> None:
    # L-13
    rita = User.objects.get(user_name="rita")
    lifecycle.disable_user(user=rita, actor=OPERATOR)
    assert resellers.rita.get(page(Account, "changelist")).status_code == 302
