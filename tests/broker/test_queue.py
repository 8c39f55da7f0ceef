"""Work handed to Celery is done by a real worker, over files as well as over Redis (design rule 11)."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def environment(folder: Path, **more: str) -> dict[str, str]:
    """An embedded deployment of its own in ``folder``."""
    embedded = {"BROKER_VAR": str(folder), "DATABASE_URL": "", "REDIS_URL": "", "CELERY_BROKER_URL": ""}
    return {**os.environ, "DJANGO_SETTINGS_MODULE": "broker.settings", **embedded, **more}


def run(code_or_command: list[str], settings: dict[str, str]) -> None:
    """Run Python with these arguments to its end."""
    done = subprocess.run(
        [sys.executable, *code_or_command],
        cwd=ROOT,
        env=settings,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr


@contextmanager
def worker(settings: dict[str, str]) -> Iterator[Path]:
    """A real Celery worker; gives its log."""
    log = Path(settings["BROKER_VAR"]) / "worker.log"
    command = [sys.executable, "-m", "celery", "-A", "broker", "worker", "--concurrency", "1"]
    command += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=settings, stdout=output, stderr=output, start_new_session=True
        )
    try:
        yield log
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def wait_for(happened: Callable[[], bool], what: str, log: Path) -> None:
    """Return when ``happened``, fail with the worker's log after a minute."""
    deadline = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < deadline, f"{what} did not happen:\n{log.read_text()[-3000:]}"
        time.sleep(0.2)


QUEUE_A_MAIL = """
import django; django.setup()
from django.db import transaction
from foundation.mail import queue_mail
from foundation.tasks import drain_outbox
with transaction.atomic():
    queue_mail(to=["ada@acme.example"], subject="Hello", body="from the outbox")
drain_outbox.delay()
"""


def mail_arrives(settings: dict[str, str]) -> None:
    """Queue a mail in a transaction, start a worker, and find the mail where the file backend puts it."""
    folder = Path(settings["BROKER_VAR"])
    run(["manage.py", "migrate", "--verbosity", "0"], settings)
    run(["-c", QUEUE_A_MAIL], settings)
    with worker(settings) as log:
        wait_for(lambda: any((folder / "mail").glob("*.log")), "the mail", log)
        wait_for(lambda: "task_succeeded" in log.read_text(), "the end of the task", log)
    [mail] = (folder / "mail").glob("*.log")
    assert "To: ada@acme.example" in mail.read_text()


def test_mail_queued_in_a_transaction_is_sent_by_a_real_worker_over_files(tmp_path: Path) -> None:
    # design rule 2, X-4
    mail_arrives(environment(tmp_path))
    assert not list((tmp_path / "celery" / "messages").iterdir())


@pytest.mark.services
def test_mail_queued_in_a_transaction_is_sent_by_a_real_worker_over_redis(tmp_path: Path) -> None:
    #
    database = secrets.choice(range(8, 16))  # away from what else this Redis may hold
    mail_arrives(environment(tmp_path, CELERY_BROKER_URL=f"{os.environ['REDIS_URL'].rstrip('/')}/{database}"))


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
