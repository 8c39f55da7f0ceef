"""What was written to the audit trail stays as it is until its retention is over (A-4, design rule 2)."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from accounts import lifecycle
from accounts.models import Account, User
from accounts.privilege import NotAllowed
from audit import maintenance
from audit.actors import Actor, ActorKind, configuration
from audit.models import AuditEvent, AuditMaintenance, FailureLogEntry
from audit.recorder import Subject, record
from audit.tasks import apply_retention
from foundation import track_ids

OPERATOR = configuration("tests")
ACME = Subject("account", "1", "acme")


def event(message: str = "Something was done.") -> AuditEvent:
    return record(actor=OPERATOR, action="test.done", subject=ACME, message=message)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_auditevent SET message = 'nothing happened'",
        "UPDATE audit_auditevent SET created_at = created_at",
        "DELETE FROM audit_auditevent",
        "DELETE FROM audit_auditevent WHERE action = 'test.done'",
    ],
)
def test_database_refuses_to_change_or_delete_an_event(statement: str) -> None:
    event()
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert AuditEvent.objects.get().message.startswith("Something was done.")


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no TRUNCATE; its DELETE is refused")
def test_database_refuses_to_truncate_the_trail() -> None:
    event()
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("TRUNCATE audit_auditevent")
    assert AuditEvent.objects.count() == 1


@pytest.mark.django_db
def test_orm_gets_no_further_than_the_database() -> None:
    row = event()
    row.message = "nothing happened"
    for change in (
        row.save,
        row.delete,
        AuditEvent.objects.all().delete,
        lambda: AuditEvent.objects.update(reason="x"),
    ):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            change()
    assert AuditEvent.objects.count() == 1


@pytest.mark.django_db
def test_open_switch_lets_nothing_be_rewritten_even_by_retention() -> None:
    event()
    with pytest.raises(DatabaseError, match="append-only"), maintenance.opened():
        AuditEvent.objects.update(message="nothing happened")
    assert not AuditMaintenance.objects.filter(is_open=True).exists()


@pytest.mark.django_db
def test_retention_takes_old_events_and_failures_and_leaves_the_rest() -> None:
    now = timezone.now()
    for days in (1, 399, 401, 800):
        row = AuditEvent(actor_kind="system", actor_label="x", action=f"{days} days", message="x")
        row.created_at = now - dt.timedelta(days=days)
        row.save()
    for days in (1, 29, 31):
        FailureLogEntry.objects.create(
            fingerprint=str(days),
            track_id="x",
            code=f"{days} days",
            message="x",
            last_seen=now - dt.timedelta(days=days),
        )
    apply_retention()
    assert set(AuditEvent.objects.values_list("action", flat=True)) == {"1 days", "399 days"}
    assert set(FailureLogEntry.objects.values_list("code", flat=True)) == {"1 days", "29 days"}
    assert not AuditMaintenance.objects.filter(is_open=True).exists()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        AuditEvent.objects.all().delete()


@pytest.mark.django_db
def test_retention_that_fails_leaves_the_switch_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    event()

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("interrupted")

    monkeypatch.setattr(AuditEvent.objects.all().__class__, "delete", fail)
    with pytest.raises(RuntimeError), transaction.atomic():
        maintenance.apply_retention()
    assert not AuditMaintenance.objects.filter(is_open=True).exists()


@pytest.mark.django_db(transaction=True)
def test_refusal_is_audited_after_the_rollback_and_the_change_is_not() -> None:
    # design rule 2
    account = lifecycle.create_account(actor=OPERATOR, slug="acme", name="Acme")
    nobody = lifecycle.create_user(
        actor=OPERATOR, account=account, values=lifecycle.PersonChanges(user_name="eve@acme.example")
    )
    eve = Actor(ActorKind.USER, str(nobody.pk), "eve@acme.example", "203.0.113.7")
    track_ids.bind("AAAA-BBBB-CCCC")
    with pytest.raises(NotAllowed):
        lifecycle.update_account(account=account, actor=eve, values={"name": "Eve Inc"})
    track_ids.bind("")
    assert Account.objects.get().name == "Acme"
    refusal = AuditEvent.objects.get(reason="privilege.not_allowed")
    assert refusal.message.startswith("Refused: eve@acme.example may not do this here")
    assert "AAAA-BBBB-CCCC" in refusal.message
    assert refusal.ip_address == "203.0.113.7"
    assert refusal.account_id == account.pk


@pytest.mark.django_db(transaction=True)
def test_change_that_is_rolled_back_leaves_no_event() -> None:
    # design rule 2: in the same transaction
    account = lifecycle.create_account(actor=OPERATOR, slug="acme", name="Acme")
    count = AuditEvent.objects.count()

    def change_and_think_again() -> None:
        with transaction.atomic():
            lifecycle.create_user(
                actor=OPERATOR, account=account, values=lifecycle.PersonChanges(user_name="ada@acme.example")
            )
            raise RuntimeError("on second thoughts")

    with pytest.raises(RuntimeError):
        change_and_think_again()
    assert not User.objects.exists()
    assert AuditEvent.objects.count() == count


@pytest.mark.django_db
def test_message_holds_the_track_id_and_no_secret() -> None:
    # A-4, design rule 8
    track_ids.bind("AAAA-BBBB-CCCC")
    token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJtaWEifQ.c2lnbmF0dXJl"
    row = record(
        actor=OPERATOR,
        action="test.done",
        subject=ACME,
        message=f"Sent Authorization: Bearer abcdefghijklmnop and {token}",
        changes={"client_secret": [None, "hush"], "name": [None, "Acme"], "nested": {"password": "hush"}},
    )
    track_ids.bind("")
    assert row.message.endswith("[track ID AAAA-BBBB-CCCC]")
    assert "abcdefghijklmnop" not in row.message
    assert "eyJ" not in row.message
    assert "hush" not in str(row.changes)
    assert row.changes["name"] == [None, "Acme"]


@pytest.mark.django_db
def test_event_outlives_what_it_speaks_of() -> None:
    # design rule 2: no foreign keys
    from accounts.models import Group

    account = lifecycle.create_account(actor=OPERATOR, slug="acme", name="Acme")
    group = lifecycle.create_group(account=account, actor=OPERATOR, name="Engineers")
    lifecycle.delete_group(group=group, actor=OPERATOR)
    assert not Group.objects.exists()
    kept = AuditEvent.objects.filter(object_type="group", object_label="Engineers")
    assert set(kept.values_list("action", flat=True)) == {"group.created", "group.deleted"}
