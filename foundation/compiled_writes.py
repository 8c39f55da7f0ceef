"""Writes of a hot path, compiled by the ORM once and run many times: as ``compiled_queries``, which says why.

    _SPEND = CompiledUpdate(lambda row, now: (Code.objects.filter(pk=row), {"spent_at": now}), key, moment)
    if not _SPEND.run(code.pk, timezone.now()): …

``insert`` and ``update`` write rows of any model without ``save`` and its signals. All of it is part of the caller's
transaction; what may wait for the statements that follow is sent with them where the database can.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import AutoField, Model
from django.db.models.sql.subqueries import DeleteQuery, UpdateQuery

from foundation.compiled_queries import CompiledListQuery
from foundation.compiled_statements import Marker, Statement, execute, statement_of
from foundation.transactions import is_all_or_nothing


class CompiledUpdate:
    """As ``CompiledQuery``, for ``queryset.update(**values)``: ``build`` returns the pair of them."""

    __slots__ = ("_build", "_markers", "_statements")

    def __init__(self, build: Callable[..., Any], *markers: Marker) -> None:
        self._build = build
        self._markers = markers
        self._statements: dict[str, tuple[str, Statement]] = {}  # by database vendor, with the table

    def run(self, *values: Any) -> int:
        """Write, in the caller's transaction, and return how many rows matched."""
        connection = connections[DEFAULT_DB_ALIAS]
        _, statement = self._statement(connection)
        found: int = execute(connection, statement.sql, statement.filled(values)).rowcount
        return found

    def run_later(self, *values: Any) -> None:
        """Write, in the caller's transaction, along with what comes next."""
        connection = connections[DEFAULT_DB_ALIAS]
        table, statement = self._statement(connection)
        _write(connection, table, statement.sql, statement.filled(values), later=True)

    def _statement(self, connection: Any) -> tuple[str, Statement]:
        known = self._statements.get(connection.vendor)
        if known is None:
            marks = [marker() for marker in self._markers]
            query = self._compiled(marks)
            sql, raw = query.get_compiler(using=connection.alias).as_sql()
            known = query.get_meta().db_table, statement_of(connection, sql, raw, marks)
            self._statements[connection.vendor] = known
        return known

    def _compiled(self, marks: list[Any]) -> Any:
        queryset, changes = self._build(*marks)
        query: Any = queryset.query.chain(UpdateQuery)
        query.add_update_values(changes)
        return query


class CompiledDelete(CompiledUpdate):
    """As ``CompiledUpdate``, for rows that nothing points at: what would have to go with them is not looked for."""

    __slots__ = ()

    def _compiled(self, marks: list[Any]) -> Any:
        queryset: Any = self._build(*marks)
        return queryset.order_by().query.chain(DeleteQuery)


def insert(rows: Sequence[Model], *, ignore_conflicts: bool = False, later: bool = False) -> None:
    """Write new rows of one model in one statement, in the caller's transaction.

    For a few rows, ``bulk_create`` without its cost; each number of rows is a statement of its own. Calls no ``save``,
    sends no signals and leaves keys that the database makes unset. ``later`` is for rows that can't conflict: see
    ``update``.
    """
    if not rows:
        return
    model, connection = type(rows[0]), connections[DEFAULT_DB_ALIAS]
    shape = (connection.vendor, model, len(rows), ignore_conflicts)
    statement = _inserts.get(shape)
    if statement is None:
        statement = _inserts[shape] = _insert_of(connection, model, len(rows), ignore_conflicts)
    sql, fields = statement
    values = [
        field.get_db_prep_save(field.pre_save(row, True), connection) for row in rows for field in fields
    ]
    _write(connection, model._meta.db_table, sql, values, later=later)
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias


