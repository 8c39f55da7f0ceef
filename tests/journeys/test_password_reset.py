"""Somebody who forgot their password sets a new one by a mailed link; nobody learns who is here (A-9, L-3, V-15)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import lifecycle
from accounts.models import Kind, SsoPolicy, User
from audit.actors import Actor, ActorKind
from audit.models import AuditEvent, FailureLogEntry
from tests.conftest import client_of
from tests.journeys.mailbox import deliver, link_to, mails_to, open_link, press, words
from tests.worlds import OPERATOR, PASSWORD, World, add_provisioned, add_vendor_person, found_account, sign_in

ASK = "/password-reset/"
NEW = "/password-reset/new/"
PRIVATE = "emma@mail.example"
BETTER = "a-much-better-one-2026"
DIRECTORY = Actor(ActorKind.SCIM, "", "a directory")


@pytest.fixture
def acme(db: None) -> World:
    """Acme, where Emma has a rested recovery address."""
    world = found_account("acme")
    rested(world.employee, PRIVATE)
    mail.outbox.clear()
    return world


def rested(user: User, address: str) -> None:
    then = timezone.now() - timedelta(days=4)
    User.objects.filter(pk=user.pk).update(
        recovery_email=address, recovery_email_confirmed_at=then, recovery_email_changed_at=then
    )
    user.refresh_from_db()


def ask(client: Client, address: str = "emma@acme.example") -> Any:
    return client.post(ASK, {"email": address})


def set_new(client: Client, path: str, password: str = BETTER, again: str = "") -> Any:
    return press(client, path, password=password, again=again or password)


def enter(client: Client, password: str, user: str = "emma@acme.example", page: str = "/login/acme/") -> int:
    return client.post(page, {"user_name": user, "password": password}).status_code


def codes() -> set[str]:
    return set(FailureLogEntry.objects.values_list("code", flat=True))


def test_person_sets_a_new_password_and_every_session_ends(acme: World, client: Client) -> None:
    #
    elsewhere = client_of("localhost:8000")
    sign_in(elsewhere, acme.employee)
    assert ASK in client.get("/login/acme/").text
    ask(client, "EMMA@acme.example")
    path = link_to(PRIVATE)
    assert not mails_to("emma@acme.example")  # V-15: not where a claim may write
    assert "For emma@acme.example" in words(open_link(client, path))
    done = set_new(client, path)
    assert "Your password was changed" in words(done)
    assert client.get("/api/me").status_code == 401  # the link signs nobody in
    assert elsewhere.get("/api/me").status_code == 401
    assert enter(client, PASSWORD) == 401
    assert enter(client, BETTER) == 302
    assert AuditEvent.objects.get(action="password_reset.done").account_id == acme.account.pk
    assert "your password was changed" in mails_to("emma@acme.example")[-1].subject
    assert BETTER not in str(list(AuditEvent.objects.values()))


def test_people_of_another_account_with_the_same_address_do_not_use_up_anybodys_link(
    db: None, client: Client
) -> None:
    # an address is any account's to type
    evil = found_account("globex")
    for number in range(10):
        values = lifecycle.PersonChanges(user_name=f"many-{number}", email="emma@acme.example")
        lifecycle.create_user(actor=OPERATOR, account=evil.account, values=values)
    rested(found_account("acme").employee, PRIVATE)
    ask(client)
    assert link_to(PRIVATE)
    # Nor is their mailbox flooded with explanations.
    assert len(mails_to("emma@acme.example")) <= 3


@pytest.mark.parametrize(
    ("password", "again", "said"),
    [
        ("short", "", "too short"),
        ("emma@acme.example", "", "too similar"),
        (BETTER, "something-else-2026", "The two passwords differ."),
        ("", "", "Enter a new password."),
    ],
)
def test_bad_password_is_asked_for_again_and_the_link_stays_good(
    acme: World, client: Client, password: str, again: str, said: str
) -> None:
    #
    ask(client)
    path = link_to(PRIVATE)
    answer = set_new(client, path, password, again)
    assert answer.status_code == 400
    assert said in words(answer)
    assert not password or f'value="{password}"' not in answer.text.replace('name="username" value=', "")
    assert "Your password was changed" in words(set_new(client, path))


def test_link_works_once_within_an_hour(acme: World, client: Client) -> None:
    #
    ask(client)
    path = link_to(PRIVATE)
    with time_machine.travel(timezone.now() + timedelta(minutes=61)):
        assert set_new(client, path).status_code == 400
    for _ in range(3):  # a mail scanner
        assert open_link(client_of("localhost:8000"), path).status_code == 200
    other = client_of("localhost:8000")
    open_link(other, path)
    assert set_new(client, path).status_code == 200
    late = other.post(NEW, {"password": "thief-was-here-2026", "again": "thief-was-here-2026"})
    assert late.status_code == 400
    assert enter(client, BETTER) == 302
    assert codes() == {"link.expired", "link.spent"}


def mandatory(world: World) -> None:
    lifecycle.update_account(
        account=world.account, actor=OPERATOR, values={"sso_policy": SsoPolicy.MANDATORY}
    )


def authorization(world: World) -> None:
    User.objects.filter(pk=world.employee.pk).update(connected=True)
    lifecycle.update_account(account=world.account, actor=OPERATOR, values={"sso_authorization": True})


def no_password(world: World) -> None:
    lifecycle.drop_password(user=world.employee, actor=OPERATOR, why="test")


@pytest.mark.parametrize("switch", [mandatory, authorization, no_password])
def test_person_who_signs_in_by_sso_gets_no_link_but_is_told(
    acme: World, client: Client, switch: Callable[[World], None]
) -> None:
    # L-3, R-4
    switch(acme)
    page = ask(client)
    unknown = ask(client_of("localhost:8000"), "nobody@acme.example")
    assert words(page) == words(unknown)
    assert not mails_to(PRIVATE)
    (told,) = mails_to("emma@acme.example")
    assert "signs in to Acme with the corporate account" in told.body
    assert "http" not in told.body
    assert codes() == {"password_reset.sso_required", "password_reset.nobody"}


def test_keeper_of_a_private_deployment_resets_theirs_where_nobody_else_may(
    acme: World, client: Client, settings: Any
) -> None:
    # L-3, V-15: their password is the way back in when single sign-on fails
    settings.BROKER_DEPLOYMENT = "private"
    keeper = acme.sso_admin
    rested(keeper, "keeper@mail.example")
    User.objects.filter(pk=keeper.pk).update(connected=True)
    mandatory(acme)
    authorization(acme)
    page = client.get("/login/acme/")
    assert ASK in page.text
    assert words(ask(client)) == words(ask(client_of("localhost:8000"), keeper.email))
    assert not mails_to(PRIVATE)
    assert set_new(client, link_to("keeper@mail.example")).status_code == 200
    assert enter(client, PASSWORD, keeper.user_name) == 400
    assert enter(client, BETTER, keeper.user_name) == 302


def test_who_is_no_longer_the_keeper_spends_no_link(acme: World, client: Client, settings: Any) -> None:
    # L-3: asked again under a lock when the link is spent
    settings.BROKER_DEPLOYMENT = "private"
    rested(acme.admin, "admin@mail.example")
    mandatory(acme)
    lifecycle.disable_user(user=acme.sso_admin, actor=OPERATOR)
    ask(client, acme.admin.email)
    path = link_to("admin@mail.example")
    open_link(client, path)
    lifecycle.enable_user(user=acme.sso_admin, actor=OPERATOR)
    assert client.post(NEW, {"password": BETTER, "again": BETTER}).status_code == 400
    assert AuditEvent.objects.get(action="password_reset.set").reason == "password_reset.sso_required"


@pytest.mark.parametrize(
    ("switch", "code"),
    [
        (mandatory, "password_reset.sso_required"),
        (authorization, "password_reset.sso_required"),
        (no_password, "password_reset.sso_required"),
        (lambda world: lifecycle.disable_user(user=world.employee, actor=OPERATOR), "recovery.not_able"),
        (
            lambda world: lifecycle.set_directory_active(user=world.employee, actor=DIRECTORY, active=False),
            "recovery.not_able",
        ),
        (lambda world: rested(world.employee, "other@mail.example"), "password_reset.address_changed"),
    ],
    ids=["mandatory", "authorization", "no password", "disabled", "deactivated", "address changed"],
)
def test_what_changed_since_the_mail_counts(
    acme: World, client: Client, switch: Callable[[World], object], code: str
) -> None:
    # L-3, V-15
    ask(client)
    path = link_to(PRIVATE)
    open_link(client, path)
    switch(acme)
    before = User.objects.get(pk=acme.employee.pk).password
    assert client.post(NEW, {"password": BETTER, "again": BETTER}).status_code == 400
    assert User.objects.get(pk=acme.employee.pk).password == before
    event = AuditEvent.objects.get(action="password_reset.set")
    assert (event.reason, event.account_id) == (code, acme.account.pk)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"recovery_email": "", "recovery_email_confirmed_at": None}, "recovery.no_address"),
        ({"recovery_email_changed_at": "now"}, "recovery.resting"),
    ],
)
def test_person_without_a_usable_recovery_address_is_told_whom_to_ask(
    acme: World, client: Client, change: dict[str, Any], code: str
) -> None:
    # V-15
    values = {name: timezone.now() if value == "now" else value for name, value in change.items()}
    User.objects.filter(pk=acme.employee.pk).update(**values)
    ask(client)
    (told,) = mails_to("emma@acme.example")
    assert "Ask an admin of your account" in told.body
    assert "http" not in told.body
    assert codes() == {code}


def test_answer_is_the_same_and_costs_the_same_for_every_address(acme: World, client: Client) -> None:
    # V-26
    add_provisioned(acme.account, "paul")
    ask(client, "warm@up.example")
    seen = []
    for address in ("emma@acme.example", "paul@acme.example", "nobody@acme.example", "a@elsewhere.example"):
        with CaptureQueriesContext(connection) as queries:
            page = ask(client, address)
        verbs = tuple(query["sql"].split(" ")[0] for query in queries.captured_queries)
        assert not any("accounts_user" in query["sql"] for query in queries.captured_queries)
        seen.append((page.status_code, words(page), verbs))
    assert len(set(seen)) == 1


def test_fourth_request_within_an_hour_sends_nothing_and_looks_the_same(acme: World, client: Client) -> None:
    # V-21, V-26
    assert len({words(ask(client)) for _ in range(4)}) == 1
    assert len(mails_to(PRIVATE)) == 3
    assert "link.too_many" in codes()


def test_link_of_one_kind_does_nothing_of_another(acme: World, client: Client) -> None:
    rested(acme.sso_admin, "sso@mail.example")
    ask(client, "sso@acme.example")
    path = link_to("sso@mail.example")
    for other in ("recovery-access", "recovery-drill"):
        assert press(client_of("localhost:8000"), path.replace("password-reset", other)).status_code == 400
    client.post("/recovery-access/", {"email": "sso@acme.example"})
    entry = link_to("sso@mail.example")
    assert set_new(client, entry.replace("recovery-access", "password-reset")).status_code == 400
    assert codes() == {"link.unknown"}


def test_operator_resets_theirs_on_the_general_page(acme: World, client: Client) -> None:
    #
    operator = add_vendor_person("olga", Kind.OPERATOR)
    rested(operator, "olga@mail.example")
    ask(client, "olga@vendor.example")
    assert set_new(client, link_to("olga@mail.example")).status_code == 200
    assert enter(client, BETTER, "olga", "/login/") == 302


def test_address_that_only_looks_like_somebodys_gets_no_mail(acme: World, client: Client) -> None:
    # the typed text is only looked up; mail goes to what is stored (CVE-2019-19844)
    ask(client, "\uff45mma@acme.example")  # a full-width letter, folded to ours
    deliver()
    assert {tuple(message.to) for message in mail.outbox} <= {(PRIVATE,)}


def test_closed_account_mails_nothing(acme: World, client: Client) -> None:
    type(acme.account).objects.filter(pk=acme.account.pk).update(closed_at=timezone.now())
    ask(client)
    deliver()
    assert not mail.outbox
    assert codes() == {"recovery.account_closed"}
