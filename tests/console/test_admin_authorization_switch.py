"""Single Sign-On Authorization on and off, and mapping roles applied at once (R-2, R-4, R-5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import Account, AccountRoleMembership, SsoPolicy, User
from accounts.sources import Source
from audit.models import AuditEvent
from foundation import outbox
from spaces.access import grant_space_role
from spaces.models import SpaceMembership
from sso.models import State
from sso.session import SSO_BACKEND
from tests.conftest import client_of
from tests.console.admin_pages import address_of, page, read, with_row, words
from tests.console.last_claims import map_admins, newcomer, seen_with
from tests.worlds import OPERATOR, World, add_provider, sign_in

Browse = Callable[[User], Client]


def switch(world: World, name: str = "enable_authorization") -> str:
    return page(Account, name, world.account.pk)


def is_on(world: World) -> bool:
    world.account.refresh_from_db()
    return world.account.sso_authorization


def roles_of(user: User) -> set[tuple[str, str]]:
    rows = AccountRoleMembership.objects.filter(user=user).select_related("role")
    return {(row.role.name, row.source) for row in rows}


def spaces_of(user: User) -> set[tuple[str, str]]:
    rows = SpaceMembership.objects.filter(user=user).select_related("role")
    return {(row.role.name, row.source) for row in rows}


def by_provider(world: World, user: User) -> Client:
    """Return a browser whose session began at the provider."""
    client = client_of("localhost:8000")
    sign_in(client, user)
    session = client.session
    session["_auth_user_backend"] = SSO_BACKEND
    session.save()
    user.sessions.update(provider_id=world.provider.pk)
    return client


def on(world: World, browse: Browse) -> Client:
    """Switch it on as the SSO account admin, whose session began at the provider."""
    map_admins(world)
    browser = by_provider(world, world.sso_admin)
    seen_with(world.sso_admin, world.provider, "admins")
    browser.post(switch(world))
    assert is_on(world)
    return browser


def test_only_sso_account_admins_with_a_working_provider_are_offered_it(
    acme: World, browse: Browse
) -> None:
    title = "Enable Single Sign-On Authorization"
    assert browse(acme.admin).post(switch(acme)).status_code == 403
    browser = browse(acme.sso_admin)
    assert switch(acme) in browser.get(address_of(acme.account)).text
    assert title in words(browser.get(address_of(acme.account)))
    Account.objects.filter(pk=acme.account.pk).update(sso_module=False)
    assert browser.post(switch(acme)).status_code == 403
    Account.objects.filter(pk=acme.account.pk).update(sso_module=True)
    browser.post(page("sso.identityprovider", "disable", acme.provider.pk))
    acme.provider.refresh_from_db()
    assert acme.provider.state == State.DISABLED
    assert browser.post(switch(acme)).status_code == 403
    assert not is_on(acme)


@pytest.mark.parametrize("never_seen", [True, False])
def test_admin_whose_own_claims_say_nothing_is_refused(
    never_seen: bool, acme: World, browse: Browse
) -> None:
    map_admins(acme)
    browser = browse(acme.sso_admin)
    if not never_seen:
        seen_with(acme.sso_admin, acme.provider, silent=True)
    assert "brought no role_mapping claim" in words(browser.get(switch(acme)))
    assert "brought no role_mapping claim" in words(browser.post(switch(acme), follow=True))
    assert AuditEvent.objects.filter(reason="authorization.own_claims_missing").exists()
    assert not is_on(acme)


@pytest.mark.parametrize("sent", ["acme-sales", "nonsense", "Admins"])
def test_admin_who_would_lose_the_role_is_refused(sent: str, acme: World, browse: Browse) -> None:
    map_admins(acme)
    seen_with(acme.sso_admin, acme.provider, sent)
    browser = browse(acme.sso_admin)
    assert "no longer be SSO Account Admin" in words(browser.post(switch(acme), follow=True))
    assert AuditEvent.objects.filter(reason="authorization.own_role_lost").exists()
    assert not is_on(acme)


def test_operator_is_refused_while_nobody_would_be_admin(
    acme: World, browse: Browse, operator: User
) -> None:
    browser = browse(operator)
    assert "Nobody who signed in would be" in words(browser.post(switch(acme), follow=True))
    assert AuditEvent.objects.filter(reason="authorization.nobody_keeps_admin").exists()
    map_admins(acme)
    seen_with(acme.sso_admin, acme.provider, "admins")
    browser.post(switch(acme))
    assert is_on(acme)


def test_effect_on_everybody_is_shown_before_the_switch(acme: World, browse: Browse) -> None:
    map_admins(acme)
    seen_with(acme.sso_admin, acme.provider, "admins")
    seen_with(acme.employee, acme.provider, "admins")  # loses a space role, gains an account role
    newcomer(acme, "ned", "acme-sales")
    newcomer(acme, "una", "Acme-Sales")
    newcomer(acme, "sid", silent=True)
    asked = words(browse(acme.sso_admin).get(switch(acme)))
    assert "of 5 people 2 gain, 1 lose, 2 could not sign in." in asked
    assert "Lose roles: emma@acme.example Could not sign in:" in asked
    assert "una@acme.example (no mapping role of that name)" in asked
    assert "sid@acme.example (no role_mapping claim)" in asked
    assert spaces_of(acme.employee) == {("Acme Developer", "manual")}


def test_preview_names_nobody_of_another_account(
    acme: World, globex: World, browse: Browse
) -> None:  # V-2, A-1
    newcomer(globex, "ned", "acme-sales")
    asked = words(browse(acme.sso_admin).get(switch(acme)))
    assert "of 0 people" in asked
    assert "globex" not in asked
    assert browse(acme.sso_admin).get(switch(globex)).status_code == 404


def test_preview_costs_the_same_for_many(
    acme: World, browse: Browse, django_assert_max_num_queries: Any
) -> None:
    browser = browse(acme.sso_admin)
    newcomer(acme, "first", "acme-sales")
    browser.get(switch(acme))
    with django_assert_max_num_queries(80) as few:
        browser.get(switch(acme))
    for number in range(25):
        newcomer(acme, f"p{number}", "acme-sales")
    with django_assert_max_num_queries(80) as many:
        asked = words(browser.get(switch(acme)))
    assert "of 26 people 26 gain" in asked
    assert "and 16 more" in asked
    assert len(many.captured_queries) == len(few.captured_queries)


def test_apply_now_gives_takes_and_signs_out_at_once(acme: World, browse: Browse) -> None:
    emma = by_provider(acme, acme.employee)
    browser = on(acme, browse)
    seen_with(acme.employee, acme.provider, "admins")
    ned = newcomer(acme, "ned", "acme-sales")
    assert spaces_of(ned) == set()
    browser.post(switch(acme, "apply_roles"))
    assert outbox.drain() == 1
    assert spaces_of(ned) == {("Acme Developer", "mapping")}
    assert roles_of(ned) == {("Acme Billing", "mapping")}
    assert spaces_of(acme.employee) == set()  # what was given by hand goes
    assert roles_of(acme.employee) == {("SSO Account Admin", "mapping")}
    assert emma.get("/api/me").status_code == 401
    assert browser.get("/api/me").status_code == 200  # kept what they had
    event = AuditEvent.objects.get(action="access.changed", object_id=str(acme.employee.pk))
    assert event.actor_label == "sso@acme.example"
    assert "Acme Lab: Acme Developer (manual)" in str(event.changes)

    browser.post(switch(acme, "apply_roles"))
    before = AuditEvent.objects.filter(action="access.changed").count()
    outbox.drain()
    assert AuditEvent.objects.filter(action="access.changed").count() == before


def test_apply_now_goes_on_piece_by_piece(
    acme: World, browse: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = on(acme, browse)
    people = [newcomer(acme, f"p{number}", "acme-sales") for number in range(5)]
    monkeypatch.setattr("sso.role_changes.AT_ONCE", 2)
    monkeypatch.setattr("sso.replanning.BATCH", 3)
    browser.post(switch(acme, "apply_roles"))
    assert [outbox.drain() for _ in range(5)] == [1, 1, 1, 1, 0]  # six people, the admin among them
    assert all(spaces_of(user) == {("Acme Developer", "mapping")} for user in people)


def test_who_is_refused_by_role_mapping_is_signed_out(acme: World, browse: Browse) -> None:
    emma = by_provider(acme, acme.employee)
    browser = on(acme, browse)
    seen_with(acme.employee, acme.provider, silent=True)
    browser.post(switch(acme, "apply_roles"))
    outbox.drain()
    assert emma.get("/api/me").status_code == 401
    assert spaces_of(acme.employee) == {("Acme Developer", "manual")}


def test_apply_now_is_not_there_while_it_is_off(acme: World, browse: Browse) -> None:
    assert browse(acme.sso_admin).post(switch(acme, "apply_roles")).status_code == 403


def test_managed_roles_are_read_only_on_the_page_of_a_space_with_the_reason(
    acme: World, browse: Browse
) -> None:
    browser = on(acme, browse)
    ned = newcomer(acme, "ned", "acme-sales")
    address = address_of(acme.space)
    fields = with_row(read(browser, address), "memberships", user=ned.pk, role=acme.space_role.pk)
    told = words(browser.post(address, fields))
    assert "come from mapping roles; change the mapping role instead" in told
    assert AuditEvent.objects.filter(reason="access.managed_by_provider").exists()
    assert spaces_of(ned) == set()


def test_turning_it_off_keeps_roles_as_given_by_hand_and_asks_for_each_provider(
    acme: World, browse: Browse
) -> None:
    second = add_provider(acme.account, "acme-second")
    browser = on(acme, browse)
    ned = newcomer(acme, "ned", "acme-sales")
    browser.post(switch(acme, "apply_roles"))
    outbox.drain()
    grant_space_role(  # a file may; the person's two rows become one
        user=ned, space=acme.space, role=acme.space_role, actor=OPERATOR, source=Source.MANUAL
    )
    off = switch(acme, "disable_authorization")
    asked = browser.get(off)
    assert asked.text.count('type="checkbox" name="just_in_time"') == 2
    assert "checked" not in asked.text.split("<fieldset>")[1]
    browser.post(off, {"just_in_time": str(second.pk)})
    assert not is_on(acme)
    assert spaces_of(ned) == {("Acme Developer", "manual")}
    assert roles_of(ned) == {("Acme Billing", "manual")}
    assert roles_of(acme.sso_admin) == {("SSO Account Admin", "manual")}
    assert not SpaceMembership.objects.filter(source=Source.MAPPING).exists()
    acme.provider.refresh_from_db()
    second.refresh_from_db()
    assert (acme.provider.just_in_time, second.just_in_time) == (False, True)
    assert AuditEvent.objects.filter(action="access.kept_by_hand").exists()
    assert acme.account.sso_policy == SsoPolicy.OPTIONAL

    row = SpaceMembership.objects.get(user=ned)
    fields = read(browser, address_of(ned))
    fields["space_memberships-0-DELETE"] = "on"
    browser.post(address_of(ned), fields)
    assert not SpaceMembership.objects.filter(pk=row.pk).exists()
