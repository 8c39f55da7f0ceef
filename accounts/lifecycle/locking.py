"""The row of a person, locked: what every change of a person begins with."""

from __future__ import annotations

from accounts.models import User
from foundation.compiled_queries import CompiledQuery, key

_LOCKED = CompiledQuery(lambda user: User.objects.filter(pk=user).order_by().select_for_update(), key)


def locked_row(user: User) -> User:
    """Return a person's row as it is now, locked until the transaction ends; raises ``User.DoesNotExist``."""
    found = _LOCKED.first(user.pk)
    if found is None:
        raise User.DoesNotExist(f"no user {user.pk}")
    return found


def bring_in_step(user: User, row: User) -> None:
    """Give the caller's copy of a person what was just written to their row."""
    for field in User._meta.concrete_fields:
        setattr(user, field.attname, getattr(row, field.attname))
