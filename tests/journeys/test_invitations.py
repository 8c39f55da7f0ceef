"""An admin invites somebody by mail into an account that is managed by hand (A-9, V-24)."""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Callable

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts import lifecycle
from accounts.lifecycle import PersonChanges
from accounts.lifecycle.roles import account_role_named
from accounts.models import Account, BuiltInAccountRole, EmailDomain, Invitation, Kind, SsoPolicy, User
from accounts.sources import Source
from audit.models import AuditEvent
from foundation import outbox
from foundation.models import OutboxMessage
from tests.conftest import client_of
from tests.console.admin_pages import page
from tests.journeys.invitations import NEW_PASSWORD, accept, browse, follow, invite, mailed_link, words
from tests.worlds import OPERATOR, World, add_provisioned, add_vendor_person, found_account

NORA = "nora@freelance.example"
OVER = "This invitation can't be used"


@pytest.fixture
def acme(db: None) -> World:
    return found_account("acme")


@pytest.fixture
def admin(acme: World) -> Client:
    """The account admin's browser."""
    return browse(acme.admin)


@pytest.fixture
def nora() -> Client:
    """The browser of somebody who isn't here yet."""
    return client_of("localhost:8000")


def refusal() -> str:
    return AuditEvent.objects.filter(action__startswith="invitation").exclude(reason="").latest("id").reason


def test_invited_person_chooses_a_password_and_signs_in(acme: World, admin: Client, nora: Client) -> None:
    #
    assert NORA in words(invite(admin, NORA))
    shown = follow(nora, mailed_link(NORA))
    assert shown.redirect_chain == [("/invitation/", 302)]
    assert "Join Acme" in words(shown)
    assert "admin@acme.example invites you" in words(shown)
    login = accept(nora)
    assert "Welcome! Sign in with the password that you just chose." in words(login)
    assert login.redirect_chain[-1][0] == "/login/acme/?email=nora%40freelance.example"
    signed_in = nora.post("/login/acme/", {"user_name": NORA, "password": NEW_PASSWORD})
    assert signed_in.status_code == 302
    me = nora.get("/api/me").json()
    assert (me["user_name"], me["given_name"], me["status"]) == (NORA, "Nora", "active")
    assert me["account"]["slug"] == "acme"
    assert me["account_roles"] == []
    actions = set(AuditEvent.objects.filter(account_id=acme.account.pk).values_list("action", flat=True))
    assert {"invitation.created", "invitation.accepted", "user.created"} <= actions


def test_person_whom_an_admin_made_by_hand_gets_a_way_in_and_keeps_what_they_have(
    acme: World, admin: Client, nora: Client
) -> None:
    #
    values = PersonChanges(user_name="nora", email=NORA)
    made = lifecycle.create_user(actor=OPERATOR, account=acme.account, values=values)
    lifecycle.set_group_membership(group=acme.group, user=made, actor=OPERATOR, member=True)
    invite(admin, NORA)
    follow(nora, mailed_link(NORA))
    accept(nora)
    nora.post("/login/acme/", {"user_name": "nora", "password": NEW_PASSWORD})
    me = nora.get("/api/me").json()
    assert (me["id"], me["given_name"]) == (str(made.pk), "Nora")
    assert [group["name"] for group in me["groups"]] == ["Acme Readers"]


def test_opening_the_link_spends_nothing_and_accepting_spends_it(
    admin: Client, nora: Client, acme: World
) -> None:
    # mail scanners open links
    invite(admin, NORA)
    link = mailed_link(NORA)
    scanner = client_of("localhost:8000")
    for _ in range(3):
        assert "Join Acme" in words(follow(scanner, link))
    follow(nora, link)
    accept(nora)
    again = follow(scanner, link)
    assert (again.status_code, OVER in words(again)) == (410, True)
    answer = accept(scanner, "another-password-93")
    assert (answer.status_code, OVER in words(answer)) == (410, True)
    assert User.objects.get(user_name=NORA).check_password(NEW_PASSWORD)


