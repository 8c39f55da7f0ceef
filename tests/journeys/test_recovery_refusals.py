"""What recovery access refuses, and that nobody learns from it who is here (L-9, V-15, V-21, V-26)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import lifecycle
from accounts.lifecycle import mailed_links
from accounts.lifecycle.roles import account_role_named
from accounts.models import (
    BuiltInAccountRole,
    LinkPurpose,
    MailedLink,
    User,
    UserSession,
)
from accounts.sources import Source
from audit.actors import Actor, ActorKind
from audit.models import AuditEvent
from foundation.models import OutboxMessage
from tests.conftest import client_of
from tests.journeys.mailbox import deliver, link_to, mails_to, open_link, press, words
from tests.journeys.recovery_world import (
    ASK,
    ENTER,
    PRIVATE,
    ask,
    failures,
    found_acme,
    give_address,
    is_in,
)
from tests.worlds import OPERATOR, World, add_person

DIRECTORY = Actor(ActorKind.SCIM, "", "a directory")


@pytest.fixture
def acme(db: None) -> World:
    return found_acme()


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("nobody@acme.example", "recovery.nobody"),
        ("admin@acme.example", "recovery.nobody"),  # an account admin without the SSO role
        ("emma@acme.example", "recovery.nobody"),
        ("second@acme.example", "recovery.no_address"),
        ("third@acme.example", "recovery.resting"),
        ("fourth@acme.example", "recovery.not_able"),
    ],
)
def test_answer_is_the_same_for_every_address_and_no_link_is_sent(
    acme: World, client: Client, address: str, code: str
) -> None:
    # V-26
    add_person(acme.account, "second", BuiltInAccountRole.SSO_ACCOUNT_ADMIN)
    resting = add_person(acme.account, "third", BuiltInAccountRole.SSO_ACCOUNT_ADMIN)
    give_address(resting, "third@mail.example")
    User.objects.filter(pk=resting.pk).update(recovery_email_changed_at=timezone.now() - timedelta(hours=71))
    gone = add_person(acme.account, "fourth", BuiltInAccountRole.SSO_ACCOUNT_ADMIN)
    give_address(gone, "fourth@mail.example")
    lifecycle.set_directory_active(user=gone, actor=DIRECTORY, active=False)
    deliver()
    mail.outbox.clear()
    known, other = ask(client), ask(client_of("localhost:8000"), address)
    assert known.status_code == other.status_code == 200
    assert words(known) == words(other)
    # Nobody is looked up before the answer: the work is the same for everybody.
    assert OutboxMessage.objects.filter(kind="recovery.asked").count() == 2
    assert link_to(PRIVATE)
    assert [message.to for message in mail.outbox if "http" in message.body] == [[PRIVATE]]
    assert code in failures()


def test_answer_takes_the_same_queries_for_every_address(acme: World, client: Client) -> None:
    # V-26
    client.get(ASK)
    counts = []
    for address in ("first@acme.example", "sso@acme.example", "nobody@nowhere.example"):
        with CaptureQueriesContext(
            connection,
        ) as seen:
            ask(client, address)
        counts.append([query["sql"].split(" ")[0] for query in seen.captured_queries])
    assert counts[1] == counts[2]
    assert not any("accounts_user" in query["sql"] for query in seen.captured_queries)


@pytest.mark.parametrize("token", ["rec_0123456789ab_guess", "x", "scim_0123456789ab_guess", "%00", "é"])
def test_made_up_link_is_refused_like_an_old_one(acme: World, client: Client, token: str) -> None:
    answer = open_link(client, f"/recovery-access/{token}/")
    assert answer.status_code == 400
    assert "This link can't be used" in words(answer)
    assert "link.unknown" in failures()
    assert client.post(ENTER).status_code == 400
    assert not is_in(client)


def demote(world: World) -> None:
    role = account_role_named(world.account, BuiltInAccountRole.SSO_ACCOUNT_ADMIN)
    add_person(world.account, "successor", BuiltInAccountRole.SSO_ACCOUNT_ADMIN)
    lifecycle.revoke_account_role(user=world.sso_admin, role=role, actor=OPERATOR, source=Source.MANUAL)


def change_address(world: World) -> None:
    give_address(world.sso_admin, "other@mail.example")


def close(world: World) -> None:
    type(world.account).objects.filter(pk=world.account.pk).update(closed_at=timezone.now())


@pytest.mark.parametrize(
    ("meanwhile", "code"),
    [
        (demote, "recovery.not_admin"),
        (
            lambda world: lifecycle.set_directory_active(user=world.sso_admin, actor=DIRECTORY, active=False),
            "recovery.not_able",
        ),
        (
            lambda world: lifecycle.disable_user(user=world.sso_admin, actor=OPERATOR),
            "recovery.not_able",
        ),
        (
            lambda world: lifecycle.delete_user(user=world.sso_admin, actor=OPERATOR),
            "recovery.not_able",
        ),
        (change_address, "recovery.address_changed"),
        (close, "recovery.account_closed"),
    ],
    ids=["demoted", "deactivated", "disabled", "deleted", "address changed", "account closed"],
)
def test_what_changed_since_the_mail_counts(
    acme: World, client: Client, meanwhile: Callable[[World], object], code: str
) -> None:
    # V-15
    ask(client)
    path = link_to(PRIVATE)
    open_link(client, path)
    meanwhile(acme)
    answer = client.post(ENTER)
    assert answer.status_code == 400
    assert "This link can't be used" in words(answer)
    assert not is_in(client)
    assert not UserSession.objects.exists()
    event = AuditEvent.objects.get(action="recovery.sign_in")
    assert (event.reason, event.account_id) == (code, acme.account.pk)


def test_fourth_request_for_an_address_within_an_hour_sends_nothing_and_looks_the_same(
    acme: World, client: Client
) -> None:
    # V-26
    shown = {words(ask(client)) for _ in range(4)}
    assert len(shown) == 1
    assert len(mails_to(PRIVATE)) == 3
    assert "link.too_many" in failures()
    unknown = {words(ask(client, "nobody@acme.example")) for _ in range(4)}
    assert unknown == shown
    with time_machine.travel(timezone.now() + timedelta(minutes=61)):
        ask(client)
        assert len(mails_to(PRIVATE)) == 4


def test_stranger_who_asks_for_somebody_else_keeps_no_link_from_them(acme: World, client: Client) -> None:
    # L-9, V-21: the share of one network is not the address's own; and no mailbox is flooded
    def ask_from(network: int) -> None:
        ask(Client(headers={"host": "localhost:8000"}, REMOTE_ADDR=f"203.0.{network}.7"))

    for _ in range(9):
        ask_from(113)
    deliver()
    mail.outbox.clear()
    ask(client)
    press(client, link_to(PRIVATE))
    assert is_in(client)
    mail.outbox.clear()
    for network in range(20):
        ask_from(network)
    assert len([message for message in mails_to(PRIVATE) if "http" in message.body]) == 12 - 3 - 1


def test_network_that_asks_too_often_is_told_to_wait_whatever_it_asks_for(
    acme: World, client: Client
) -> None:
    # V-21
    statuses = [ask(client, f"a{number}@nowhere.example").status_code for number in range(21)]
    assert statuses == [200] * 20 + [429]
    assert client.post("/password-reset/", {"email": "a@b.example"}).status_code == 429
    assert "attempt.too_many" in failures()
    elsewhere = Client(headers={"host": "localhost:8000"}, REMOTE_ADDR="203.0.113.77")
    assert ask(elsewhere).status_code == 200


@pytest.mark.parametrize("typed", ["", "no address", "a" * 250 + "@b.example", "a\x00@b.example"])
def test_what_is_no_address_is_asked_for_again(acme: World, client: Client, typed: str) -> None:
    assert ask(client, typed).status_code == 400
    assert not OutboxMessage.objects.filter(kind="recovery.asked").exists()


def test_link_works_once(acme: World, client: Client) -> None:
    # L-9
    ask(client)
    path = link_to(PRIVATE)
    other = client_of("localhost:8000")
    open_link(other, path)
    press(client, path)
    second = other.post(ENTER)
    assert second.status_code == 400
    assert "This link can't be used" in words(second)
    assert not is_in(other)
    assert failures() >= {"link.spent"}
    assert press(client_of("localhost:8000"), path).status_code == 400


def test_two_clicks_at_the_same_moment_open_one_session(
    acme: World, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    # L-9: the other click comes between reading the link and using it
    ask(client)
    path = link_to(PRIVATE)
    faster = client_of("localhost:8000")
    open_link(faster, path)
    open_link(client, path)
    real, rivals = mailed_links.find, [faster]

    def overtaken(plain: str, purpose: LinkPurpose) -> MailedLink:
        link = real(plain, purpose)
        if rivals:
            rivals.pop().post(ENTER)
        return link

    monkeypatch.setattr(mailed_links, "find", overtaken)
    assert client.post(ENTER).status_code == 400
    assert (is_in(faster), is_in(client)) == (True, False)
    assert failures() >= {"link.spent"}


def test_using_one_link_ends_the_others(acme: World, client: Client) -> None:
    ask(client)
    first = link_to(PRIVATE)
    ask(client)
    second = link_to(PRIVATE)
    assert first != second
    press(client, second)
    assert press(client_of("localhost:8000"), first).status_code == 400


def test_link_expires_after_fifteen_minutes(acme: World, client: Client) -> None:
    # L-9
    ask(client)
    path = link_to(PRIVATE)
    open_link(client, path)
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        answer = client.post(ENTER)
        assert answer.status_code == 400
        assert not is_in(client)
    assert "link.expired" in failures()


def test_button_needs_our_own_page(acme: World) -> None:
    # login CSRF
    ask(client_of("localhost:8000"))
    strict = Client(enforce_csrf_checks=True, headers={"host": "localhost:8000"})
    open_link(strict, link_to(PRIVATE))
    assert strict.post(ENTER).status_code == 403
    assert not is_in(strict)
