"""What a guest may do in the account that they visit: by hand, there, until their access ends (R-6, V-8)."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts import lifecycle
from accounts.lifecycle.roles import account_role_named
from accounts.models import AccountRole, BuiltInAccountRole, GuestAccess, User
from audit.models import AuditEvent
from spaces.effective_access import EffectiveAccess, guest_effective_access
from spaces.models import GuestAccountRole, GuestSpaceRole, Space
from tests.console.admin_pages import address_of, page, read, with_row, without_row
from tests.journeys.invitations import browse, follow, invite, mailed_link, words
from tests.worlds import OPERATOR, World, found_account

GUS = "emma@globex.example"
LAB_ROLE = {"name": "Acme Lab", "roles": [{"name": "Acme Developer", "source": "manual"}]}


@pytest.fixture
def acme(db: None) -> World:
    """The account that is visited."""
    return found_account("acme")


@pytest.fixture
def globex(db: None) -> World:
    """The guest's own account."""
    return found_account("globex")


@pytest.fixture
def admin(acme: World) -> Client:
    """Acme's account admin."""
    return browse(acme.admin)


@pytest.fixture
def emma(globex: World, admin: Client) -> Client:
    """Globex's Emma, whom Acme's admin invited, and who is in Acme now."""
    browser = browse(globex.employee)
    come(browser, admin)
    return browser


def come(browser: Client, admin: Client, days: str = "30") -> None:
    """Invite, accept and enter."""
    invite(admin, GUS, days)
    follow(browser, mailed_link(GUS))
    browser.post("/invitation/")
    browser.post(f"/guest/{access().pk}/enter/")


def access() -> GuestAccess:
    return GuestAccess.objects.get(ended_at=None)


def give(admin: Client, prefix: str, **row: Any) -> Any:
    """Add a row on the guest's page."""
    address = address_of(access())
    return admin.post(address, with_row(read(admin, address), prefix, **row), follow=True)


def give_both(admin: Client, acme: World) -> None:
    give(admin, "space_roles", space=acme.space.pk, role=acme.space_role.pk)
    give(admin, "account_roles", role=acme.account_role.pk)


def guest_in(browser: Client) -> Any:
    return browser.get("/api/me").json().get("guest_in")


def test_guest_has_what_was_given_by_hand_in_the_visited_account_only(
    acme: World, globex: World, admin: Client, emma: Client
) -> None:
    # R-6, L-15
    assert "You have no role in Acme yet." in words(emma.get("/"))
    at_home = {key: emma.get("/api/me").json()[key] for key in ("spaces", "account_roles", "groups")}
    give_both(admin, acme)
    me = emma.get("/api/me").json()
    assert me["guest_in"]["spaces"] == [LAB_ROLE]
    assert me["guest_in"]["account_roles"] == [{"name": "Acme Billing", "source": "manual"}]
    assert {key: me[key] for key in at_home} == at_home
    shown = words(emma.get("/"))
    assert "You are a guest in Acme Invited by admin@acme.example, until" in shown
    assert "Acme Lab Acme Developer added by hand" in shown
    assert "Acme Billing added by hand" in shown
    emma.post("/guest/leave/")
    assert "Acme Lab" not in emma.get("/").text
    assert "Acme Lab" not in emma.get("/api/me").text


def test_admin_sees_who_gave_what_until_when_and_takes_it_with_effect_at_once(
    acme: World, admin: Client, emma: Client
) -> None:
    #
    assert "nothing yet" in words(admin.get(page(GuestAccess, "changelist")))
    give_both(admin, acme)
    assert "Acme Billing Acme Lab: Acme Developer" in words(admin.get(page(GuestAccess, "changelist")))
    address = address_of(access())
    for where in (address, address_of(acme.space)):  # on the guest's page and on the space's
        shown = words(admin.get(where)).split("emma@globex.example")[-1]
        assert "admin@acme.example" in shown
    row = GuestSpaceRole.objects.get()
    admin.post(address, without_row(read(admin, address), "space_roles", row))
    admin.post(address, without_row(read(admin, address), "account_roles", GuestAccountRole.objects.get()))
    assert guest_in(emma)["spaces"] == guest_in(emma)["account_roles"] == []
    shown = words(admin.get(page(GuestAccess, "history", access().pk)))
    for said in ("emma@globex.example holds Acme Lab: Acme Developer as guest until", "no longer holds"):
        assert said in shown
    trail = AuditEvent.objects.filter(account_id=acme.account.pk, actor_id=str(acme.admin.pk))
    assert trail.filter(action="guest.role_granted").count() == 2
    assert trail.filter(action="guest.role_revoked").count() == 2


def test_guests_roles_end_with_their_access(acme: World, admin: Client, emma: Client) -> None:
    # at its expiry, and when an admin ends it
    give_both(admin, acme)
    guests = page(GuestAccess, "changelist")
    row = access()
    GuestAccess.objects.update(expires_at=timezone.now())
    assert guest_in(emma) is None
    assert guest_effective_access(access()) == EffectiveAccess(
        (), (), ()
    )  # and not only because nobody is in
    assert "Acme Lab" not in emma.get("/").text
    assert "emma@globex.example" not in admin.get(address_of(acme.space)).text
    assert "Acme Billing" not in admin.get(guests).text
    GuestAccess.objects.update(expires_at=row.expires_at)
    assert guest_in(emma)["spaces"] == [LAB_ROLE]
    form = read(admin, address_of(row))
    admin.post(page(GuestAccess, "end", row.pk))
    assert guest_in(emma) is None
    assert "emma@globex.example" not in admin.get(address_of(acme.space)).text
    late = with_row(
        form, "account_roles", role=AccountRole.objects.create(account=acme.account, name="Late").pk
    )
    admin.post(address_of(row), late)  # a page that was open since before
    assert not GuestAccountRole.objects.filter(role__name="Late").exists()


