"""A directory removes many people at once, and what they had waits for an admin's click (P-13)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts import lifecycle
from accounts.lifecycle.roles import account_role_named
from accounts.models import BuiltInAccountRole, Departure, EndReason, Status, User, UserSession
from accounts.sources import Source
from accounts.tasks import purge_departures
from audit.models import AuditEvent
from foundation import outbox
from spaces import access
from spaces.effective_access import effective_access
from sso.models import FederatedIdentity
from tests.console.admin_pages import page, save
from tests.journeys.invitations import browse, words
from tests.scim.directory import Directory, error_of
from tests.worlds import OPERATOR, World, add_identity, add_session, found_account

OFF = {"op": "replace", "path": "active", "value": False}


@pytest.fixture
def acme(db: None) -> World:
    return found_account("acme")


@pytest.fixture
def directory(acme: World) -> Directory:
    row, token = lifecycle.create_api_token(account=acme.account, actor=OPERATOR, name="acme directory")
    return Directory(acme.account, token, row)


@pytest.fixture
def admin(acme: World) -> Client:
    """The account admin's browser."""
    return browse(acme.admin)


@pytest.fixture
def watched(acme: World, admin: Client) -> None:
    """The admin sets: wait when more than two leave within an hour."""
    save(admin, page("accounts.account", "change", acme.account.pk), hold_above_number="2")


@pytest.fixture
def people(acme: World, directory: Directory) -> list[Any]:
    """Five people of the directory, in a space by hand and in a pushed group."""
    pushed = [directory.push(f"p{n}", externalId=f"e{n}", title="Analyst") for n in range(5)]
    directory.push_group("Analysts", members=[{"value": each["id"]} for each in pushed])
    for each in pushed:
        user = directory.person(each)
        add_identity(user, acme.provider)
        access.grant_space_role(
            user=user, space=acme.space, role=acme.space_role, actor=OPERATOR, source=Source.MANUAL
        )
    return pushed


def delete(directory: Directory, *people: Any) -> None:
    for each in people:
        assert directory.delete(f"/Users/{each['id']}").status_code == 204


def held(person: Any) -> Departure:
    return Departure.objects.get(user=person["id"], held=True)


def has(directory: Directory, person: Any) -> tuple[list[str], list[str]]:
    """Return the space roles and groups of a person."""
    found = effective_access(directory.person(person))
    roles = [f"{space.name}: {role.name}" for space in found.spaces for role in space.roles]
    return roles, [group.name for group in found.groups]


ALL = (["Acme Lab: Acme Developer"], ["Analysts"])
NOTHING: tuple[list[str], list[str]] = ([], [])


def test_nothing_waits_where_nobody_asked_for_it(directory: Directory, people: list[Any]) -> None:
    # P-13: off by default
    delete(directory, *people)
    assert not Departure.objects.exists()
    assert has(directory, people[4]) == NOTHING


@pytest.mark.usefixtures("watched")
def test_beyond_the_number_deletions_wait_and_the_people_are_out_at_once(
    acme: World, directory: Directory, people: list[Any]
) -> None:
    # P-13, L-13
    session = add_session(directory.person(people[2]))
    delete(directory, *people[:3])
    assert [has(directory, each) for each in people[:2]] == [NOTHING, NOTHING]
    assert not Departure.objects.filter(user__in=[each["id"] for each in people[:2]], held=True).exists()
    assert has(directory, people[2])[0] == ALL[0]
    person = directory.person(people[2])
    assert person.status is Status.DELETED
    assert not person.can_sign_in
    session.refresh_from_db()
    assert session.end_reason == EndReason.STATUS
    assert not FederatedIdentity.objects.filter(user=person, closed_at=None).exists()
    assert AuditEvent.objects.filter(object_id=people[2]["id"], action="departure.held").exists()


