"""People of one account come to another as guests, and vendor staff for a while (V-10, V-11, R-6)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts import lifecycle
from accounts.lifecycle import PersonChanges
from accounts.models import EmailDomain, GuestAccess, Invitation, Kind, SsoPolicy, UserSession
from audit.models import AuditEvent
from tests.conftest import client_of
from tests.console.admin_pages import page
from tests.journeys.invitations import browse, follow, invite, mailed_link, words
from tests.worlds import OPERATOR, World, add_person, add_vendor_person, found_account, sign_in

GUS = "emma@globex.example"
LEAD = "You are a guest in Acme"


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
def emma(globex: World) -> Client:
    """Globex's Emma, signed in at Globex."""
    return browse(globex.employee)


def accept_as_guest(browser: Client, admin: Client, email: str = GUS, invited_as: str = "30") -> Any:
    """Invite, follow the link and press "Accept"."""
    invite(admin, email, invited_as)
    follow(browser, mailed_link(email))
    return browser.post("/invitation/", follow=True)


def enter(browser: Client) -> Any:
    return browser.post(f"/guest/{GuestAccess.objects.latest('created_at').pk}/enter/", follow=True)


def guest_in(browser: Client) -> Any:
    return browser.get("/api/me").json().get("guest_in")


def refusal() -> str:
    return AuditEvent.objects.exclude(reason="").latest("id").reason


def test_guest_accepts_in_their_own_session_enters_and_leaves(
    acme: World, globex: World, admin: Client, emma: Client
) -> None:
    # V-10
    shown = accept_as_guest(emma, admin)
    assert "You may enter Acme as a guest now." in words(shown)
    assert "invited by admin@acme.example" in words(shown)
    assert guest_in(emma) is None
    assert LEAD in words(enter(emma))
    me = emma.get("/api/me").json()
    assert (me["account"]["slug"], me["guest_in"]["slug"], me["guest_in"]["basis"]) == (
        "globex",
        "acme",
        "guest",
    )
    assert LEAD not in words(emma.post("/guest/leave/", follow=True))
    assert guest_in(emma) is None
    trail = AuditEvent.objects.filter(account_id=acme.account.pk).values_list("action", flat=True)
    assert {"invitation.created", "guest.accepted", "guest.entered", "guest.left"} <= set(trail)
    assert not AuditEvent.objects.filter(account_id=globex.account.pk, action__startswith="guest").exists()


def test_guest_who_is_not_signed_in_is_sent_to_sign_in_and_comes_back(globex: World, admin: Client) -> None:
    # V-10
    invite(admin, GUS, "7")
    browser = client_of("localhost:8000")
    shown = follow(browser, mailed_link(GUS))
    assert "Sign in to your own account first" in words(shown)
    assert browser.post("/invitation/").status_code == 403
    assert 'href="/login/?email=emma%40globex.example&amp;next=%2Finvitation%2F"' in shown.text
    sign_in(browser, globex.employee)
    assert "Accept" in words(browser.get("/invitation/"))
    assert Invitation.objects.get().is_open


def test_only_the_person_whose_own_account_speaks_for_the_address_accepts(
    acme: World, globex: World, admin: Client
) -> None:
    # V-10, V-6: an address that somebody typed into a profile proves nothing
    initech = found_account("initech")
    values = PersonChanges(email=GUS)
    lifecycle.update_user(user=initech.employee, actor=OPERATOR, values=values)
    lifecycle.update_user(user=acme.employee, actor=OPERATOR, values=values)
    invite(admin, GUS, "7")
    link = mailed_link(GUS)
    for pretender in (initech.employee, acme.employee, globex.admin):
        browser = browse(pretender)
        assert "This invitation is for somebody else" in words(follow(browser, link))
        assert "was sent to somebody else" in words(browser.post("/invitation/"))
        assert refusal() == "invitation.not_yours"
    assert not GuestAccess.objects.exists()
    assert Invitation.objects.get().is_open
    EmailDomain.objects.filter(account=globex.account).update(verified_at=None)
    assert "This invitation is for somebody else" in words(follow(browse(globex.employee), link))


def test_admin_learns_nothing_about_whom_other_accounts_have(globex: World, admin: Client) -> None:
    # V-10, V-26
    answers = [invite(admin, address, "30") for address in (GUS, "nobody@globex.example")]
    said = {words(answer).replace(GUS, "X").replace("nobody@globex.example", "X") for answer in answers}
    assert all("was added successfully" in each for each in said)
    mailed_link("nobody@globex.example")
    assert "emma" not in admin.get(page(Invitation, "add")).text
    assert admin.get(page("accounts.user", "change", globex.employee.pk)).status_code == 404


def test_admin_sees_who_gave_it_and_until_when_and_ends_it_at_once(
    acme: World, admin: Client, emma: Client
) -> None:
    # V-10
    accept_as_guest(emma, admin)
    enter(emma)
    row = GuestAccess.objects.get()
    shown = words(admin.get(page(GuestAccess, "changelist")))
    assert "emma@globex.example guest open admin@acme.example" in shown
    assert row.expires_at is not None
    assert "Ended." in words(admin.post(page(GuestAccess, "end", row.pk), follow=True))
    assert guest_in(emma) is None
    assert LEAD not in words(emma.get("/"))
    assert "Other accounts" not in words(emma.get("/"))
    assert "access as a guest is over" in words(enter(emma))
    assert refusal() == "guest.over"
    assert AuditEvent.objects.filter(action="guest.ended", actor_id=str(acme.admin.pk)).exists()


