"""An SSO account admin gets back in past single sign-on, and nobody else does (L-9, V-15, V-24, V-26)."""

from __future__ import annotations

import io
import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts import lifecycle
from accounts.models import (
    Account,
    BuiltInAccountRole,
    Kind,
    SsoPolicy,
    User,
    UserSession,
)
from audit.actors import Actor, ActorKind
from audit.models import AuditEvent, FailureLogEntry
from foundation.models import OutboxMessage
from tests.conftest import client_of
from tests.console.admin_pages import page as page_of
from tests.journeys.authenticator_app import with_app
from tests.journeys.mailbox import deliver, link_to, mails_to, open_link, press, words
from tests.journeys.person_browser import PersonBrowser
from tests.journeys.recovery_world import (
    ENTER,
    PRIVATE,
    ask,
    found_acme,
    give_address,
    is_in,
)
from tests.worlds import OPERATOR, World, add_person, add_vendor_person, found_account, sign_in

DIRECTORY = Actor(ActorKind.SCIM, "", "a directory")


@pytest.fixture
def acme(db: None) -> World:
    return found_acme()


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
    assert "by recovery access" in words(client.get("/"))
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


def test_second_factor_comes_before_the_session(acme: World, client: Client, browser: PersonBrowser) -> None:
    # V-15: whoever has a second factor proves it after the link, and no session is open before
    account = Account.objects.filter(pk=acme.account.pk)
    account.update(sso_policy=SsoPolicy.OPTIONAL)
    _, codes = with_app(browser, "sso@acme.example")
    account.update(sso_policy=SsoPolicy.MANDATORY)
    ask(client)
    step = press(client, link_to(PRIVATE)).headers["Location"]
    assert step.startswith("/second-step/")
    assert not is_in(client)
    assert not AuditEvent.objects.filter(action="recovery.signed_in").exists()
    client.post(step, {"code": "AAAA-AAAA-AAAA-AAAA"})
    assert not is_in(client)
    assert client.post(step, {"code": codes[0]}).headers["Location"] == "/admin/"
    assert is_in(client)
    assert UserSession.objects.get(in_recovery=True).context == "mfa:recovery_code"


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


def test_second_factor_is_asked_for_in_a_browser_that_held_another_session_too(
    acme: World, client: Client, browser: PersonBrowser
) -> None:
    # V-15, V-19: the click said so, and the session before it is over
    account = Account.objects.filter(pk=acme.account.pk)
    account.update(sso_policy=SsoPolicy.OPTIONAL)
    _, codes = with_app(browser, "sso@acme.example")
    account.update(sso_policy=SsoPolicy.MANDATORY)
    sign_in(client, found_account("globex").employee)
    ask(client)
    step = press(client, link_to(PRIVATE)).headers["Location"]
    assert not is_in(client)
    assert client.post(step, {"code": codes[0]}).headers["Location"] == "/admin/"
    assert client.get("/api/me").json()["user_name"] == "sso@acme.example"
    before = UserSession.objects.get(user__user_name="emma@globex.example")
    assert before.end_reason == "replaced"