@pytest.mark.usefixtures("watched")
def test_directory_gets_its_usual_answers(directory: Directory, people: list[Any]) -> None:
    # P-13, P-5
    delete(directory, *people[:3])
    gone = f"/Users/{people[2]['id']}"
    for response in (directory.get(gone), directory.delete(gone), directory.patch(gone, OFF)):
        assert error_of(response)["status"] == "404"
    assert directory.find('userName eq "p2"') == []
    assert directory.read("/Users")["totalResults"] == User.objects.present().count()
    (group,) = directory.listed("/Groups", filter='displayName eq "Analysts"')["Resources"]
    members = {each["value"] for each in directory.read(f"/Groups/{group['id']}")["members"]}
    assert members == {people[3]["id"], people[4]["id"]}


@pytest.mark.usefixtures("watched")
def test_admins_are_told_once(acme: World, directory: Directory, people: list[Any]) -> None:
    # P-13
    delete(directory, *people)
    outbox.drain()
    told = [each.to for each in mail.outbox if "many people are being removed" in str(each.subject)]
    assert sorted(told) == [["admin@acme.example"], ["sso@acme.example"]]
    assert Departure.objects.filter(held=True).count() == 3


@pytest.mark.usefixtures("watched")
def test_admin_sees_what_waits_and_restores_everything(
    acme: World, directory: Directory, people: list[Any], admin: Client
) -> None:
    # P-13
    delete(directory, *people[:3])
    row = held(people[2])
    assert "p2 deletion waiting SCIM token acme directory" in words(admin.get(page(Departure, "changelist")))
    asked = words(admin.get(page(Departure, "restore", row.pk)))
    assert "Role: Acme Lab: Acme Developer" in asked
    assert "Groups of the directory: 1" in asked
    assert "Restored." in words(admin.post(page(Departure, "restore", row.pk), follow=True))
    person = directory.person(people[2])
    assert person.can_sign_in
    assert has(directory, people[2]) == ALL
    assert FederatedIdentity.objects.filter(user=person, closed_at=None).count() == 1
    shown = directory.read(f"/Users/{people[2]['id']}")
    assert (shown["active"], shown["title"], shown["externalId"]) == (True, "Analyst", "e2")
    assert AuditEvent.objects.get(action="departure.restored").actor_id == str(acme.admin.pk)
    assert admin.post(page(Departure, "carry_out", row.pk)).status_code == 403


@pytest.mark.usefixtures("watched")
def test_admin_carries_several_out_at_once(directory: Directory, people: list[Any], admin: Client) -> None:
    # P-13
    delete(directory, *people)
    rows = [str(held(each).pk) for each in people[2:]]
    told = admin.post(
        page(Departure, "changelist"),
        {"action": "carry_out_selected", "_selected_action": rows},
        follow=True,
    )
    assert "Carried out: 3 rows." in words(told)
    assert [has(directory, each) for each in people[2:]] == [NOTHING] * 3
    assert not Departure.objects.filter(held=True, decided_at=None).exists()
    assert AuditEvent.objects.filter(action="departure.carried_out").count() == 3


@pytest.mark.usefixtures("watched")
def test_deactivation_counts_and_keeps_what_people_have_anyway(
    directory: Directory, people: list[Any]
) -> None:
    # P-13, P-5
    for each in people[:3]:
        directory.patch(f"/Users/{each['id']}", OFF)
    assert not Departure.objects.filter(held=True).exists()
    delete(directory, people[0])  # the same person is not counted twice, but three left
    assert held(people[0]).decided_at is None
    assert has(directory, people[0])[0] == ALL[0]
    assert has(directory, people[1]) == ALL


@pytest.mark.usefixtures("watched")
def test_groups_taken_from_the_deactivated_in_the_same_wave_can_be_given_back(
    directory: Directory, people: list[Any], admin: Client
) -> None:
    # P-13: removal of assignments
    (group,) = directory.listed("/Groups", filter='displayName eq "Analysts"')["Resources"]
    for each in people[:3]:
        directory.patch(f"/Users/{each['id']}", OFF)
    gone = [{"value": each["id"]} for each in (*people[:2], people[4])]
    answer = directory.patch(f"/Groups/{group['id']}", {"op": "remove", "path": "members", "value": gone})
    assert answer.status_code in (200, 204)
    left = {each["value"] for each in directory.read(f"/Groups/{group['id']}")["members"]}
    assert left == {people[2]["id"], people[3]["id"]}
    assert not Departure.objects.filter(user=people[4]["id"]).exists()  # who can sign in loses it at once
    assert "p0 removal from groups waiting" in words(admin.get(page(Departure, "changelist")))
    admin.post(page(Departure, "restore", held(people[0]).pk))
    admin.post(page(Departure, "carry_out", held(people[1]).pk))
    assert has(directory, people[0]) == ALL
    assert has(directory, people[1]) == (ALL[0], [])
    assert directory.person(people[0]).status is Status.DEACTIVATED
    delete(directory, people[2])
    admin.post(page(Departure, "restore", held(people[2]).pk))
    assert has(directory, people[2]) == ALL