def test_every_link_that_is_not_good_gets_the_same_page(acme: World, admin: Client) -> None:
    # V-26: nothing tells whether it ever existed
    invite(admin, NORA)
    good = mailed_link(NORA)
    spoilt = good[:-6] + "AAAAA/"
    invite(admin, "olive@freelance.example")
    revoked = mailed_link("olive@freelance.example")
    admin.post(page(Invitation, "revoke", Invitation.objects.get(email="olive@freelance.example").pk))
    unknown = "/invitation/inv_0123456789ab_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA/"
    answers = [
        follow(client_of("localhost:8000"), link)
        for link in (spoilt, revoked, unknown, "/invitation/x/", "/invitation/")
    ]
    assert {answer.status_code for answer in answers} == {410}
    assert len({words(answer) for answer in answers}) == 1
    assert "Acme" not in words(answers[0])


def test_link_is_good_for_a_week(admin: Client, nora: Client) -> None:
    #
    invite(admin, NORA)
    link = mailed_link(NORA)
    with time_machine.travel(timezone.now() + dt.timedelta(days=6, hours=23)):
        assert "Join Acme" in words(follow(nora, link))
    with time_machine.travel(timezone.now() + dt.timedelta(days=7, minutes=1)):
        assert OVER in words(accept(nora))
    assert not User.objects.filter(email=NORA).exists()


def test_sent_again_the_new_link_works_and_the_old_one_does_not(admin: Client, nora: Client) -> None:
    #
    invite(admin, NORA)
    old = mailed_link(NORA)
    row = Invitation.objects.get()
    Invitation.objects.update(expires_at=timezone.now() - dt.timedelta(days=1))
    assert "Sent again." in words(admin.post(page(Invitation, "resend", row.pk), follow=True))
    new = mailed_link(NORA)
    assert OVER in words(follow(nora, old))
    assert "Join Acme" in words(follow(nora, new))
    assert AuditEvent.objects.filter(action="invitation.resent").count() == 1


def test_mails_to_one_address_have_an_end(admin: Client) -> None:
    # V-21
    invite(admin, NORA)
    row = Invitation.objects.get()
    for _ in range(4):
        admin.post(page(Invitation, "resend", row.pk))
    assert "Too many invitations" in words(admin.post(page(Invitation, "resend", row.pk), follow=True))
    assert OutboxMessage.objects.filter(kind="invitation.mail").count() == 5
    assert refusal() == "invitation.too_many"


def test_secret_is_in_the_mail_and_nowhere_else(
    acme: World, admin: Client, nora: Client, lines: io.StringIO
) -> None:
    # V-24, design rule 8
    invite(admin, NORA)
    link = mailed_link(NORA)
    secret = link.split("_", 2)[2].rstrip("/")
    first = nora.get(link)
    assert first.headers["Referrer-Policy"] == "no-referrer"
    assert first.headers["Cache-Control"] == "no-store"
    cookie = nora.cookies["broker-invitation"]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    clean = nora.get("/invitation/")
    assert secret not in clean.text
    accept(nora)
    assert nora.cookies["broker-invitation"].value == ""
    assert "/invitation/" in lines.getvalue()
    for kept in (
        lines.getvalue(),
        json.dumps(list(OutboxMessage.objects.values()), default=str),
        json.dumps(list(AuditEvent.objects.values()), default=str),
        json.dumps(list(Invitation.objects.values()), default=str),
    ):
        assert secret not in kept
        assert NEW_PASSWORD not in kept


@pytest.mark.parametrize(
    ("password", "again", "said"),
    [
        ("tiny-7x", None, "at least 12 characters"),
        ("password1234", None, "too common"),
        ("nora@freelance.example", None, "too similar"),
        (NEW_PASSWORD, "something-else-entirely", "The two passwords are not the same."),
    ],
)
def test_password_that_is_not_good_is_asked_for_again(
    admin: Client, nora: Client, password: str, again: str | None, said: str
) -> None:
    #
    invite(admin, NORA)
    follow(nora, mailed_link(NORA))
    answer = accept(nora, password, again)
    assert answer.status_code == 400
    assert said in words(answer)
    assert password not in answer.text or "@" in password
    assert not User.objects.filter(email=NORA).exists()
    accept(nora)
    assert User.objects.filter(email=NORA).exists()