def test_access_that_expires_is_over_at_the_next_request(admin: Client, emma: Client) -> None:
    # V-10
    accept_as_guest(emma, admin, invited_as="7")
    enter(emma)
    assert guest_in(emma) is not None
    GuestAccess.objects.update(expires_at=timezone.now())
    assert guest_in(emma) is None
    assert "access as a guest is over" in words(enter(emma))


def test_nobody_enters_with_the_access_of_somebody_else(globex: World, admin: Client, emma: Client) -> None:
    # V-8
    accept_as_guest(emma, admin)
    other = browse(globex.admin)
    assert enter(other).status_code == 404
    UserSession.objects.filter(user=globex.admin).update(guest_access=GuestAccess.objects.get())
    assert guest_in(other) is None
    assert not AuditEvent.objects.filter(action="guest.entered").exists()


def test_password_never_enters_an_account_that_takes_single_sign_on_only(
    acme: World, globex: World, admin: Client, emma: Client
) -> None:
    # V-10, L-3
    accept_as_guest(emma, admin)
    enter(emma)
    lifecycle.update_account(account=acme.account, actor=OPERATOR, values={"sso_policy": SsoPolicy.MANDATORY})
    assert guest_in(emma) is None  # at the next request already
    assert "takes single sign-on only" in words(enter(emma))
    assert refusal() == "guest.sso_required"
    UserSession.objects.filter(user=globex.employee).update(provider_id=globex.provider.pk)
    assert LEAD in words(enter(emma))


def test_recovery_link_enters_no_other_account(globex: World, admin: Client, emma: Client) -> None:
    # V-10, V-15: it proves a mailbox alone
    accept_as_guest(emma, admin)
    enter(emma)
    UserSession.objects.filter(user=globex.employee).update(in_recovery=True)
    assert guest_in(emma) is None
    assert "recovery link, which is for your own account only" in words(enter(emma))
    assert refusal() == "guest.in_recovery"


def test_session_older_than_the_visited_account_allows_is_out(
    acme: World, admin: Client, emma: Client
) -> None:
    # V-10, L-13
    accept_as_guest(emma, admin)
    enter(emma)
    lifecycle.update_account(account=acme.account, actor=OPERATOR, values={"max_session_hours": 1})
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=61), tick=True):
        assert guest_in(emma) is None
        assert "signed in too long ago" in words(enter(emma))
    assert refusal() == "guest.session_too_old"


def test_guest_who_leaves_their_own_account_is_out_everywhere(
    acme: World, globex: World, admin: Client, emma: Client
) -> None:
    # V-12
    accept_as_guest(emma, admin)
    enter(emma)
    lifecycle.delete_user(user=globex.employee, actor=OPERATOR)
    assert emma.get("/api/me").status_code == 401
    assert GuestAccess.objects.get().ended_at is not None
    ended = AuditEvent.objects.get(account_id=acme.account.pk, action="guest.ended")
    assert (ended.actor_label, ended.object_label) == ("the guest's own account", "emma@globex.example")


def test_vendor_staff_comes_by_invitation_for_thirty_days_at_most(acme: World, admin: Client) -> None:
    # R-6, V-11: an unexpired grant, asked at each request
    sam = add_vendor_person("sam", Kind.STAFF)
    browser = browse(sam)
    assert guest_in(browser) is None
    accept_as_guest(browser, admin, "sam@vendor.example", "365")
    row = GuestAccess.objects.get()
    assert row.basis == "staff"
    assert row.expires_at is not None
    assert row.expires_at - row.created_at <= dt.timedelta(days=30, minutes=1)
    assert LEAD in words(enter(browser))
    assert guest_in(browser)["basis"] == "staff"
    GuestAccess.objects.update(expires_at=timezone.now())
    assert guest_in(browser) is None
    assert LEAD not in words(browser.get("/"))


def test_guest_gets_no_admin_pages_of_the_account_they_visit(
    acme: World, globex: World, admin: Client
) -> None:
    # V-8, A-1: an admin at home is nobody there
    boss = browse(globex.sso_admin)
    accept_as_guest(boss, admin, "sso@globex.example")
    enter(boss)
    assert boss.get(page("accounts.user", "change", acme.employee.pk)).status_code == 404
    assert "acme" not in words(boss.get(page("accounts.user", "changelist"))).lower()


def test_guest_enters_from_the_deployments_host_only(globex: World, admin: Client, emma: Client) -> None:
    # V-7
    accept_as_guest(emma, admin)
    lifecycle.verify_host_name(account=globex.account, actor=OPERATOR, host="sso.globex.example")
    there = client_of("sso.globex.example:8000")
    sign_in(there, globex.employee)
    assert "from the main address of this product only" in words(enter(there))
    assert refusal() == "guest.wrong_host"
    assert guest_in(there) is None


def test_second_invitation_replaces_the_first_access(admin: Client, emma: Client) -> None:
    # V-10
    accept_as_guest(emma, admin, invited_as="7")
    accept_as_guest(emma, admin, invited_as="90")
    assert GuestAccess.objects.filter(ended_at=None).count() == 1
    assert GuestAccess.objects.count() == 2


def test_operators_and_members_of_the_account_are_no_guests(acme: World, admin: Client) -> None:
    # V-2
    operator = browse(add_vendor_person("olga", Kind.OPERATOR))
    own = add_person(acme.account, "otto")
    for browser, email in ((operator, "olga@vendor.example"), (browse(own), own.email)):
        accept_as_guest(browser, admin, email)
    assert not GuestAccess.objects.exists()