@pytest.mark.usefixtures("watched")
def test_somebody_deleted_for_good_meanwhile_is_not_brought_back_by_what_waited(
    directory: Directory, people: list[Any], admin: Client
) -> None:
    # V-13
    (group,) = directory.listed("/Groups", filter='displayName eq "Analysts"')["Resources"]
    for each in people[:3]:
        directory.patch(f"/Users/{each['id']}", OFF)
    gone = {"op": "remove", "path": "members", "value": [{"value": people[0]["id"]}]}
    directory.patch(f"/Groups/{group['id']}", gone)
    row = held(people[0])
    lifecycle.delete_user(user=directory.person(people[0]), actor=OPERATOR)
    assert admin.post(page(Departure, "restore", row.pk)).status_code == 403
    assert directory.person(people[0]).status is Status.DELETED


@pytest.mark.usefixtures("watched")
def test_restored_person_is_what_the_directory_had_said_before(
    directory: Directory, people: list[Any], admin: Client
) -> None:
    # V-12
    for each in people[:3]:
        directory.patch(f"/Users/{each['id']}", OFF)
    delete(directory, people[0])
    admin.post(page(Departure, "restore", held(people[0]).pk))
    assert directory.person(people[0]).status is Status.DEACTIVATED
    assert directory.read(f"/Users/{people[0]['id']}")["active"] is False


@pytest.mark.usefixtures("watched")
def test_same_user_name_is_a_new_person_with_nothing_while_the_old_one_waits(
    directory: Directory, people: list[Any], admin: Client
) -> None:
    # V-13
    delete(directory, *people[:4])
    for number, attributes in ((2, {"externalId": "another"}), (3, {})):
        new = directory.push(f"p{number}", **attributes)
        assert new["id"] != people[number]["id"]
        assert has(directory, new) == NOTHING
        told = words(admin.post(page(Departure, "restore", held(people[number]).pk), follow=True))
        assert f"Another person has the user name p{number} by now." in told
        assert directory.person(people[number]).status is Status.DELETED
    assert AuditEvent.objects.filter(reason="user.name_taken").count() == 2


@pytest.mark.usefixtures("watched")
def test_directory_that_sends_the_same_external_id_again_undoes_its_mistake(
    directory: Directory, people: list[Any], admin: Client
) -> None:
    # P-13, V-13: as a deactivated person would come back
    delete(directory, *people)
    back = directory.push("p2", externalId="e2")
    assert back["id"] == people[2]["id"]
    assert has(directory, people[2]) == ALL
    assert held(people[2]).restored is True
    assert directory.push("p0", externalId="e0")["id"] != people[0]["id"]  # below the number, gone for good
    admin.post(page(Departure, "carry_out", held(people[3]).pk))
    new = directory.push("p3", externalId="e3")
    assert new["id"] != people[3]["id"]
    assert has(directory, new) == NOTHING


@pytest.mark.usefixtures("watched")
def test_coming_back_to_a_name_that_is_somebody_elses_by_now_is_a_conflict(
    directory: Directory, people: list[Any]
) -> None:
    # V-13, P-8
    delete(directory, *people[:3])
    directory.push("p2")
    response = directory.post("/Users", {"userName": "p2-renamed", "externalId": "e2"})
    assert (response.status_code, error_of(response)["scimType"]) == (409, "uniqueness")
    assert held(people[2]).decided_at is None


