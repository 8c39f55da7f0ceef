"""A refusal: an exception with a stable code, and its event in the audit trail after the rollback (design rule 2).

Functions that change something raise ``Refused`` from inside their transaction. Whoever owns the outermost transaction
(a view, the SCIM dispatcher, a command) lets it roll back and then calls ``audit_refusal``; calling it twice for one
refusal writes one event.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import connection

from audit.actors import Actor
from audit.recorder import Subject, record_refusal

P = ParamSpec("P")
R = TypeVar("R")


class Refused(Exception):
    """Something was not done, on purpose.

    ``code`` is what tests, audit and pages refer to; the message is a sentence fit for the person who tried.
    """

    code = "refused"

    def __init__(self, message: str, *, code: str = "", actor: Actor, action: str, subject: Subject) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.code
        self.actor = actor
        self.action = action
        self.subject = subject
        self.audited = False


def audit_refusal(refusal: Refused) -> None:
    """Write the refusal's event once; call it outside the transaction that was rolled back."""
    if refusal.audited:
        return
    record_refusal(
        actor=refusal.actor,
        action=refusal.action,
        subject=refusal.subject,
        message=f"Refused: {refusal.message}",
        reason=refusal.code,
    )
    refusal.audited = True


def refusals_audited(function: Callable[P, R]) -> Callable[P, R]:
    """Audit a refusal that leaves ``function``, unless an outer transaction will still be rolled back."""

    @wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except Refused as refusal:
            if not connection.in_atomic_block:
                audit_refusal(refusal)
            raise

    return wrapper
