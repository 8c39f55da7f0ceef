"""SQL that the ORM compiled once, with a place for each argument: for ``compiled_queries`` and ``compiled_writes``.

The ORM compiles a queryset that holds a stand-in value, a *marker*, for each argument; the statement is what came out,
knowing which of its parameters were markers. It is sent prepared where the database can (``foundation.postgresql``).
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import NotSupportedError

Marker = Callable[[], Any]


def execute(connection: Any, sql: str, values: Sequence[Any]) -> Any:
    """Run a statement and return its cursor; on PostgreSQL that is one for all, so read it at once."""
    prepared = getattr(connection, "prepared_cursor", connection.cursor)
    cursor = prepared()
    try:
        cursor.execute(sql, values)
    except NotSupportedError:
        # PostgreSQL won't run a prepared statement whose columns have changed their type since (a migration beside
        # running processes). Prepare anew: at once, or in a transaction, which is lost, from the next request on.
        if connection.in_atomic_block:
            connection.close_at = time.monotonic()
            raise
        connection.close()
        cursor = prepared()
        cursor.execute(sql, values)
    return cursor


@dataclass(frozen=True, slots=True)
class Statement:
    """``parameters`` are numbers of arguments, or constants that the queryset brought along."""

    sql: str
    parameters: tuple[tuple[bool, Any], ...]
    adapters: tuple[Callable[[Any], Any] | None, ...]  # one an argument: how the database wants it

    def filled(self, values: Sequence[Any]) -> list[Any]:
        """Return the parameters to send for these arguments."""
        adapted = [
            adapt(value) if adapt else value for adapt, value in zip(self.adapters, values, strict=True)
        ]
        return [adapted[item] if given else item for given, item in self.parameters]


def statement_of(connection: Any, sql: str, raw: Sequence[Any], marks: list[Any]) -> Statement:
    """Return the statement in which each of ``marks`` is an argument; ``TypeError`` when one is not to be found."""
    adapters = tuple(_adapter(connection, mark) for mark in marks)
    places = [adapt(mark) if adapt else mark for adapt, mark in zip(adapters, marks, strict=True)]
    parameters = tuple((True, places.index(item)) if item in places else (False, item) for item in raw)
    missing = set(range(len(marks))) - {item for given, item in parameters if given}
    if missing:
        raise TypeError(f"arguments {sorted(missing)} of a compiled statement are not parameters of its SQL")
    return Statement(sql, parameters, adapters)


def _adapter(connection: Any, mark: Any) -> Callable[[Any], Any] | None:
    # SQLite keeps a UUID as text; PostgreSQL has a type for it.
    if isinstance(mark, uuid.UUID) and not connection.features.has_native_uuid_field:
        return lambda value: value.hex
    if isinstance(mark, datetime):
        adapt: Callable[[Any], Any] = connection.ops.adapt_datetimefield_value
        return adapt
    return None
