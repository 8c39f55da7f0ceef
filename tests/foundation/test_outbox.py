"""Mail that a change calls for leaves exactly when the change was committed (design rule 2)."""

from __future__ import annotations

import pytest
from django.core import mail
from django.db import transaction

from foundation import outbox
from foundation.mail import queue_mail
from foundation.models import OutboxMessage


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
