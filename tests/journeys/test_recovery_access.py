"""An SSO account admin gets back in past single sign-on, and nobody else does (L-9, V-15, V-24, V-26)."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import lifecycle
from accounts.lifecycle import mailed_links
from accounts.lifecycle.roles import account_role_named
from accounts.models import (
    Account,
    BuiltInAccountRole,
    Kind,
    LinkPurpose,
    MailedLink,
    SsoPolicy,
    User,
    UserSession,
)
from accounts.sources import Source
from audit.actors import Actor, ActorKind
from audit.models import AuditEvent, FailureLogEntry
from foundation.models import OutboxMessage
from sso import second_step
from tests.conftest import client_of
from tests.console.admin_pages import page as page_of
from tests.journeys.mailbox import deliver, link_to, mails_to, open_link, press, words
from tests.worlds import OPERATOR, World, add_person, add_vendor_person, found_account, sign_in

ASK = "/recovery-access/"
ENTER = "/recovery-access/enter/"
PRIVATE = "sso.private@mail.example"
DIRECTORY = Actor(ActorKind.SCIM, "", "a directory")


@pytest.fixture
def acme(db: None) -> World:
    """Acme, where single sign-on is mandatory and the SSO account admin has a rested recovery address."""
    world = found_account("acme")
    give_address(world.sso_admin, PRIVATE)
    lifecycle.update_account(
        account=world.account, actor=OPERATOR, values={"sso_policy": SsoPolicy.MANDATORY}
    )
    mail.outbox.clear()
    return world


def give_address(user: User, address: str) -> None:
    """Let a person have confirmed an address four days ago; how is told in test_recovery_address."""
    then = timezone.now() - timedelta(days=4)
    User.objects.filter(pk=user.pk).update(
        recovery_email=address, recovery_email_confirmed_at=then, recovery_email_changed_at=then
    )
    user.refresh_from_db()


def ask(client: Client, address: str = "sso@acme.example") -> Any:
    return client.post(ASK, {"email": address})


def is_in(browser: Client) -> bool:
    return browser.get("/api/me").status_code == 200


def failures() -> set[str]:
    return set(FailureLogEntry.objects.values_list("code", flat=True))


def refusals() -> set[str]:
    return set(AuditEvent.objects.exclude(reason="").values_list("reason", flat=True))


def test_admin_gets_back_in_past_mandatory_single_sign_on(acme: World, client: Client) -> None:
    # L-9, L-3, V-15
    assert client.post("/login/acme/", {"user_name": "sso@acme.example", "password": "x"}).status_code == 400
    assert "on its way" in words(ask(client, "SSO@acme.example "))
    path = link_to(PRIVATE)
    assert not mails_to("sso@acme.example")  # the address that a claim may write gets no link
    page = open_link(client, path)
    assert "Sign in to Acme as sso@acme.example" in words(page)
    assert not is_in(client)
    landed = client.post(ENTER)
    assert (landed.status_code, landed["Location"]) == (302, "/admin/")
    assert client.get("/admin/").status_code == 200
    assert client.get("/api/me").json()["session"]["identity_provider"] is None
    assert "Recovery access" in words(client.get("/"))
    session = UserSession.objects.get()
    assert session.in_recovery
    assert timedelta(minutes=59) < session.expires_at - session.created_at <= timedelta(hours=1)
    assert AuditEvent.objects.get(action="recovery.signed_in").account_id == acme.account.pk
    assert PRIVATE not in str(list(AuditEvent.objects.values()))


def test_session_of_a_recovery_ends_after_an_hour(acme: World, client: Client) -> None:
    # V-15
    ask(client)
    press(client, link_to(PRIVATE))
    with time_machine.travel(timezone.now() + timedelta(minutes=61)):
        assert not is_in(client)


def test_what_is_changed_in_a_recovery_session_is_marked(acme: World, client: Client) -> None:
    # V-15
    ask(client)
    press(client, link_to(PRIVATE))
    client.post(page_of(Account, "allow_passwords", acme.account.pk))
    acme.account.refresh_from_db()
    assert acme.account.sso_policy == SsoPolicy.OPTIONAL
    changed = AuditEvent.objects.filter(action="account.updated").latest("created_at")
    assert changed.actor_label == "sso@acme.example (made in recovery)"
    other = client_of("localhost:8000")
    sign_in(other, acme.admin)
    other.post("/personal-tokens/", {"name": "x", "days": "7"})
    made = AuditEvent.objects.get(action="personal_token.created")
    assert made.actor_label == "admin@acme.example"


def test_other_sso_admins_are_told_when_a_link_is_asked_for_and_used(acme: World, client: Client) -> None:
    # L-9
    add_person(acme.account, "second", BuiltInAccountRole.SSO_ACCOUNT_ADMIN)
    ask(client)
    (asked,) = mails_to("second@acme.example")
    assert "recovery access was asked for in Acme" in asked.subject
    press(client, link_to(PRIVATE))
    told = mails_to("second@acme.example")
    assert "recovery access was used in Acme" in told[-1].subject
    assert "sso@acme.example signed in to Acme" in told[-1].body
    assert "http" not in told[-1].body
    assert mails_to("sso@acme.example")  # the person too, where their work mail is read
    assert not mails_to("admin@acme.example")  # account admins without the role aren't


def test_operators_are_told_where_there_is_no_other_sso_admin(acme: World, client: Client) -> None:
    # L-9
    add_vendor_person("olga", Kind.OPERATOR)
    ask(client)
    press(client, link_to(PRIVATE))
    assert [message.subject for message in mails_to("olga@vendor.example")] == [
        "Identity Broker: recovery access was asked for in Acme",
        "Identity Broker: recovery access was used in Acme",
    ]


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


def test_mail_scanner_that_opens_the_link_uses_nothing_up(acme: World, client: Client) -> None:
    # L-9
    ask(client)
    path = link_to(PRIVATE)
    scanner = client_of("localhost:8000")
    for _ in range(3):
        assert open_link(scanner, path).status_code == 200
        assert scanner.head(path).status_code == 303
    assert not is_in(scanner)
    bare = client_of("localhost:8000")
    bare.get(path)
    bare.cookies.clear()
    assert bare.get(ENTER).status_code == 400
    press(client, path)
    assert is_in(client)


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


def test_second_factor_comes_before_the_session(
    acme: World, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    # V-15: whatever answers in the place of the second step, no session is open yet
    monkeypatch.setattr(second_step, "ask", lambda request, user, then: HttpResponse(f"code for {then}?"))
    ask(client)
    assert press(client, link_to(PRIVATE)).text == "code for recovery?"
    assert not is_in(client)
    assert not AuditEvent.objects.filter(action="recovery.signed_in").exists()


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


def test_admin_of_another_account_with_the_same_name_gets_a_link_to_their_own_only(
    acme: World, client: Client
) -> None:
    # design rule 4
    globex = found_account("globex")
    lifecycle.update_user(
        user=globex.sso_admin,
        actor=OPERATOR,
        values=lifecycle.PersonChanges(user_name="sso@acme.example", email="sso@acme.example"),
    )
    give_address(globex.sso_admin, "gina@mail.example")
    ask(client)
    there = client_of("localhost:8000")
    press(there, link_to("gina@mail.example"))
    assert there.get("/api/me").json()["account"]["slug"] == "globex"
    press(client, link_to(PRIVATE))
    assert client.get("/api/me").json()["account"]["slug"] == "acme"


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


def test_browser_of_somebody_else_is_asked_before_it_is_taken_over(acme: World, client: Client) -> None:
    # V-19
    globex = found_account("globex")
    sign_in(client, globex.employee)
    ask(client)
    page = open_link(client, link_to(PRIVATE))
    assert "You are emma@globex.example here; continue as sso@acme.example in Acme" in words(page)
    assert client.get("/api/me").json()["user_name"] == "emma@globex.example"
    client.post(ENTER)
    assert client.get("/api/me").json()["user_name"] == "sso@acme.example"


def test_link_signs_in_on_the_deployments_host_alone(acme: World, client: Client) -> None:
    # V-7
    globex = found_account("globex")
    lifecycle.verify_host_name(account=globex.account, actor=OPERATOR, host="sso.globex.example")
    ask(client)
    path = link_to(PRIVATE)
    there = client_of("sso.globex.example:8000")
    moved = there.get(path)
    assert moved["Location"].startswith("http://localhost:8000/recovery-access/")
    there.cookies["broker-link"] = path.split("/")[2]
    assert there.post(ENTER).status_code == 400
    assert not is_in(there)
    press(client, path)
    assert is_in(client)


def test_button_needs_our_own_page(acme: World) -> None:
    # login CSRF
    ask(client_of("localhost:8000"))
    strict = Client(enforce_csrf_checks=True, headers={"host": "localhost:8000"})
    open_link(strict, link_to(PRIVATE))
    assert strict.post(ENTER).status_code == 403
    assert not is_in(strict)


def test_token_is_in_the_mail_and_nowhere_else(acme: World, client: Client, lines: io.StringIO) -> None:
    # V-24, design rule 8
    ask(client)
    path = link_to(PRIVATE)
    token = path.split("/")[2]
    press(client, path)
    kept = [*OutboxMessage.objects.values(), *AuditEvent.objects.values(), *FailureLogEntry.objects.values()]
    assert token not in str(kept)
    client.get(path + "typo/")
    assert token not in lines.getvalue()


def test_recovery_session_is_no_proof_of_a_password(acme: World, client: Client) -> None:
    # V-3: "connect SSO" takes a fresh password
    ask(client)
    press(client, link_to(PRIVATE))
    from sso import connecting
    from sso.models import FederatedIdentity

    request: Any = client.get("/").wsgi_request
    assert not connecting.is_fresh(request)
    assert not FederatedIdentity.objects.exists()


def test_mail_that_is_tried_again_carries_a_link_that_works(
    acme: World, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from foundation import mail as our_mail

    real, tries = our_mail.deliver, []

    def fail_once(**message: str) -> None:
        tries.append(message)
        if len(tries) == 1:
            raise OSError("the mail server is away")
        real(**message)

    monkeypatch.setattr(our_mail, "deliver", fail_once)
    ask(client)
    deliver()
    OutboxMessage.objects.filter(done_at=None).update(due_at=timezone.now())
    press(client, link_to(PRIVATE))
    assert is_in(client)


def test_without_a_mail_server_the_mail_is_a_file_whose_path_is_printed(
    acme: World, client: Client, settings: Any, tmp_path: Path, lines: io.StringIO
) -> None:
    # the embedded default
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path)
    ask(client)
    deliver()
    printed = [json.loads(line) for line in lines.getvalue().splitlines() if "mail_written" in line]
    (written,) = [Path(each["file"]) for each in printed if PRIVATE in Path(each["file"]).read_text("utf-8")]
    (path,) = re.findall(r"http://localhost:8000(/recovery-access/\S+)", written.read_text("utf-8"))
    assert written.parent == tmp_path
    assert path.split("/")[2] not in lines.getvalue()
    press(client, path)
    assert is_in(client)


def test_mail_speaks_the_persons_language(acme: World, client: Client) -> None:
    #
    User.objects.filter(pk=acme.sso_admin.pk).update(language="de")
    ask(client)
    (message,) = mails_to(PRIVATE)
    assert "Link zum Wiederherstellen" in message.subject
