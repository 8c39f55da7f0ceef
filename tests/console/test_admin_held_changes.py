"""What a directory wants to change on an admin, decided by an SSO account admin with a click (V-8)."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts import lifecycle
from accounts.models import BuiltInAccountRole, HeldChange, User
from accounts.sources import Source
from audit.actors import Actor, ActorKind
from audit.models import AuditEvent
from foundation import outbox
from tests.console.admin_pages import address_of, page, words
from tests.scim.directory import Directory, error_of
from tests.worlds import OPERATOR, World, add_person, found_account

Browse = Callable[[User], Client]

WANTED = {"op": "replace", "path": 'emails[type eq "work"].value', "value": "new@acme.example"}


@pytest.fixture
def directory(acme: World) -> Directory:
    row, token = lifecycle.create_api_token(account=acme.account, actor=OPERATOR, name="Acme Entra")
    return Directory(acme.account, token, row)


def ask(directory: Directory, person: User, **fields: str) -> Any:
    """Let the directory ask for another address, or for what ``fields`` say; return its answer."""
    operations = [{"op": "replace", "value": fields}] if fields else [WANTED]
    return directory.patch(f"/Users/{person.pk}", *operations)


def waiting(person: User) -> HeldChange:
    return HeldChange.objects.get(user=person, decided_at=None)


def sent_to(address: str) -> list[str]:
    """Send what waits in the outbox and return the subjects of the mails to an address."""
    outbox.drain()
    return [message.subject for message in mail.outbox if message.to == [address]]


def test_approved_change_is_what_the_directory_reads_and_its_next_request_passes(
    acme: World, directory: Directory, browse: Browse
) -> None:
    # V-8
    assert ask(directory, acme.admin).status_code == 403
    held = waiting(acme.admin)
    browser = browse(acme.sso_admin)

    question = browser.get(page(HeldChange, "approve", held.pk))
    assert "admin@acme.example new@acme.example" in words(question)
    assert HeldChange.objects.get(pk=held.pk).decided_at is None  # asking changes nothing
    answer = browser.post(page(HeldChange, "approve", held.pk), follow=True)

    assert "Approved. The directory reads the new values now." in words(answer)
    shown = directory.read(f"/Users/{acme.admin.pk}")
    assert [entry["value"] for entry in shown["emails"]] == ["new@acme.example"]
    assert directory.find('emails.value eq "new@acme.example"') == ["admin@acme.example"]
    assert ask(directory, acme.admin).status_code == 200
    assert not HeldChange.objects.filter(decided_at=None).exists()
    event = AuditEvent.objects.get(action="held_change.approved")
    assert event.actor_id == str(acme.sso_admin.pk)
    assert "Acme Entra asked for" in event.message
    assert event.changes == {"email": ["admin@acme.example", "new@acme.example"]}


def test_person_hears_of_it_at_the_old_address_and_stays_signed_in(
    acme: World, directory: Directory, browse: Browse
) -> None:
    # V-8
    admins_own = browse(acme.admin)
    ask(directory, acme.admin)
    browse(acme.sso_admin).post(page(HeldChange, "approve", waiting(acme.admin).pk))
    assert sent_to("admin@acme.example") == ["Your email was changed"]
    assert sent_to("new@acme.example") == []
    assert admins_own.get("/api/me").json()["email"] == "new@acme.example"


def test_sso_account_admins_are_told_once_however_often_the_directory_asks(
    acme: World, globex: World, directory: Directory
) -> None:
    # V-8
    for _ in range(3):
        ask(directory, acme.admin)
    ask(directory, acme.admin, userName="renamed")
    assert sent_to("sso@acme.example") == ["Acme: a change to admin@acme.example waits for approval"]
    assert sent_to("admin@acme.example") == sent_to("sso@globex.example") == []
    body = mail.outbox[-1].body
    assert "SCIM token Acme Entra asked to change email of admin@acme.example" in body


def test_changes_asked_for_one_by_one_wait_as_one(acme: World, directory: Directory, browse: Browse) -> None:
    # V-8: some directories send an operation for each attribute
    for _ in range(2):
        ask(directory, acme.admin)
        ask(directory, acme.admin, userName="renamed")
    assert HeldChange.objects.filter(user=acme.admin).count() == 2
    browse(acme.sso_admin).post(page(HeldChange, "approve", waiting(acme.admin).pk))
    shown = directory.read(f"/Users/{acme.admin.pk}")
    assert (shown["userName"], shown["emails"][0]["value"]) == ("renamed", "new@acme.example")


@pytest.mark.parametrize("choice", ["approve", "decline"])
def test_account_admin_without_the_sso_role_sees_it_but_decides_nothing(
    acme: World, directory: Directory, browse: Browse, choice: str
) -> None:
    # V-8
    ask(directory, acme.admin)
    browser = browse(acme.admin)
    held = waiting(acme.admin)
    shown = browser.get(address_of(held))
    assert "new@acme.example" in words(shown)
    assert page(HeldChange, choice, held.pk) not in shown.text
    assert browser.post(page(HeldChange, choice, held.pk)).status_code == 403
    assert waiting(acme.admin) == held


def test_sso_account_admin_of_another_account_does_not_find_it(
    acme: World, globex: World, directory: Directory, browse: Browse
) -> None:
    # V-8, A-1
    ask(directory, acme.admin)
    held = waiting(acme.admin)
    assert browse(globex.sso_admin).post(page(HeldChange, "approve", held.pk)).status_code == 404
    assert waiting(acme.admin) == held


def test_operator_may_decide(acme: World, directory: Directory, browse: Browse, operator: User) -> None:
    # V-8
    ask(directory, acme.sso_admin, externalId="e-1")
    browse(operator).post(page(HeldChange, "approve", waiting(acme.sso_admin).pk))
    assert directory.read(f"/Users/{acme.sso_admin.pk}")["externalId"] == "e-1"


def test_sso_account_admin_may_approve_their_own_change_as_they_may_type_it(
    acme: World, directory: Directory, browse: Browse
) -> None:
    # V-8: nobody stands above them in the account
    ask(directory, acme.sso_admin)
    browse(acme.sso_admin).post(page(HeldChange, "approve", waiting(acme.sso_admin).pk))
    assert directory.person({"id": acme.sso_admin.pk}).email == "new@acme.example"
    assert sent_to("sso@acme.example")[-1] == "Your email was changed"


def test_declined_change_is_not_made_and_not_asked_again_for_a_week(
    acme: World, directory: Directory, browse: Browse
) -> None:
    # V-8: directories retry every half hour
    ask(directory, acme.admin)
    held = waiting(acme.admin)
    done = browse(acme.sso_admin).post(page(HeldChange, "decline", held.pk), follow=True)
    assert "Declined. Nothing was changed." in words(done)
    assert directory.read(f"/Users/{acme.admin.pk}")["emails"][0]["value"] == "admin@acme.example"

    again = ask(directory, acme.admin)
    assert again.status_code == 403
    assert "declined" in error_of(again)["detail"]
    assert not HeldChange.objects.filter(decided_at=None).exists()
    assert len(sent_to("sso@acme.example")) == 1
    assert AuditEvent.objects.get(action="held_change.declined").actor_id == str(acme.sso_admin.pk)

    with time_machine.travel(timezone.now() + timedelta(days=8)):
        assert "approval" in error_of(ask(directory, acme.admin))["detail"]
        assert waiting(acme.admin).changes == held.changes
        assert len(sent_to("sso@acme.example")) == 2


def test_another_wish_after_a_declined_one_is_asked(
    acme: World, directory: Directory, browse: Browse
) -> None:
    # V-8
    ask(directory, acme.admin)
    browse(acme.sso_admin).post(page(HeldChange, "decline", waiting(acme.admin).pk))
    assert "approval" in error_of(ask(directory, acme.admin, userName="renamed"))["detail"]
    assert list(waiting(acme.admin).changes) == ["user_name"]


def test_decided_change_is_not_decided_again(acme: World, directory: Directory, browse: Browse) -> None:
    # V-8
    ask(directory, acme.admin)
    held = waiting(acme.admin)
    browser = browse(acme.sso_admin)
    browser.post(page(HeldChange, "decline", held.pk))
    assert browser.post(page(HeldChange, "approve", held.pk)).status_code == 403
    with pytest.raises(lifecycle.AlreadyDecided):  # the same by an entrance without buttons
        lifecycle.approve_held_change(held=held, actor=OPERATOR)
    assert directory.person({"id": acme.admin.pk}).email == "admin@acme.example"


def test_change_from_a_value_that_is_gone_is_refused_and_says_so(
    acme: World, directory: Directory, browse: Browse
) -> None:
    # V-8
    ask(directory, acme.admin)
    browser = browse(acme.sso_admin)
    held = waiting(acme.admin)
    typed = lifecycle.PersonChanges(email="typed@acme.example")
    lifecycle.update_user(user=acme.admin, actor=OPERATOR, values=typed)
    told = words(browser.post(page(HeldChange, "approve", held.pk), follow=True))
    assert "email of admin@acme.example changed since this was asked for" in told
    assert waiting(acme.admin) == held
    assert directory.person({"id": acme.admin.pk}).email == "typed@acme.example"
    assert AuditEvent.objects.filter(reason="held_change.stale").exists()

    ask(directory, acme.admin)  # what the directory still wants, it asks from the new value
    browser.post(page(HeldChange, "approve", waiting(acme.admin).pk))
    assert directory.person({"id": acme.admin.pk}).email == "new@acme.example"


def test_user_name_that_somebody_else_took_meanwhile_is_refused_and_says_so(
    acme: World, directory: Directory, browse: Browse
) -> None:
    # V-8, rule 12
    ask(directory, acme.admin, userName="Quick@acme.example")
    add_person(acme.account, "quick")
    browser = browse(acme.sso_admin)
    told = words(browser.post(page(HeldChange, "approve", waiting(acme.admin).pk), follow=True))
    assert "is already in use in this account" in told
    assert waiting(acme.admin).changes["user_name"] == ["admin@acme.example", "Quick@acme.example"]
    assert directory.person({"id": acme.admin.pk}).user_name == "admin@acme.example"


def test_deleting_the_person_ends_what_waited(acme: World, directory: Directory, browse: Browse) -> None:
    # V-13
    ask(directory, acme.admin)
    held = waiting(acme.admin)
    assert directory.delete(f"/Users/{acme.admin.pk}").status_code == 204
    browser = browse(acme.sso_admin)
    assert browser.post(page(HeldChange, "approve", held.pk)).status_code == 403
    assert "not taken" in words(browser.get(address_of(held)))


def test_operators_are_told_when_no_sso_account_admin_could_come(
    acme: World, directory: Directory, operator: User
) -> None:
    # V-8, V-14
    off = {"op": "replace", "path": "active", "value": False}
    assert directory.patch(f"/Users/{acme.sso_admin.pk}", off).status_code == 200
    ask(directory, acme.admin)
    subject = "Acme: a change to admin@acme.example waits for approval"
    assert subject in sent_to("olga@vendor.example")
    assert subject not in sent_to("sso@acme.example")


def test_somebody_no_longer_an_admin_is_changed_at_once(acme: World, directory: Directory) -> None:
    # V-8
    second = add_person(acme.account, "second", BuiltInAccountRole.ACCOUNT_ADMIN)
    assert ask(directory, second).status_code == 403
    membership = second.account_role_memberships.get()
    lifecycle.revoke_account_role(user=second, role=membership.role, actor=OPERATOR, source=Source.MANUAL)
    answer = ask(directory, second)
    assert answer.status_code == 200
    assert json.loads(answer.content)["emails"][0]["value"] == "new@acme.example"


@pytest.mark.django_db(transaction=True)
def test_two_admins_who_decide_at_the_same_moment_decide_once() -> None:
    # V-8
    acme = found_account("acme")
    wish = lifecycle.PersonChanges(email="new@acme.example")
    with pytest.raises(lifecycle.ChangeHeld):
        lifecycle.update_user(user=acme.admin, actor=Actor(ActorKind.SCIM, "", "Entra"), values=wish)
    together = Barrier(2)

    def decide(function: Callable[..., object]) -> str:
        try:
            held = waiting(acme.admin)
            together.wait(timeout=20)
            function(held=held, actor=OPERATOR)
        except lifecycle.AlreadyDecided as refusal:
            return refusal.code
        finally:
            connection.close()
        return function.__name__

    with ThreadPoolExecutor(2) as pool:
        choices = [lifecycle.approve_held_change, lifecycle.decline_held_change]
        outcomes = set(pool.map(decide, choices))
    row = HeldChange.objects.get(user=acme.admin)
    chosen = "approve_held_change" if row.approved else "decline_held_change"
    assert outcomes == {chosen, "held_change.decided"}
    acme.admin.refresh_from_db()
    assert acme.admin.email == ("new@acme.example" if row.approved else "admin@acme.example")
