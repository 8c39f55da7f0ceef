"""A person's recovery address: set, confirmed, changed by them alone (V-15)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts import lifecycle
from accounts.lifecycle import PersonChanges
from accounts.models import Kind, MailedLink, User
from accounts.privilege import NotAllowed
from audit.actors import Actor, ActorKind
from audit.models import AuditEvent
from tests.conftest import client_of
from tests.journeys.conftest import Company
from tests.journeys.mailbox import deliver, link_to, mails_to, open_link, press, words
from tests.journeys.person_browser import PersonBrowser
from tests.journeys.person_browser import sign_in as sign_in_by_sso
from tests.journeys.recovery_world import reasons
from tests.journeys.seen import SAML
from tests.worlds import (
    OPERATOR,
    PASSWORD,
    World,
    add_vendor_person,
    found_account,
    sign_in,
)

PAGE = "/recovery-address/"
CONFIRM = "/recovery-address/confirm/"
PRIVATE = "private@mail.example"
HOURS_72 = timedelta(hours=72)


@pytest.fixture
def acme(db: None) -> World:
    world = found_account("acme")
    mail.outbox.clear()
    return world


@pytest.fixture
def boss(acme: World, client: Client) -> Client:
    """The browser of Acme's SSO account admin, just signed in."""
    sign_in(client, acme.sso_admin)
    return client


def set_address(browser: Client, address: str = PRIVATE) -> Any:
    browser.post(PAGE, {"address": address})
    return press(browser, link_to(address))


def asks_recovery(address: str = PRIVATE) -> list[Any]:
    """Ask for recovery access and return the mails with a link for it."""
    client_of("localhost:8000").post("/recovery-access/", {"email": "sso@acme.example"})
    return [message for message in mails_to(address) if "recovery link" in message.subject]


def test_admin_sets_an_address_which_rests_for_three_days(acme: World, boss: Client) -> None:
    # V-15
    assert PAGE in boss.get("/").text
    assert "You have no recovery address yet." in words(boss.get(PAGE))
    boss.post(PAGE, {"address": PRIVATE})
    acme.sso_admin.refresh_from_db()
    assert acme.sso_admin.recovery_email == ""  # nothing before it is confirmed
    path = link_to(PRIVATE)
    assert "as the recovery address of sso@acme.example" in words(open_link(boss, path))
    assert boss.post(CONFIRM).status_code == 302
    shown = words(boss.get(PAGE))
    assert PRIVATE in shown
    assert "can be used from" in shown
    assert not asks_recovery()
    assert "recovery.resting" in reasons()
    with time_machine.travel(timezone.now() + HOURS_72 - timedelta(minutes=5)):
        assert not asks_recovery()
    with time_machine.travel(timezone.now() + HOURS_72 + timedelta(minutes=1)):
        assert asks_recovery()


def test_change_tells_the_old_address_and_ends_what_was_mailed_there(acme: World, boss: Client) -> None:
    # V-15
    set_address(boss)
    old_link = None
    with time_machine.travel(timezone.now() + HOURS_72 + timedelta(minutes=1)):
        (message,) = asks_recovery()
        old_link = message.body
        sign_in_again = client_of("localhost:8000")
        sign_in(sign_in_again, acme.sso_admin)
        set_address(sign_in_again, "new@mail.example")
        told = mails_to(PRIVATE)[-1]
        assert "your recovery address was changed" in told.subject
        assert "n…@mail.example" in told.body
        assert "new@mail.example" not in told.body
        assert "your recovery address was changed" in mails_to("sso@acme.example")[-1].subject
        path = "/recovery-access/" + old_link.split("/recovery-access/")[1].split("/")[0] + "/"
        assert press(client_of("localhost:8000"), path).status_code == 400
        assert not asks_recovery("new@mail.example")
    event = AuditEvent.objects.filter(action="recovery_address.changed").latest("created_at")
    assert event.changes["recovery_email"] == ["p…@mail.example", "n…@mail.example"]


