"""Django's PostgreSQL backend, with three things that a hot path needs.

**Prepared statements** for SQL that is sent again and again (``foundation.compiled_statements``): PostgreSQL parses and
plans it once a connection, which for a look-up by key is most of the work. Their text is put into PostgreSQL's own form
once (``NumberedCursor``); the driver would read a long one again at every call. All else goes on as Django does it,
with the values in the text of the statement. A pooler between us and the server must know prepared statements
(PgBouncer from 1.21 on does, with ``max_prepared_statements`` above 0).

**A cheaper health check.** With ``CONN_HEALTH_CHECKS`` Django sends ``SELECT 1`` at the start of every request, a round
trip of its own. A connection that answered within the last seconds, and whose socket the server hasn't closed since,
needs none: a restarted or failed-over server shows at the socket. After a pause the full check is made as ever.

**Writes that wait** for each other (``write_later``), when the caller needs no result of theirs: they are sent in one
statement, at the latest before whatever is executed next and before the commit. What a transaction reads, and what it
leaves behind, is therefore the same as if each had been sent at once; only its error comes later.
"""

from __future__ import annotations

import re
import select
import time
from collections.abc import Sequence
from functools import lru_cache
from itertools import count
from typing import TYPE_CHECKING, Any, Self

from django.db import Error, NotSupportedError
from django.db.backends.postgresql import base
from django.db.backends.postgresql.operations import DatabaseOperations as Operations
from psycopg import Error as DriverError
from psycopg import RawCursor

from foundation.postgresql.write_batch import WriteBatch

if TYPE_CHECKING:
    _Wrapper: Any = object  # much of what is used here is missing in the stubs
    _CursorMixin: Any = object
else:
    _Wrapper = base.DatabaseWrapper
    _CursorMixin = base.CursorMixin

_FRESH = 5.0  # seconds
_PREPARED = (
    250  # statements that one connection keeps; the driver's own 100 are fewer than the hot paths have
)


@lru_cache(maxsize=2048)
def numbered(sql: str) -> bytes:
    """Return a statement of Django's (``%s``, ``%%``) in PostgreSQL's own form (``$1``)."""
    numbers = count(1)
    text = _PLACEHOLDER.sub(lambda found: "%" if found[0] == "%%" else f"${next(numbers)}", sql)
    return text.encode()


_PLACEHOLDER = re.compile("%s|%%")


class NumberedCursor(_CursorMixin, RawCursor[Any]):
    """Sends values apart from the text, as the driver's ``RawCursor``, and takes Django's placeholders all the same."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> Self:
        """Run a statement that Django compiled."""
        return super().execute(numbered(query) if isinstance(query, str) else query, params, **options)


class DatabaseOperations(Operations):
    """Knows what a prepared statement said, for Django's log of queries."""

    def last_executed_query(self, cursor: Any, sql: Any, params: Any) -> Any:
        """Return the statement with its values in the text."""
        return super().last_executed_query(cursor, sql, params) or self.compose_sql(sql, params)


class DatabaseWrapper(_Wrapper):
    """See the module."""

    ops_class = DatabaseOperations
    health_check_done: bool
    _kept: Any = None
    _kept_for: Any = None
    _used_at = 0.0

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._waiting = WriteBatch()

    def write_later(self, table: str, sql: str, values: Sequence[Any]) -> None:
        """Write in the present transaction, together with what comes next."""
        if not self._waiting.takes(table, sql):
            self.send_writes()
        self._waiting.add(table, sql, values)

    def send_writes(self) -> None:
        """Send what waits; raises what the writes would have raised."""
        if not self._waiting:
            return
        sql, values = self._waiting.take()
        try:
            self.prepared_cursor().execute(sql, values)
        except (
            NotSupportedError
        ):  # as in foundation.compiled_statements: prepare anew from the next request on
            self.close_at = time.monotonic()
            raise

    def _prepare_cursor(self, cursor: Any) -> Any:
        # Whoever wants to execute something comes through here.
        self.send_writes()
        return super()._prepare_cursor(cursor)

    def _commit(self) -> Any:
        self.send_writes()
        return super()._commit()

    def _rollback(self) -> Any:
        self._waiting.forget()
        return super()._rollback()

    def _savepoint_rollback(self, sid: str) -> Any:
        self._waiting.forget()  # they came after the savepoint: making one sends what waited
        return super()._savepoint_rollback(sid)

    def _close(self) -> Any:
        self._waiting.forget()
        return super()._close()

    def prepared_cursor(self) -> Any:
        """Return a cursor whose statements the server keeps prepared; values travel apart from the text.

        One cursor serves a connection as long as it lives: read all rows before the next statement, don't close it.
        """
        self.close_if_health_check_failed()
        self.ensure_connection()
        if self._kept_for is not self.connection:
            with self.wrap_database_errors:
                self.connection.prepared_max = _PREPARED
                self._kept, self._kept_for = NumberedCursor(self.connection), self.connection
        return self._prepare_cursor(self._kept)

    def close_if_health_check_failed(self) -> None:
        """Check a connection before its first use in a request."""
        if self.connection is None or not self.health_check_enabled or self.health_check_done:
            return
        now = time.monotonic()
        if now - self._used_at < _FRESH and self._is_open():
            self.health_check_done = True
        else:
            super().close_if_health_check_failed()
        self._used_at = now

    def _is_open(self) -> bool:
        # Between two requests nothing is due from the server: whatever is readable now is its good-bye.
        watch = select.poll()
        try:
            watch.register(self.connection.fileno(), select.POLLIN)
            return not watch.poll(0)
        except (DriverError, Error, ValueError, OSError):
            return False
