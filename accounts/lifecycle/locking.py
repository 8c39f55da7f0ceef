"""The row of a person, locked: what every change of a person begins with."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from foundation import transactions
from foundation.compiled_queries import CompiledQuery, key

_LOCKED = CompiledQuery(lambda user: User.objects.filter(pk=user).order_by().select_for_update(), key)


def locked_row(user: User) -> User:
    """Return a person's row as it is now, locked until the transaction ends; raises ``User.DoesNotExist``.

    A row that was read and locked in the same all-or-nothing transaction (``note_locked``) is taken as it is.
    """
    transaction = transactions.present()
    if transaction is not None and getattr(user, "_locked_in", None) is transaction:
        return user
    found = _LOCKED.first(user.pk)
    if found is None:
        raise User.DoesNotExist(f"no user {user.pk}")
    return found


def note_locked(user: User) -> None:
    """Remember that ``user`` was read with a lock in the present transaction; its copies are no rows of their own."""
    held: Any = user
    held._locked_in = transactions.present()


def bring_in_step(user: User, row: User) -> None:
    """Give the caller's copy of a person what was just written to their row."""
    if user is row:
        return
    for field in User._meta.concrete_fields:
        setattr(user, field.attname, getattr(row, field.attname))
