"""Transactions that nest: each function that changes something is one by itself and part of its caller's.

``in_transaction`` is ``transaction.atomic`` for such functions. Inside another transaction Django makes a savepoint of
it, so that the caller may go on after a refusal. A caller who never does, and lets every exception end the whole, says
so with ``all_or_nothing``: then the savepoints, two round trips each, are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import connection, transaction

P = ParamSpec("P")
R = TypeVar("R")

# The transaction that is all or nothing, if any: something to know it by.
_nobody_goes_on: ContextVar[object | None] = ContextVar("all_or_nothing", default=None)


@contextmanager
def all_or_nothing() -> Iterator[None]:
    """Open a transaction whose every exception, caught inside or not, ends in a rollback of all of it."""
    with transaction.atomic():
        before = _nobody_goes_on.set(object())
        try:
            yield
            # Here rather than by the commit, so that their error is one of the work's own.
            getattr(connection, "send_writes", _nothing)()
        finally:
            _nobody_goes_on.reset(before)


def _nothing() -> None:
    """Databases without writes that wait (``foundation.postgresql``) have nothing to send."""


def present() -> object | None:
    """Return what the present all-or-nothing transaction is known by, None outside of any."""
    return _nobody_goes_on.get() if connection.in_atomic_block else None


def is_all_or_nothing() -> bool:
    """Tell whether an exception now, caught or not, will roll everything back."""
    return present() is not None


@contextmanager
def recoverable() -> Iterator[None]:
    """Protect one step after which the caller may go on, unless the whole is all or nothing anyway."""
    with transaction.atomic(savepoint=not is_all_or_nothing()):
        yield


def in_transaction(function: Callable[P, R]) -> Callable[P, R]:
    """Run ``function`` in a transaction of its own, or as a part of the caller's."""

    @wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        with recoverable():
            return function(*args, **kwargs)

    return wrapper