def test_session_older_than_a_quarter_of_an_hour_changes_nothing(acme: World, boss: Client) -> None:
    # V-15: re-authentication
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        assert "prove that it is you" in words(boss.get(PAGE))
        answer = boss.post(PAGE, {"address": PRIVATE})
        assert answer.status_code == 400
        assert boss.post(PAGE, {"do": "remove"}).status_code == 400
        deliver()
    assert not mail.outbox
    assert reasons() == {"recovery_address.not_fresh"}


def test_recovery_session_does_not_change_the_address(acme: World, boss: Client) -> None:
    # V-15: whoever holds the mailbox can't keep it for good
    set_address(boss)
    User.objects.filter(pk=acme.sso_admin.pk).update(
        recovery_email_changed_at=timezone.now() - timedelta(days=4)
    )
    boss.post(PAGE, {"address": "another@mail.example"})
    pending = link_to("another@mail.example")
    recovered = client_of("localhost:8000")
    recovered.post("/recovery-access/", {"email": "sso@acme.example"})
    press(recovered, link_to(PRIVATE))
    assert "can't be changed in a recovery session" in words(recovered.get(PAGE))
    assert recovered.post(PAGE, {"address": "thief@mail.example"}).status_code == 400
    assert recovered.post(PAGE, {"do": "remove"}).status_code == 400
    proving = recovered.post("/reauthenticate/", {"password": PASSWORD, "next": PAGE})
    assert proving.status_code == 403
    assert "can't be changed in a recovery session" in words(proving)
    assert "can't be changed in a recovery session" in words(recovered.get("/second-factor/"))
    assert recovered.post(PAGE, {"address": "thief@mail.example"}).status_code == 400
    assert press(recovered, pending).status_code == 400
    assert "recovery_address.in_recovery" in reasons()
    acme.sso_admin.refresh_from_db()
    assert acme.sso_admin.recovery_email == PRIVATE


def test_stranger_who_gets_the_link_by_a_typing_error_can_not_confirm_it(acme: World, boss: Client) -> None:
    # V-15
    boss.post(PAGE, {"address": PRIVATE})
    path = link_to(PRIVATE)
    stranger = client_of("localhost:8000")
    moved = open_link(stranger, path)
    assert moved.status_code == 302
    assert moved["Location"].startswith("/login/")
    assert stranger.post(CONFIRM).status_code == 302
    colleague = client_of("localhost:8000")
    sign_in(colleague, acme.admin)
    assert open_link(colleague, path).status_code == 400
    assert colleague.post(CONFIRM).status_code == 400
    assert "recovery_address.other_person" in reasons()
    assert not User.objects.exclude(recovery_email="").exists()
    press(boss, path)  # and nothing was used up
    acme.sso_admin.refresh_from_db()
    assert acme.sso_admin.recovery_email == PRIVATE


def test_address_is_confirmed_where_the_persons_session_is(acme: World) -> None:
    # V-7, V-15: an account with a host name of its own has its people's sessions there
    lifecycle.verify_host_name(account=acme.account, actor=OPERATOR, host="sso.acme.example")
    there = client_of("sso.acme.example:8000")
    sign_in(there, acme.sso_admin)
    there.post(PAGE, {"address": PRIVATE})
    path = link_to(PRIVATE, host="sso.acme.example:8000")
    assert press(there, path).status_code == 302
    acme.sso_admin.refresh_from_db()
    assert acme.sso_admin.recovery_email == PRIVATE
    # …and somebody who signed in for the admin is on the deployment's host, to which the link leads on
    here = client_of("localhost:8000")
    fields = {"user_name": acme.sso_admin.user_name, "password": PASSWORD, "next": "/admin/"}
    assert here.post("/login/acme/", fields)["Location"] == "/admin/"
    here.post(PAGE, {"address": "other@mail.example"})
    path = link_to("other@mail.example", host="sso.acme.example:8000")
    moved = client_of("sso.acme.example:8000").get(path)
    assert moved["Location"] == f"http://localhost:8000{path}"
    assert press(here, path).status_code == 302
    acme.sso_admin.refresh_from_db()
    assert acme.sso_admin.recovery_email == "other@mail.example"


