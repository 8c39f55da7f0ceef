"""Mapping roles applied at once to who signed in with them (R-4, R-5), and access through groups (G-8)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test.utils import CaptureQueriesContext

from accounts import lifecycle
from accounts.models import AccountRole, BuiltInAccountRole, Group, User
from audit.actors import Actor, ActorKind
from audit.models import AuditEvent
from foundation import outbox
from spaces.access import grant_group_space_role
from spaces.models import Space
from spaces.tenants import save_mapping_role
from sso.role_changes import apply_now
from tests.journeys.conftest import OPERATOR, Company
from tests.journeys.person_browser import PersonBrowser, sign_in
from tests.journeys.seen import OIDC, SAML
from tests.journeys.test_claims_to_access import map_role, spaces, switch_authorization_on
from tests.worlds import add_person

STARTS = pytest.mark.parametrize("start", [SAML, OIDC], ids=["saml", "oidc"])


def set_roles(company: Company, name: str, space: str, role: str) -> None:
    """Let a mapping role give one role in one space and the account role Viewer."""
    viewer, _ = AccountRole.objects.get_or_create(account=company.account, name="Viewer")
    save_mapping_role(
        account=company.account,
        actor=OPERATOR,
        name=name,
        account_roles=frozenset({viewer}),
        space_roles={
            company.account.spaces.get(name=space): frozenset({company.account.space_roles.get(name=role)})
        },
    )


@STARTS
def test_changed_mapping_role_applied_at_once_reaches_who_signed_in_with_it(
    acme: Company, browser: PersonBrowser, start: str
) -> None:
    #
    map_role(acme, "ops", DevOps="Space_Developer")
    switch_authorization_on(acme)
    sign_in(browser, start, role_mapping="ops")
    assert spaces(browser) == {"DevOps": ["Space Developer"]}

    set_roles(acme, "ops", "Trial", "Space Member")
    assert spaces(browser) == {"DevOps": ["Space Developer"]}  # at the next sign-in, unless …
    apply_now(account=acme.account, actor=OPERATOR, names=frozenset({"ops"}))
    outbox.drain()
    assert browser.me() == {"authenticated": False}  # something was lost

    sign_in(browser, start, role_mapping="ops")
    assert spaces(browser) == {"Trial": ["Space Member"]}
    assert browser.me()["account_roles"] == [{"name": "Viewer", "source": "mapping"}]


def test_who_only_gains_stays_signed_in(acme: Company, browser: PersonBrowser) -> None:
    #
    map_role(acme, "ops", DevOps="Space_Developer")
    switch_authorization_on(acme)
    sign_in(browser, OIDC, role_mapping="ops")
    map_role_more(acme)
    apply_now(account=acme.account, actor=OPERATOR)
    outbox.drain()
    assert spaces(browser) == {"DevOps": ["Space Developer"], "Trial": ["Space Member"]}


def test_nothing_is_applied_for_who_lost_the_role_before_the_work_was_done(
    acme: Company, browser: PersonBrowser
) -> None:
    # V-8: an outbox row outlives the right of who left it
    map_role(acme, "ops", DevOps="Space_Developer")
    switch_authorization_on(acme)
    sign_in(browser, OIDC, role_mapping="ops")
    map_role_more(acme)
    boss = add_person(acme.account, "boss", BuiltInAccountRole.SSO_ACCOUNT_ADMIN)
    apply_now(account=acme.account, actor=Actor(ActorKind.USER, str(boss.pk), boss.user_name))
    lifecycle.disable_user(user=boss, actor=OPERATOR)
    outbox.drain()
    assert spaces(browser) == {"DevOps": ["Space Developer"]}
    refused = AuditEvent.objects.get(action="access.apply_roles", reason="privilege.not_allowed")
    assert refused.actor_id == str(boss.pk)


def map_role_more(company: Company) -> None:
    """Let "ops" give a second space as well."""
    words = {row.name: row for row in company.account.spaces.all()}
    roles = {row.name: row for row in company.account.space_roles.all()}
    save_mapping_role(
        account=company.account,
        actor=OPERATOR,
        name="ops",
        account_roles=frozenset(),
        space_roles={
            words["DevOps"]: frozenset({roles["Space Developer"]}),
            words["Trial"]: frozenset({roles["Space Member"]}),
        },
    )


def test_switched_off_before_the_work_was_done_nothing_changes(acme: Company, browser: PersonBrowser) -> None:
    #
    map_role(acme, "ops", DevOps="Space_Developer")
    switch_authorization_on(acme)
    sign_in(browser, OIDC, role_mapping="ops")
    set_roles(acme, "ops", "Trial", "Space Member")
    apply_now(account=acme.account, actor=OPERATOR)
    lifecycle.update_account(account=acme.account, actor=OPERATOR, values={"sso_authorization": False})
    outbox.drain()
    assert spaces(browser) == {"DevOps": ["Space Developer"]}


def test_access_through_groups_adds_up_and_costs_the_same_for_many(
    acme: Company, browser: PersonBrowser, django_assert_max_num_queries: Callable[..., CaptureQueriesContext]
) -> None:
    # G-8
    sign_in(browser, SAML)
    mia = User.objects.get(user_name="mia@acme.example")
    member = acme.account.space_roles.get(name="Space Member")

    def join(name: str) -> None:
        space = Space.objects.create(account=acme.account, name=name)
        group: Group = lifecycle.create_group(account=acme.account, actor=OPERATOR, name=f"Group {name}")
        lifecycle.set_group_membership(group=group, user=mia, actor=OPERATOR, member=True)
        grant_group_space_role(group=group, space=space, role=member, actor=OPERATOR)

    join("S0")
    with django_assert_max_num_queries(20) as few:
        browser.me()
    for number in range(1, 12):
        join(f"S{number}")
    with django_assert_max_num_queries(20) as many:
        me: dict[str, Any] = browser.me()
    assert len(many.captured_queries) == len(few.captured_queries)
    through = [space["name"] for space in me["spaces"] if space["roles"][0]["source"] == "group"]
    assert len(through) == 12