def mandatory(account: Account) -> None:
    lifecycle.update_account(account=account, actor=OPERATOR, values={"sso_policy": SsoPolicy.MANDATORY})


def authorized(account: Account) -> None:
    lifecycle.update_account(account=account, actor=OPERATOR, values={"sso_authorization": True})


@pytest.mark.parametrize("strict", [mandatory, authorized])
def test_nobody_is_invited_to_a_password_where_single_sign_on_is_the_only_way(
    acme: World, strict: Callable[[Account], None]
) -> None:
    # L-3, R-4: an operator asks, since the switch signs out the account's own people who came by password
    operator = browse(add_vendor_person("root@vendor.example", Kind.OPERATOR))
    strict(acme.account)
    assert "come by single sign-on only" in words(invite(operator, NORA, account=acme.account.pk))
    assert refusal() == "invitation.sso_required"
    assert not Invitation.objects.exists()


@pytest.mark.parametrize("strict", [mandatory, authorized])
def test_nobody_of_a_domain_that_signs_in_elsewhere_is_invited_to_a_password(
    admin: Client, strict: Callable[[Account], None]
) -> None:
    # L-3, V-26: the same for every address of the domain
    strict(found_account("globex").account)
    for address in ("emma@globex.example", "nobody@GLOBEX.example"):
        assert "come by single sign-on only" in words(invite(admin, address))
    assert not Invitation.objects.exists()


def test_policy_that_became_strict_meanwhile_counts_when_the_link_is_spent(
    acme: World, admin: Client, nora: Client
) -> None:
    # L-3
    invite(admin, NORA)
    follow(nora, mailed_link(NORA))
    mandatory(acme.account)
    answer = accept(nora)
    assert "Single sign-on is the only way into this account by now." in words(answer)
    assert refusal() == "invitation.sso_required"
    assert not User.objects.filter(email=NORA).exists()
    lifecycle.update_account(account=acme.account, actor=OPERATOR, values={"sso_policy": SsoPolicy.OPTIONAL})
    accept(nora)
    assert User.objects.filter(email=NORA).exists()


def test_whoever_is_here_already_is_not_invited(acme: World, admin: Client) -> None:
    # V-3, P-4: an invitation never gives a password to a directory's person, or to one who has a way in
    add_provisioned(acme.account, "pia")
    for address in ("EMMA@acme.example", "pia@acme.example"):
        assert "has a person of this address already" in words(invite(admin, address))
    invite(admin, NORA)
    assert "still waits" in words(invite(admin, NORA.upper()))
    assert refusal() == "invitation.already_here"
    assert Invitation.objects.count() == 1


def test_account_admin_gives_no_way_in_to_somebody_above_them(
    acme: World, admin: Client, nora: Client
) -> None:
    # V-8
    values = PersonChanges(user_name="nora", email=NORA)
    made = lifecycle.create_user(actor=OPERATOR, account=acme.account, values=values)
    role = account_role_named(acme.account, BuiltInAccountRole.SSO_ACCOUNT_ADMIN)
    invite(admin, NORA)
    follow(nora, mailed_link(NORA))
    lifecycle.grant_account_role(user=made, role=role, actor=OPERATOR, source=Source.MANUAL)
    assert "can no longer be used" in words(accept(nora))
    assert not User.objects.get(pk=made.pk).has_usable_password()
    admin.post(page(Invitation, "revoke", Invitation.objects.get().pk))
    assert "it needs sso account admin" in words(invite(admin, NORA))
    invite(browse(acme.sso_admin), NORA)
    follow(nora, mailed_link(NORA))
    accept(nora)
    assert User.objects.get(pk=made.pk).check_password(NEW_PASSWORD)