def insert_values(model: type[Model], names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Write new rows from values by name, without instances; those that are there already stay as they are.

    As ``insert`` with ``ignore_conflicts`` and ``later``, for any number of rows. ``names`` are all columns but a key
    that the database makes; nothing has a default.
    """
    if not rows:
        return
    connection = connections[DEFAULT_DB_ALIAS]
    by_column = connection.vendor == "postgresql"  # one statement for any number of rows
    if not by_column and len(rows) > CompiledListQuery.MOST:
        instances = [model(**dict(zip(names, row, strict=True))) for row in rows]
        model._default_manager.bulk_create(instances, ignore_conflicts=True)
        return
    shape = (connection.vendor, model, 0 if by_column else len(rows), True)
    statement = _inserts.get(shape)
    if statement is None:
        make = _insert_by_column if by_column else partial(_insert_of, count=len(rows), ignore_conflicts=True)
        statement = _inserts[shape] = make(connection, model)
    sql, fields = statement
    places = [(field, names.index(field.attname)) for field in fields]
    if by_column:
        values: list[Any] = [
            [field.get_db_prep_save(row[place], connection) for row in rows] for field, place in places
        ]
    else:
        values = [field.get_db_prep_save(row[place], connection) for row in rows for field, place in places]
    _write(connection, model._meta.db_table, sql, values, later=True)


def update(row: Model, names: Iterable[str], *, later: bool = False) -> None:
    """Write some fields of a row by its key, in the caller's transaction; calls no ``save`` and sends no signals.

    Give the names in a steady order: each combination is a statement of its own. ``later`` lets the write wait for
    those that follow, where the database can send several at once and the transaction is all or nothing; do so when
    nobody would catch its error.
    """
    model = type(row)
    connection = connections[DEFAULT_DB_ALIAS]
    fields = tuple(names)
    statement = _updates.get((connection.vendor, model, fields))
    if statement is None:
        statement = _updates[connection.vendor, model, fields] = _update_of(connection, model, fields)
    sql, columns = statement
    values = [field.get_db_prep_save(field.pre_save(row, False), connection) for field in columns]
    _write(connection, model._meta.db_table, sql, values, later=later)


_updates: dict[tuple[str, type[Model], tuple[str, ...]], tuple[str, list[Any]]] = {}
_inserts: dict[tuple[str, type[Model], int, bool], tuple[str, list[Any]]] = {}


def _insert_of(
    connection: Any, model: type[Model], count: int, ignore_conflicts: bool
) -> tuple[str, list[Any]]:
    fields = [field for field in model._meta.concrete_fields if not isinstance(field, AutoField)]
    name = connection.ops.quote_name
    columns = ", ".join(name(field.column) for field in fields)
    row = f"({', '.join(['%s'] * len(fields))})"
    table, rows = name(model._meta.db_table), ", ".join([row] * count)
    sql = f"INSERT INTO {table} ({columns}) VALUES {rows}"  # noqa: S608 -- names of ours, values apart
    return (f"{sql} ON CONFLICT DO NOTHING" if ignore_conflicts else sql), fields


def _insert_by_column(connection: Any, model: type[Model]) -> tuple[str, list[Any]]:
    fields = [field for field in model._meta.concrete_fields if not isinstance(field, AutoField)]
    name = connection.ops.quote_name
    columns = ", ".join(name(field.column) for field in fields)
    arrays = ", ".join(f"%s::{field.db_type(connection)}[]" for field in fields)
    table = name(model._meta.db_table)
    sql = f"INSERT INTO {table} ({columns}) SELECT * FROM UNNEST({arrays}) ON CONFLICT DO NOTHING"  # noqa: S608 -- names of ours, values apart
    return sql, fields


def _update_of(connection: Any, model: type[Model], names: Iterable[str]) -> tuple[str, list[Any]]:
    fields: list[Any] = [model._meta.get_field(name) for name in names]
    name = connection.ops.quote_name
    changes = ", ".join(f"{name(field.column)} = %s" for field in fields)
    key = model._meta.pk
    sql = f"UPDATE {name(model._meta.db_table)} SET {changes} WHERE {name(key.column)} = %s"  # noqa: S608 -- names of ours, values apart
    return sql, [*fields, key]


def _write(connection: Any, table: str, sql: str, values: Sequence[Any], *, later: bool) -> None:
    wait = getattr(connection, "write_later", None) if later and is_all_or_nothing() else None
    if wait is not None:
        wait(table, sql, values)
    else:
        execute(connection, sql, values)
