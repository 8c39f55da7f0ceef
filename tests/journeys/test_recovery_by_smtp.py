"""Recovery over a real mail server, which is named by ``EMAIL_URL`` (L-9)."""

from __future__ import annotations

import email
import email.policy
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from foundation.models import OutboxMessage
from tests.journeys.mailbox import deliver, press
from tests.journeys.recovery_world import PRIVATE, ask, found_acme, give_address, is_in
from tests.worlds import World

ROOT = Path(__file__).resolve().parents[2]
PRINT_SETTINGS = """
import json
from broker import settings
print(json.dumps({name: getattr(settings, name) for name in dir(settings) if name.startswith("EMAIL_")}))
"""


@pytest.fixture
def letters(tmp_path: Path, settings: Any) -> Iterator[Path]:
    """The folder of a mail server; the product sends there as it would with this ``EMAIL_URL``."""
    command = [sys.executable, "tests/smtp_server.py", str(tmp_path), "broker", "s3cret+word"]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    port = server.stdout.readline().strip()
    given = {"EMAIL_URL": f"smtp://broker:s3cret%2Bword@127.0.0.1:{port}"}
    read = subprocess.run(
        [sys.executable, "-c", PRINT_SETTINGS],
        cwd=ROOT,
        env={**os.environ, **given},
        capture_output=True,
        text=True,
    )
    assert read.returncode == 0, read.stderr
    for name, value in json.loads(read.stdout).items():
        setattr(settings, name, value)
    yield tmp_path
    server.terminate()
    server.wait(10)


def received(folder: Path) -> list[EmailMessage]:
    """The mails that the server took, oldest first."""
    files = sorted(folder.glob("*.eml"), key=lambda file: int(file.stem))
    parsed = [email.message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in files]
    return [message for message in parsed if isinstance(message, EmailMessage)]


@pytest.fixture
def acme(db: None) -> World:
    return found_acme()


def test_link_comes_by_smtp_and_signs_in(acme: World, client: Client, letters: Path) -> None:
    # L-9
    ask(client)
    deliver()
    (mine,) = [message for message in received(letters) if message["To"] == PRIVATE]
    assert mine["From"] == "support@localhost"
    (path,) = re.findall(r"http://localhost:8000(/recovery-access/\S+)", mine.get_content())
    press(client, path)
    assert is_in(client)


def test_mail_server_that_puts_us_off_gets_the_mail_later(acme: World, client: Client, letters: Path) -> None:
    # L-9, design rule 2: greylisting
    give_address(acme.sso_admin, "TEMPORARY@mail.example")
    ask(client)
    deliver()
    assert not [message for message in received(letters) if "TEMPORARY" in message["To"]]
    OutboxMessage.objects.filter(done_at=None).update(due_at=timezone.now())
    deliver()
    (mine,) = [message for message in received(letters) if "TEMPORARY" in message["To"]]
    (path,) = re.findall(r"http://localhost:8000(/recovery-access/\S+)", mine.get_content())
    press(client, path)
    assert is_in(client)
