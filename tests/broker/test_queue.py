"""Work handed to Celery is done by a real worker, over files as well as over Redis (design rules 2 and 11)."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.broker.embedded import ROOT, Deployment, deployed


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """One deployment over files for all tests here: each looks for its own mail."""
    with deployed(tmp_path_factory.mktemp("embedded")) as deployment:
        yield deployment


QUEUE_A_MAIL = """
import django; django.setup()
from django.db import transaction
from foundation.mail import queue_mail
from foundation.tasks import drain_outbox
with transaction.atomic():
    queue_mail(to=["ada@acme.example"], subject="Hello", body="from the outbox")
drain_outbox.delay()
"""


def mail_arrives(deployment: Deployment) -> None:
    """Queue a mail in a transaction, and find it where the file backend puts it."""
    deployment.run("-c", QUEUE_A_MAIL)
    deployment.wait_for(lambda: len(deployment.mails_to("ada@acme.example")) == 1, "the mail")
    deployment.wait_for(lambda: "task_succeeded" in deployment.log.read_text(), "the end of the task")


def test_mail_queued_in_a_transaction_is_sent_by_a_real_worker_over_files(embedded: Deployment) -> None:
    # design rule 2, X-4
    mail_arrives(embedded)
    assert not list((embedded.folder / "celery" / "messages").iterdir())


@pytest.mark.services
def test_mail_queued_in_a_transaction_is_sent_by_a_real_worker_over_redis(tmp_path: Path) -> None:
    #
    database = secrets.choice(range(8, 16))  # away from what else this Redis may hold
    redis = f"{os.environ['REDIS_URL'].rstrip('/')}/{database}"
    with deployed(tmp_path, CELERY_BROKER_URL=redis) as deployment:
        mail_arrives(deployment)


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
values = person(user_name="grace", email="grace@acme.example")
grace = lifecycle.create_user(actor=operator, account=account, values=values)
admin = account_role_named(account, BuiltInAccountRole.SSO_ACCOUNT_ADMIN)
lifecycle.grant_account_role(user=grace, role=admin, actor=operator, source=Source.MANUAL)
directory = Actor(ActorKind.SCIM, "token", "Entra provisioning")
try:
    with transaction.atomic():
        lifecycle.set_directory_active(user=grace, actor=directory, active=False)
        raise RuntimeError("on second thoughts")
except RuntimeError:
    pass
drain_outbox.delay()
lifecycle.set_directory_active(user=grace, actor=directory, active=False)
drain_outbox.delay()
"""


def test_operator_is_told_by_mail_that_the_last_admin_was_blocked(embedded: Deployment) -> None:
    # V-14
    embedded.run("-c", DEACTIVATE_THE_LAST_ADMIN)
    embedded.wait_for(lambda: bool(embedded.mails_to("root@vendor.example")), "the mail")
    [sent] = embedded.mails_to("root@vendor.example")  # once: the one that was rolled back never left
    assert "Acme has no SSO account admin left" in sent
    assert "grace, the last SSO account admin of Acme, was blocked by Entra provisioning." in sent
    assert embedded.mails_to("grace@acme.example") == []


PASS_MESSAGES = """
import json, sys
from kombu import Connection
role, count, options = sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3])
link = Connection("filesystem://", transport="broker.file_queue:Transport", transport_options=options)
queue = link.SimpleQueue("work")
for number in range(count):
    queue.put({"number": number, "filler": "x" * 2_000_000})
while role == "read":
    try:
        message = queue.get(timeout=3)
    except queue.Empty:
        break
    message.ack()
    print(message.payload["number"])
"""


def test_message_is_never_seen_half_written_however_many_processes_read_and_write(tmp_path: Path) -> None:
    # Kombu's own transport fails this: its readers find files that are still being written.
    folders = {name: str(tmp_path / name) for name in ("messages", "control")}
    for folder in folders.values():
        Path(folder).mkdir()
    options = json.dumps(
        {
            "data_folder_in": folders["messages"],
            "data_folder_out": folders["messages"],
            "control_folder": folders["control"],
        }
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PASS_MESSAGES, role, count, options],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for role, count in [("read", "0"), ("read", "0"), ("read", "0"), ("write", "30"), ("write", "30")]
    ]
    seen: list[int] = []
    for process in processes:
        output, errors = process.communicate(timeout=60)
        assert errors == ""
        seen += [int(line) for line in output.split()]
    assert sorted(seen) == sorted([*range(30), *range(30)])
