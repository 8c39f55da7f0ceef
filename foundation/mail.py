"""Mail that leaves through the outbox: queued in a transaction, sent by the worker through ``EMAIL_URL``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage

from foundation import outbox

KIND = "mail.send"


def queue_mail(*, to: Sequence[str], subject: str, body: str) -> None:
    """Send a plain-text mail once the present transaction has committed. One message an address."""
    for address in to:
        outbox.add(KIND, {"to": address, "subject": subject, "body": body})


@outbox.handles(KIND)
def send(payload: dict[str, Any]) -> None:
    """Deliver one queued mail; an SMTP error propagates, so that the outbox tries again."""
    subject = " ".join(str(payload["subject"]).split())  # a line break in a header is an injection
    EmailMessage(subject, payload["body"], settings.DEFAULT_FROM_EMAIL, [payload["to"]]).send()