def test_only_admins_of_the_account_invite_and_revoke(acme: World, admin: Client) -> None:
    # V-8, A-1
    assert browse(acme.employee).get(page(Invitation, "add")).status_code in (302, 403, 404)
    invite(admin, NORA)
    row = Invitation.objects.get()
    stranger = browse(found_account("globex").sso_admin)
    for name in ("change", "revoke", "resend"):
        assert stranger.post(page(Invitation, name, row.pk)).status_code == 404
    row.refresh_from_db()
    assert row.is_open


def test_invitation_of_an_admin_who_left_ends_with_them(acme: World, admin: Client, nora: Client) -> None:
    # V-12: a door left open on the way out
    invite(admin, NORA)
    link = mailed_link(NORA)
    lifecycle.disable_user(user=acme.admin, actor=OPERATOR)
    assert OVER in words(follow(nora, link))
    assert Invitation.objects.get().revoked_at is not None


def test_invitation_of_an_admin_who_is_none_any_more_opens_nothing(
    acme: World, admin: Client, nora: Client
) -> None:
    # V-8
    invite(admin, NORA)
    follow(nora, mailed_link(NORA))
    role = account_role_named(acme.account, BuiltInAccountRole.ACCOUNT_ADMIN)
    lifecycle.revoke_account_role(user=acme.admin, role=role, actor=OPERATOR, source=Source.MANUAL)
    assert OVER in words(accept(nora))
    assert not User.objects.filter(email=NORA).exists()


def test_deactivation_ends_sessions_tokens_and_the_waiting_invitation_at_once(
    acme: World, admin: Client, nora: Client
) -> None:
    # P-5, V-12, V-14
    emma = browse(acme.employee)
    token = emma.post("/personal-tokens/", {"name": "x", "days": "7"})
    plain = token.context["plain"]
    Invitation.objects.create(
        account=acme.account,
        email=acme.employee.email,
        email_folded=acme.employee.email_folded,
        lookup="0123456789ab",
        digest="0" * 64,
        expires_at=timezone.now() + dt.timedelta(days=1),
    )
    lifecycle.disable_user(user=acme.employee, actor=OPERATOR)
    assert emma.get("/api/me").json() == {"authenticated": False}
    assert nora.get("/api/scim/Me", headers={"authorization": f"Bearer {plain}"}).status_code == 401
    assert not Invitation.objects.get().is_open


def test_mail_that_was_revoked_before_it_left_is_not_sent(admin: Client) -> None:
    #
    invite(admin, NORA)
    admin.post(page(Invitation, "revoke", Invitation.objects.get().pk))
    outbox.drain()
    assert not [each for each in mail.outbox if each.to == [NORA]]


def test_operators_invitation_leads_to_the_accounts_own_host(acme: World) -> None:
    # V-7
    lifecycle.verify_host_name(account=acme.account, actor=OPERATOR, host="sso.acme.example")
    operator = browse(add_vendor_person("olga", Kind.OPERATOR))
    invite(operator, NORA, account=str(acme.account.pk))
    link = mailed_link(NORA)
    assert "http://sso.acme.example:8000/invitation/inv_" in str(mail.outbox[-1].body)
    there = client_of("sso.acme.example:8000")
    assert "Join Acme" in words(follow(there, link))


def test_forged_form_accepts_nothing(admin: Client, nora: Client) -> None:
    # V-16
    invite(admin, NORA)
    follow(nora, mailed_link(NORA))
    nora.handler.enforce_csrf_checks = True
    assert accept(nora).status_code == 403
    assert Invitation.objects.get().is_open


def test_domain_of_the_account_itself_may_be_invited_while_passwords_are_allowed(
    acme: World, admin: Client, nora: Client
) -> None:
    # A-9, L-2
    assert EmailDomain.objects.filter(account=acme.account).exists()
    invite(admin, "new@acme.example")
    follow(nora, mailed_link("new@acme.example"))
    accept(nora)
    assert User.objects.get(user_name="new@acme.example").account == acme.account