def test_link_confirms_once_within_an_hour_and_only_the_newest(acme: World, boss: Client) -> None:
    boss.post(PAGE, {"address": "first@mail.example"})
    first = link_to("first@mail.example")
    boss.post(PAGE, {"address": PRIVATE})
    newest = link_to(PRIVATE)
    assert press(boss, first).status_code == 400
    with time_machine.travel(timezone.now() + timedelta(minutes=61)):
        assert press(boss, newest).status_code == 400
    assert press(boss, newest).status_code == 302
    assert press(boss, newest).status_code == 400
    assert reasons() == {"link.expired", "link.spent"}


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("sso@acme.example", "Use another address than your work e-mail."),
        ("SSO@Acme.example", "Use another address than your work e-mail."),
        ("no address", "Enter a valid e-mail address."),
        ("", "Enter an e-mail address."),
        ("a@b.example\nbcc: c@d.example", "Enter a valid e-mail address."),
    ],
)
def test_address_that_will_not_do_is_shown_again_with_the_reason(
    acme: World, boss: Client, address: str, said: str
) -> None:
    # V-15: a separate address
    answer = boss.post(PAGE, {"address": address})
    assert answer.status_code == 400
    assert said in words(answer)
    assert not MailedLink.objects.exists()


def test_person_with_a_password_only_may_use_their_one_mailbox(acme: World, client: Client) -> None:
    # A-9, V-15
    sign_in(client, acme.employee)
    assert client.post(PAGE, {"address": "emma@acme.example"}).status_code == 302


def test_sixth_mail_within_an_hour_is_not_sent(acme: World, boss: Client) -> None:
    for number in range(5):
        assert boss.post(PAGE, {"address": f"a{number}@mail.example"}).status_code == 302
    answer = boss.post(PAGE, {"address": PRIVATE})
    assert answer.status_code == 400
    assert "Wait an hour" in words(answer)
    assert "recovery_address.too_many" in reasons()


def test_person_removes_their_address_and_is_told(acme: World, boss: Client) -> None:
    set_address(boss)
    boss.post(PAGE, {"do": "remove"})
    acme.sso_admin.refresh_from_db()
    assert (acme.sso_admin.recovery_email, acme.sso_admin.recovery_email_confirmed_at) == ("", None)
    assert "was removed" in mails_to(PRIVATE)[-1].body
    assert not asks_recovery()


def test_nobody_else_writes_it(acme: World) -> None:
    # V-8, V-15
    directory = Actor(ActorKind.SCIM, "", "a directory")
    admin = Actor(ActorKind.USER, str(acme.sso_admin.pk), acme.sso_admin.user_name)
    for actor in (directory, admin, OPERATOR):
        with pytest.raises(NotAllowed):
            lifecycle.ask_for_recovery_address(user=acme.admin, actor=actor, address=PRIVATE)
        with pytest.raises(NotAllowed):
            lifecycle.remove_recovery_address(user=acme.admin, actor=actor)
    assert not {name for name in PersonChanges.__dataclass_fields__ if "recovery" in name}


def test_page_is_for_those_whom_it_helps(
    make_company: Callable[..., Company], browser: PersonBrowser, client: Client
) -> None:
    make_company()
    sign_in_by_sso(browser, SAML)
    assert browser.me()["user_name"] == "mia@acme.example"
    assert PAGE not in browser.open("/").text
    assert browser.open(PAGE).status == 404
    assert browser.post(PAGE, {"address": PRIVATE}).status == 404
    sign_in(client, add_vendor_person("olga", Kind.OPERATOR))
    assert client.get(PAGE).status_code == 200
