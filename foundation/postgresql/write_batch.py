"""Several writes in one round trip: a statement whose ``WITH`` holds the others.

    WITH write_0 AS (INSERT INTO audit_auditevent …), write_1 AS (UPDATE accounts_user …) INSERT INTO scim_uservalue …

PostgreSQL carries all of them out, whatever the last one reads (documentation §7.8.4, "Data-Modifying Statements in
WITH"). All see the database as it was before the first of them, so two writes of one row in one statement would lose
the second: a batch takes each table once, or any number of inserts into it. Foreign keys are checked at the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Write = tuple[str, Sequence[Any]]


class WriteBatch:
    """The writes of a transaction that wait to be sent, in their order."""

    def __init__(self) -> None:
        self._writes: list[Write] = []
        self._tables: dict[str, bool] = {}  # whether all that waits for it are inserts

    def __bool__(self) -> bool:
        return bool(self._writes)

    def takes(self, table: str, sql: str) -> bool:
        """Tell whether a write to ``table`` may go along."""
        return table not in self._tables or (self._tables[table] and _is_insert(sql))

    def add(self, table: str, sql: str, values: Sequence[Any]) -> None:
        """Let a write wait."""
        self._writes.append((sql, values))
        self._tables[table] = _is_insert(sql)

    def take(self) -> Write:
        """Return all that waits as one statement; nothing waits afterwards."""
        *others, (last, last_values) = self._writes
        self.forget()
        if not others:
            return last, last_values
        named = ", ".join(f"write_{number} AS ({sql})" for number, (sql, _) in enumerate(others))
        values = [value for _, some in others for value in some]
        return f"WITH {named} {last}", [*values, *last_values]

    def forget(self) -> None:
        """Drop what waits: the transaction is rolled back, or the connection gone."""
        self._writes.clear()
        self._tables.clear()


def _is_insert(sql: str) -> bool:
    return sql.startswith("INSERT INTO ")
