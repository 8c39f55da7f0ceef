"""Mail that a change calls for leaves exactly when the change was committed, by a real worker (design rule 2, V-14)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.core import mail
from django.db import transaction

from foundation import outbox
from foundation.mail import queue_mail
from foundation.models import OutboxMessage

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.django_db(transaction=True)
def test_mail_of_a_change_that_was_rolled_back_is_never_sent() -> None:
    def queue_and_think_again() -> None:
        with transaction.atomic():
            queue_mail(to=["ada@acme.example"], subject="Hello", body="never")
            assert OutboxMessage.objects.count() == 1
            raise RuntimeError("on second thoughts")

    with pytest.raises(RuntimeError):
        queue_and_think_again()
    assert not OutboxMessage.objects.exists()
    with transaction.atomic():
        queue_mail(
            to=["ada@acme.example", "bob@acme.example"], subject="Hello\nBcc: x@y.example", body="once"
        )
    assert outbox.drain() == 2
    assert outbox.drain() == 0
    assert [(message.to, message.subject) for message in mail.outbox] == [
        (["ada@acme.example"], "Hello Bcc: x@y.example"),
        (["bob@acme.example"], "Hello Bcc: x@y.example"),
    ]


@pytest.mark.django_db(transaction=True)
def test_work_outside_a_transaction_is_refused() -> None:
    with pytest.raises(outbox.OutboxMisuse):
        queue_mail(to=["ada@acme.example"], subject="Hello", body="x")
    assert not OutboxMessage.objects.exists()


# What a directory does to the last SSO account admin, once rolled back and once for good.
DEACTIVATE_THE_LAST_ADMIN = """
import django; django.setup()
from django.db import transaction
from accounts import lifecycle
from accounts.lifecycle.roles import account_role_named
from accounts.models import BuiltInAccountRole, Kind
from accounts.sources import Source
from audit.actors import Actor, ActorKind, configuration
from foundation.tasks import drain_outbox
operator = configuration("tests")
account = lifecycle.create_account(actor=operator, slug="acme", name="Acme")
person = lifecycle.PersonChanges
lifecycle.create_user(
    actor=operator, kind=Kind.OPERATOR, values=person(user_name="root", email="root@vendor.example")
)
ada = lifecycle.create_user(actor=operator, account=account, values=person(user_name="ada", email="ada@acme.example"))
admin = account_role_named(account, BuiltInAccountRole.SSO_ACCOUNT_ADMIN)
lifecycle.grant_account_role(user=ada, role=admin, actor=operator, source=Source.MANUAL)
directory = Actor(ActorKind.SCIM, "token", "Entra provisioning")
try:
    with transaction.atomic():
        lifecycle.set_directory_active(user=ada, actor=directory, active=False)
        raise RuntimeError("on second thoughts")
except RuntimeError:
    pass
drain_outbox.delay()
lifecycle.set_directory_active(user=ada, actor=directory, active=False)
drain_outbox.delay()
"""


def run(arguments: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr[-3000:]


@contextmanager
def worker(environment: dict[str, str], log: Path) -> Iterator[None]:
    """A real Celery worker over the file-system queue, ended by its own process group."""
    command = [
        sys.executable,
        "-m",
        "celery",
        "-A",
        "broker",
        "worker",
        "--concurrency",
        "1",
        "--without-gossip",
    ]
    command += ["--without-mingle", "--without-heartbeat"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=output, stderr=output, start_new_session=True
        )
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def test_operator_is_told_by_mail_that_the_last_admin_was_blocked(tmp_path: Path) -> None:
    # V-14, X-4: an embedded deployment of its own, a worker process, mails as files
    embedded = {"BROKER_VAR": str(tmp_path), "DATABASE_URL": "", "REDIS_URL": "", "CELERY_BROKER_URL": ""}
    environment = {**os.environ, **embedded, "DJANGO_SETTINGS_MODULE": "broker.settings"}
    run(["manage.py", "migrate", "--verbosity", "0"], environment)
    run(["-c", DEACTIVATE_THE_LAST_ADMIN], environment)
    log = tmp_path / "worker.log"
    with worker(environment, log):
        deadline = time.monotonic() + 60
        while not any((tmp_path / "mail").glob("*.log")) or log.read_text().count("task_succeeded") < 2:
            assert time.monotonic() < deadline, log.read_text()[-3000:]
            time.sleep(0.2)
    sent = "\n".join(file.read_text() for file in (tmp_path / "mail").glob("*.log"))
    assert sent.count("To: root@vendor.example") == 1  # once: the one that was rolled back never left
    assert "Acme has no SSO account admin left" in sent
    assert "ada, the last SSO account admin of Acme, was blocked by Entra provisioning." in sent
    assert "To: ada@acme.example" not in sent
