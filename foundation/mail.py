"""Mail that leaves through the outbox: queued in a transaction, sent by the worker through ``EMAIL_URL``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import structlog
from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from foundation import outbox

KIND = "mail.send"

log = structlog.get_logger(__name__)


def queue_mail(*, to: Sequence[str], subject: str, body: str) -> None:
    """Send a plain-text mail once the present transaction has committed. One message an address."""
    for address in to:
        outbox.add(KIND, {"to": address, "subject": subject, "body": body})


@outbox.handles(KIND)
def send(payload: dict[str, Any]) -> None:
    """Deliver one queued mail; an SMTP error propagates, so that the outbox tries again."""
    deliver(to=payload["to"], subject=str(payload["subject"]), body=payload["body"])


def deliver(*, to: str, subject: str, body: str) -> None:
    """Send one mail now, from a worker: for what must not lie in the outbox, such as a link's token.

    Raises what the transport raises. Without ``EMAIL_URL`` the mail becomes a file, whose path is logged.
    """
    line = " ".join(subject.split())  # a line break in a header is an injection
    transport = get_connection()
    EmailMessage(line, body, settings.DEFAULT_FROM_EMAIL, [to], connection=transport).send()
    written = getattr(transport, "_fname", None)  # of Django's file backend
    if written:
        log.info("mail_written", file=str(written))