def test_share_and_number_must_both_be_exceeded(
    acme: World, directory: Directory, people: list[Any], admin: Client
) -> None:
    # P-13
    address = page("accounts.account", "change", acme.account.pk)
    save(admin, address, hold_above_number="1", hold_above_percent="30")
    delete(directory, *people[:2])  # 2 of 8 are 25 %
    assert not Departure.objects.filter(held=True).exists()
    delete(directory, people[2])  # 3 of 8
    assert held(people[2]).decided_at is None


def test_share_alone_may_be_watched(
    acme: World, directory: Directory, people: list[Any], admin: Client
) -> None:
    # P-13
    save(admin, page("accounts.account", "change", acme.account.pk), hold_above_percent="12")
    delete(directory, people[0])  # 1 of 8 is 12.5 %
    assert held(people[0]).decided_at is None
    assert "not valid" not in words(admin.get(page("accounts.account", "change", acme.account.pk)))


@pytest.mark.usefixtures("watched")
def test_those_who_left_an_hour_ago_count_no_longer(directory: Directory, people: list[Any]) -> None:
    # P-13
    delete(directory, *people[:2])
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=61), tick=True):
        delete(directory, *people[2:4])
        assert not Departure.objects.filter(held=True).exists()
        delete(directory, people[4])
        assert held(people[4]).decided_at is None
    with time_machine.travel(timezone.now() + dt.timedelta(hours=4), tick=True):
        purge_departures()
        assert [row.user_id for row in Departure.objects.all()] == [held(people[4]).user_id]


@pytest.mark.usefixtures("watched")
def test_bulk_deletion_waits_as_well(directory: Directory, people: list[Any]) -> None:
    # P-13
    operations = [{"method": "DELETE", "path": f"/Users/{each['id']}"} for each in people]
    schema = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
    response = directory.post("/Bulk", {"schemas": [schema], "Operations": operations})
    assert response.status_code == 200
    assert Departure.objects.filter(held=True).count() == 3


@pytest.mark.usefixtures("watched")
def test_admins_own_deletion_never_waits(
    acme: World, directory: Directory, people: list[Any], admin: Client
) -> None:
    # P-13 is about the directory
    delete(directory, *people[:3])
    lifecycle.delete_user(user=directory.person(people[3]), actor=OPERATOR)
    assert has(directory, people[3]) == NOTHING


@pytest.mark.usefixtures("watched")
def test_account_admin_decides_about_nobody_above_them_and_another_account_about_nobody(
    acme: World, directory: Directory, people: list[Any], admin: Client
) -> None:
    # V-8, A-1
    role = account_role_named(acme.account, BuiltInAccountRole.SSO_ACCOUNT_ADMIN)
    lifecycle.grant_account_role(
        user=directory.person(people[2]), role=role, actor=OPERATOR, source=Source.MANUAL
    )
    delete(directory, *people[:3])
    row = held(people[2])
    for name in ("restore", "carry_out"):
        assert "it needs sso account admin" in words(admin.post(page(Departure, name, row.pk), follow=True))
        stranger = browse(found_account(f"globex{name[0]}").sso_admin)
        assert stranger.post(page(Departure, name, row.pk)).status_code == 404
    assert held(people[2]).decided_at is None
    browse(acme.sso_admin).post(page(Departure, "restore", row.pk))
    assert directory.person(people[2]).can_sign_in


@pytest.mark.usefixtures("watched")
def test_session_of_before_does_not_come_alive_again_with_the_person(
    acme: World, directory: Directory, people: list[Any], admin: Client, browser_of: Callable[[User], Client]
) -> None:
    # L-13
    person = directory.person(people[2])
    lifecycle.set_password(user=person, actor=OPERATOR, password="correct-horse-battery-1")
    browser = browser_of(person)
    assert browser.get("/api/me").json()["authenticated"] is True
    delete(directory, *people[:3])
    assert browser.get("/api/me").status_code == 401
    admin.post(page(Departure, "restore", held(people[2]).pk))
    assert browser.get("/api/me").status_code == 401
    assert not UserSession.objects.filter(user=person, ended_at=None).exists()


@pytest.fixture
def browser_of() -> Callable[[User], Client]:
    return browse