def test_guest_who_is_invited_again_after_the_end_begins_with_nothing(
    acme: World, admin: Client, emma: Client
) -> None:
    #
    give_both(admin, acme)
    GuestAccess.objects.update(expires_at=timezone.now())
    come(emma, admin)
    assert guest_in(emma)["spaces"] == guest_in(emma)["account_roles"] == []


def test_guest_who_is_invited_again_meanwhile_keeps_what_they_had(
    acme: World, admin: Client, emma: Client
) -> None:
    #
    give_both(admin, acme)
    come(emma, admin, "90")
    assert guest_in(emma)["spaces"] == [LAB_ROLE]
    assert guest_in(emma)["account_roles"] == [{"name": "Acme Billing", "source": "manual"}]
    kept = AuditEvent.objects.get(action="guest.roles_kept")
    assert (kept.account_id, kept.changes["roles"][1]) == (
        acme.account.pk,
        ["Acme Billing", "Acme Lab: Acme Developer"],
    )


def test_admin_who_takes_a_role_on_a_page_from_before_the_new_invitation_is_refused(
    acme: World, admin: Client, emma: Client
) -> None:
    # else they would read that it was saved, and the guest would keep the role
    give_both(admin, acme)
    address, form, row = address_of(access()), read(admin, address_of(access())), GuestSpaceRole.objects.get()
    come(emma, admin, "90")
    assert admin.post(address, without_row(form, "space_roles", row)).status_code == 403
    row = GuestSpaceRole.objects.get(access=access())
    admin.post(address_of(access()), without_row(read(admin, address_of(access())), "space_roles", row))
    assert guest_in(emma)["spaces"] == []
    assert admin.get(address).status_code == 200


def test_nothing_of_the_guests_own_account_touches_what_they_have_elsewhere(
    acme: World, globex: World, admin: Client, emma: Client
) -> None:
    # R-6, V-8: not its admins, not its settings; disabling them keeps it for the day they are back
    give_both(admin, acme)
    boss = browse(globex.sso_admin)
    assert boss.get(address_of(access())).status_code == 404
    assert boss.post(address_of(access()), {"space_roles-TOTAL_FORMS": 0}).status_code == 404
    lifecycle.disable_user(user=globex.employee, actor=OPERATOR)
    assert emma.get("/api/me").status_code == 401
    lifecycle.enable_user(user=globex.employee, actor=OPERATOR)
    back = browse(globex.employee)
    back.post(f"/guest/{access().pk}/enter/")
    assert guest_in(back)["spaces"] == [LAB_ROLE]


def test_admin_roles_and_other_accounts_roles_are_never_a_guests(
    acme: World, globex: World, admin: Client, emma: Client
) -> None:
    # V-8, A-1
    offered = admin.get(address_of(access())).text
    for name in ("SSO Account Admin", "Account Admin", "Globex"):
        assert f">{name}<" not in offered
    for role in (
        *(account_role_named(acme.account, built_in) for built_in in BuiltInAccountRole),
        globex.account_role,
    ):
        answer = give(admin, "account_roles", role=role.pk)
        assert "Select a valid choice" in answer.text
    give(admin, "space_roles", space=globex.space.pk, role=globex.space_role.pk)
    assert not GuestAccountRole.objects.exists()
    assert not GuestSpaceRole.objects.exists()


def test_directory_and_its_tokens_never_see_guests(
    acme: World, globex: World, admin: Client, emma: Client
) -> None:
    # V-2
    give_both(admin, acme)
    _, token = lifecycle.create_api_token(account=acme.account, actor=OPERATOR, name="directory")
    listed = emma.get("/api/scim/Users?count=200", headers={"authorization": f"Bearer {token}"})
    assert listed.status_code == 200
    assert "admin@acme.example" in listed.text
    assert "globex" not in listed.text


def test_guests_access_costs_the_same_however_much_it_is(
    acme: World, admin: Client, emma: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    # design: effective access in one place, in a constant number of queries
    with django_assert_max_num_queries(60) as before:
        emma.get("/api/me")
    for number in range(3):
        space = Space.objects.create(account=acme.account, name=f"Space {number}")
        role = AccountRole.objects.create(account=acme.account, name=f"Role {number}")
        GuestSpaceRole.objects.create(access=access(), space=space, role=acme.space_role)
        GuestAccountRole.objects.create(access=access(), role=role)
    with django_assert_max_num_queries(len(before)):
        assert len(guest_in(emma)["spaces"]) == 3
    with django_assert_max_num_queries(60) as first:
        admin.get(page(GuestAccess, "changelist"))
    other = User.objects.get(user_name="sso@globex.example")
    more = GuestAccess.objects.create(user=other, account=acme.account, granted_by="x")
    GuestSpaceRole.objects.create(access=more, space=acme.space, role=acme.space_role)
    with django_assert_max_num_queries(len(first)):
        admin.get(page(GuestAccess, "changelist"))
