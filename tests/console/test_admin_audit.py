"""The audit trail and the failure log in the admin (A-4, V-21)."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts import lifecycle
from accounts.lifecycle import PersonChanges
from accounts.models import User
from audit.failures import record_failure
from audit.models import AuditEvent, FailureLogEntry
from foundation import track_ids
from tests.console.admin_pages import address_of, page, save, words
from tests.worlds import OPERATOR, World

Browse = Callable[[User], Client]
TRAIL = "/admin/audit/auditevent/"
FAILURES = "/admin/audit/failurelogentry/"


def test_the_trail_has_time_actor_action_object_message_and_ip(acme: World, browse: Browse) -> None:
    save(browser := browse(acme.admin), address_of(acme.employee), given_name="Emma Maria")
    listed = browser.get(TRAIL)
    text = words(listed)
    for title in ("Time", "Actor", "Action", "Object", "MESSAGE", "IP"):
        assert title in text
    assert "emma@acme.example: given_name changed." in text
    assert "127.0.0.1" in text

    event = AuditEvent.objects.get(action="user.updated", object_id=str(acme.employee.pk))
    shown = words(browser.get(address_of(event)))
    assert "given_name Emma Emma Maria" in shown  # field, before, after
    assert event.track_id in shown


def test_an_event_is_found_by_its_track_id_however_it_is_typed(acme: World, browse: Browse) -> None:
    browser = browse(acme.admin)
    track_id = save(browser, address_of(acme.employee), given_name="Found").headers["X-Track-Id"]
    event = AuditEvent.objects.get(track_id=track_id)
    for typed in (track_id, track_id.lower(), f" {track_id} "):
        listed = browser.get(TRAIL, {"q": typed})
        assert address_of(event) in listed.text
        assert listed.text.count("/admin/audit/auditevent/") == browser.get(TRAIL, {"q": typed}).text.count(
            "/admin/audit/auditevent/"
        )
    assert address_of(event) not in browser.get(TRAIL, {"q": "ZZZZ-ZZZZ-ZZZZ"}).text


def test_events_are_found_by_words_and_refusals_stand_apart(acme: World, browse: Browse) -> None:
    browser = browse(acme.admin)
    browser.post(page(User, "add"), {"user_name": "emma@acme.example"})
    refusal = AuditEvent.objects.get(reason="user.name_taken")
    assert address_of(refusal) in browser.get(TRAIL, {"q": "already in use"}).text
    refused = browser.get(TRAIL, {"refused": "yes"})
    assert address_of(refusal) in refused.text
    made = AuditEvent.objects.filter(action="user.created").first()
    assert made is not None
    assert address_of(made) not in refused.text
    assert "Refused:" in words(browser.get("/admin/"))


def test_nobody_changes_the_trail_here(acme: World, browse: Browse, operator: User) -> None:
    event = AuditEvent.objects.filter(account_id=acme.account.pk).first()
    assert event is not None
    for person in (acme.sso_admin, operator):
        browser = browse(person)
        assert browser.get(page(AuditEvent, "add")).status_code == 403
        assert browser.post(page(AuditEvent, "add"), {"message": "x"}).status_code == 403
        assert browser.post(address_of(event), {"message": "x"}).status_code == 403
        assert browser.post(page(AuditEvent, "delete", event.pk), {"post": "yes"}).status_code == 403
        sent = {"action": "delete_selected", "_selected_action": [str(event.pk)], "index": "0", "post": "yes"}
        browser.post(TRAIL, sent)
    assert AuditEvent.objects.filter(pk=event.pk).exists()


def test_a_failure_of_somebody_unknown_is_found_by_track_id(
    acme: World, globex: World, browse: Browse
) -> None:  # V-21
    track_ids.bind("")
    ours = record_failure(
        code="password.wrong", message="Wrong", address="192.0.2.1", target="acme", account_id=acme.account.pk
    )
    track_ids.bind("")
    theirs = record_failure(
        code="password.wrong",
        message="Wrong",
        address="192.0.2.2",
        target="globex",
        account_id=globex.account.pk,
    )
    track_ids.bind("")
    browser = browse(acme.admin)
    assert (
        address_of(FailureLogEntry.objects.get(track_id=ours))
        in browser.get(FAILURES, {"q": ours.lower()}).text
    )
    assert (
        address_of(FailureLogEntry.objects.get(track_id=theirs))
        not in browser.get(FAILURES, {"q": theirs}).text
    )


def test_failures_of_no_account_are_for_operators(
    acme: World, browse: Browse, operator: User
) -> None:  # A-4, V-21
    track_ids.bind("")
    track_id = record_failure(code="provider.unknown", message="Nobody's", address="192.0.2.3")
    track_ids.bind("")
    row = FailureLogEntry.objects.get(track_id=track_id)
    assert browse(acme.sso_admin).get(address_of(row)).status_code == 404
    assert "Nobody's" in words(browse(operator).get(address_of(row)))


def saved(browser: Client, address: str, form: str) -> str:
    answer: Any = browser.post(address, {"format": form})
    assert answer.status_code == 200
    assert "attachment" in answer["Content-Disposition"]
    return b"".join(answer.streaming_content).decode("utf-8-sig")


def test_one_track_id_leads_to_both_logs(acme: World, globex: World, browse: Browse) -> None:  # A-4, V-21
    track_ids.bind("")
    both = record_failure(
        code="x", message="Wrong", address="192.0.2.1", target="acme", account_id=acme.account.pk
    )
    lifecycle.update_user(user=acme.employee, actor=OPERATOR, values=PersonChanges(phone="1"))
    event = AuditEvent.objects.get(track_id=both)
    track_ids.bind("")
    browser = browse(acme.admin)
    trail, failures = (browser.get(log, {"q": both.lower()}).text for log in (TRAIL, FAILURES))
    assert address_of(event) in trail
    assert f"{FAILURES}?q={both.lower()}" in trail
    assert f"{TRAIL}?q={both.lower()}" in failures
    assert FAILURES + "?q" not in browse(globex.admin).get(TRAIL, {"q": both}).text


@pytest.mark.parametrize("form", ["csv", "json"])
def test_what_the_trail_shows_is_saved_with_its_search_and_scope(
    form: str, acme: World, globex: World, browse: Browse
) -> None:  # V-24
    group = lifecycle.create_group(account=acme.account, actor=OPERATOR, name="=1+1")
    browser = browse(acme.admin)

    text = saved(browser, f"{TRAIL}export/", form)
    assert "emma@acme.example" in text
    assert "globex" not in text.lower()
    assert "export.made" not in text
    shown = AuditEvent.objects.filter(account_id=acme.account.pk).exclude(action="export.made").count()
    exported = AuditEvent.objects.get(action="export.made")
    assert f"auditevent was exported as {form.upper()}: {shown} rows." in exported.message
    assert exported.actor_label == acme.admin.user_name

    found = saved(browser, f"{TRAIL}export/?q=Group", form)
    rows = json.loads(found) if form == "json" else list(csv.DictReader(io.StringIO(found)))
    assert 0 < len(rows) < shown
    [row] = [row for row in rows if row["object_id"] == str(group.pk)]
    assert row["object"] == ("=1+1" if form == "json" else "'=1+1")
    assert set(row) >= {"time", "actor", "action", "object", "MESSAGE", "ip", "reason", "track_id"}
    assert "track ID" in row["MESSAGE"] or not row["track_id"]


def test_the_failure_log_is_saved_too_and_strange_exports_are_refused(
    acme: World, globex: World, browse: Browse
) -> None:  # A-4, V-21
    for world, address in ((acme, "192.0.2.1"), (globex, "192.0.2.2")):
        track_ids.bind("")
        record_failure(code="x", message="Wrong", address=address, target="t", account_id=world.account.pk)
    track_ids.bind("")
    browser = browse(acme.admin)
    [row] = json.loads(saved(browser, f"{FAILURES}export/", "json"))
    assert row["ip"] == "192.0.2.1"
    assert json.loads(saved(browser, f"{FAILURES}export/?q=nothing", "json")) == []
    assert browser.get(f"{TRAIL}export/").status_code == 302
    assert browser.post(f"{TRAIL}export/", {"format": "xml"}).status_code == 400
    assert browser.post(f"{TRAIL}export/?created_at__gte=never", {"format": "csv"}).status_code == 400
    assert browse(acme.employee).post(f"{TRAIL}export/", {"format": "csv"}).status_code == 403


def test_the_history_of_a_person_is_their_part_of_the_trail(
    acme: World, globex: World, browse: Browse
) -> None:
    lifecycle.update_user(user=acme.employee, actor=OPERATOR, values=PersonChanges(phone="1234"))
    text = words(browse(acme.admin).get(page(User, "history", acme.employee.pk)))
    assert "emma@acme.example: phone changed." in text
    assert "emma@acme.example was created" in text
    assert "globex" not in text


def test_what_a_directory_wrote_into_a_name_is_text_on_every_page(acme: World, browse: Browse) -> None:
    evil = "<script>alert(1)</script>"
    lifecycle.update_user(
        user=acme.employee, actor=OPERATOR, values=PersonChanges(display_name=evil, given_name=evil)
    )
    lifecycle.create_group(account=acme.account, actor=OPERATOR, name=evil, idp_identifier=evil)
    browser = browse(acme.admin)
    pages = (
        page(User, "changelist"),
        address_of(acme.employee),
        page(User, "history", acme.employee.pk),
        page(User, "delete", acme.employee.pk),
        page(User, "disable", acme.employee.pk),
        "/admin/accounts/group/",
        address_of(acme.group),
        TRAIL,
        "/admin/",
    )
    for address in pages:
        assert evil not in browser.get(address).text, address
