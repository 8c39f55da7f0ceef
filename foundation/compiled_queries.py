"""Statements of a hot path, compiled by the ORM once and run many times.

Turning a queryset into SQL costs Django several times what PostgreSQL needs to answer it, and having PostgreSQL plan it
anew costs as much again: for a look-up by key, most of a request. A ``CompiledQuery`` lets the ORM compile, once, the
very queryset that the rest of the code uses, with markers in the place of the values; afterwards the same SQL is sent
with other values, prepared where the database can (``foundation.postgresql``). ``insert`` does the same for new rows.

    _BY_LOOKUP = CompiledQuery(lambda lookup: ApiToken.objects.filter(lookup=lookup), text)
    token = _BY_LOOKUP.first("0123456789ab")

What depends on a value's kind (None, a list, an empty text) compiles to other SQL and must not be a parameter, and
whatever else the queryset holds is fixed when it is compiled: never the present time.
"""

from __future__ import annotations

import secrets
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Generic, TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, NotSupportedError, connections
from django.db.models import AutoField, Model, QuerySet
from django.db.models.query import ModelIterable, ValuesListIterable
from django.db.models.sql.subqueries import DeleteQuery, UpdateQuery

from foundation.row_instances import instance_maker
from foundation.transactions import is_all_or_nothing

T = TypeVar("T")

Marker = Callable[[], Any]


def text() -> Any:
    """Return a marker for a text: what folding, trimming and matching leave alone."""
    return f"marker{secrets.token_hex(12)}"


def key() -> Any:
    """Return a marker for a UUID."""
    return uuid.uuid4()


def moment() -> Any:
    """Return a marker for a time."""
    return datetime(1900, 1, 1, tzinfo=UTC) + timedelta(microseconds=secrets.randbits(50))


@dataclass(frozen=True, slots=True)
class Many:
    """A list of arguments of one kind; see ``many``."""

    marker: Marker


def many(marker: Marker) -> Many:
    """Return the marker for a list, in ``CompiledListQuery``."""
    return Many(marker)


class CompiledQuery(Generic[T]):
    """``build`` returns the queryset for its arguments; ``markers`` make one stand-in value for each of them.

    Works for querysets of model instances (with ``select_related``) and of ``values_list`` tuples. Raises ``TypeError``
    at the first run if an argument is not found among the parameters of the SQL exactly as it is.
    """

    __slots__ = ("_build", "_markers", "_plans")

    def __init__(self, build: Callable[..., QuerySet[Any, T]], *markers: Marker) -> None:
        self._build = build
        self._markers = markers
        self._plans: dict[str, _Plan] = {}  # by database vendor

    def all(self, *values: Any) -> list[T]:
        """Return all rows for ``values``."""
        connection = connections[DEFAULT_DB_ALIAS]
        plan = self._plans.get(connection.vendor)
        if plan is None:
            marks = [marker() for marker in self._markers]
            plan = self._plans[connection.vendor] = _plan(connection, self._build, marks)
        found: list[T] = plan.run(connection, values)
        return found

    def first(self, *values: Any) -> T | None:
        """Return the first row for ``values``, or None. Give the queryset its own limit if there may be many."""
        found = self.all(*values)
        return found[0] if found else None


class CompiledListQuery(Generic[T]):
    """As ``CompiledQuery``, where some arguments are lists: each combination of their lengths is compiled once.

    ``markers`` say by ``many(…)`` which those are. A list longer than ``MOST`` is left to the ORM, so that what comes
    from outside does not decide how many statements there are.
    """

    MOST = 32

    __slots__ = ("_build", "_by_lengths", "_markers")

    def __init__(self, build: Callable[..., QuerySet[Any, T]], *markers: Marker | Many) -> None:
        self._build = build
        self._markers = markers
        self._by_lengths: dict[tuple[str, tuple[int, ...]], CompiledQuery[T] | None] = {}

    def all(self, *values: Any) -> list[T]:
        """Return all rows for ``values``, a sequence for each ``many``."""
        lengths = tuple(
            len(value)
            for value, marker in zip(values, self._markers, strict=True)
            if isinstance(marker, Many)
        )
        if max(lengths) > self.MOST:
            return list(self._build(*values))
        shape = (connections[DEFAULT_DB_ALIAS].vendor, lengths)
        flat: list[Any] = []
        for value, marker in zip(values, self._markers, strict=True):
            flat += value if isinstance(marker, Many) else [value]
        if shape not in self._by_lengths:
            self._by_lengths[shape] = self._compiled(lengths)
        compiled = self._by_lengths[shape]
        try:
            return [] if compiled is None else compiled.all(*flat)
        except EmptyResultSet:  # nothing can be in an empty list; the ORM finds out when it compiles
            self._by_lengths[shape] = None
            return []

    def _compiled(self, lengths: tuple[int, ...]) -> CompiledQuery[T]:
        sizes = iter(lengths)
        kinds = [(each, next(sizes)) if isinstance(each, Many) else (each, None) for each in self._markers]

        def build(*flat: Any) -> QuerySet[Any, T]:
            rest = iter(flat)
            given = [next(rest) if size is None else [next(rest) for _ in range(size)] for _, size in kinds]
            return self._build(*given)

        markers: list[Marker] = []
        for kind, size in kinds:
            markers += [kind.marker] * (size or 0) if isinstance(kind, Many) else [kind]
        return CompiledQuery(build, *markers)


class CompiledUpdate:
    """As ``CompiledQuery``, for ``queryset.update(**values)``: ``build`` returns the pair of them."""

    __slots__ = ("_build", "_markers", "_statements")

    def __init__(self, build: Callable[..., Any], *markers: Marker) -> None:
        self._build = build
        self._markers = markers
        self._statements: dict[str, tuple[str, _Statement]] = {}  # by database vendor, with the table

    def run(self, *values: Any) -> int:
        """Write, in the caller's transaction, and return how many rows matched."""
        connection = connections[DEFAULT_DB_ALIAS]
        _, statement = self._statement(connection)
        found: int = _execute(connection, statement.sql, statement.filled(values)).rowcount
        return found

    def run_later(self, *values: Any) -> None:
        """Write, in the caller's transaction, along with what comes next."""
        connection = connections[DEFAULT_DB_ALIAS]
        table, statement = self._statement(connection)
        _write(connection, table, statement.sql, statement.filled(values), later=True)

    def _statement(self, connection: Any) -> tuple[str, _Statement]:
        known = self._statements.get(connection.vendor)
        if known is None:
            marks = [marker() for marker in self._markers]
            query = self._compiled(marks)
            sql, raw = query.get_compiler(using=connection.alias).as_sql()
            known = query.get_meta().db_table, _statement(connection, sql, raw, marks)
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
        _execute(connection, sql, values)


def _execute(connection: Any, sql: str, values: Sequence[Any]) -> Any:
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
class _Statement:
    """``parameters`` are numbers of arguments, or constants that the queryset brought along."""

    sql: str
    parameters: tuple[tuple[bool, Any], ...]
    adapters: tuple[Callable[[Any], Any] | None, ...]  # one an argument: how the database wants it

    def filled(self, values: Sequence[Any]) -> list[Any]:
        adapted = [
            adapt(value) if adapt else value for adapt, value in zip(self.adapters, values, strict=True)
        ]
        return [adapted[item] if given else item for given, item in self.parameters]


def _statement(connection: Any, sql: str, raw: Sequence[Any], marks: list[Any]) -> _Statement:
    adapters = tuple(_adapter(connection, mark) for mark in marks)
    places = [adapt(mark) if adapt else mark for adapt, mark in zip(adapters, marks, strict=True)]
    parameters = tuple((True, places.index(item)) if item in places else (False, item) for item in raw)
    missing = set(range(len(marks))) - {item for given, item in parameters if given}
    if missing:
        raise TypeError(f"arguments {sorted(missing)} of a compiled statement are not parameters of its SQL")
    return _Statement(sql, parameters, adapters)


@dataclass(frozen=True, slots=True)
class _Plan:
    """A statement that reads, and what to make of its rows."""

    statement: _Statement
    converters: tuple[
        tuple[int, Any, Any], ...
    ]  # (column, functions, its expression): from database to Python
    make: Callable[[Sequence[Any]], Any]

    def run(self, connection: Any, values: Sequence[Any]) -> list[Any]:
        statement = self.statement
        found: Sequence[Any] = _execute(connection, statement.sql, statement.filled(values)).fetchall()
        make = self.make
        if self.converters:
            return [make(self._converted(row, connection)) for row in found]
        return [make(row) for row in found]

    def _converted(self, row: Sequence[Any], connection: Any) -> Sequence[Any]:
        values = list(row)
        for column, functions, expression in self.converters:
            for function in functions:
                values[column] = function(values[column], expression, connection)
        return values


def _plan(connection: Any, build: Callable[..., QuerySet[Any, Any]], marks: list[Any]) -> _Plan:
    queryset = build(*marks)
    compiler = queryset.query.get_compiler(using=connection.alias)
    sql, raw = compiler.as_sql()
    columns = [each[0] for each in compiler.select[: compiler.col_count]]
    return _Plan(
        statement=_statement(connection, sql, raw, marks),
        converters=tuple(
            (column, functions, expression)
            for column, (functions, expression) in compiler.get_converters(columns).items()
        ),
        make=_maker(queryset, compiler, connection.alias),
    )


def _adapter(connection: Any, mark: Any) -> Callable[[Any], Any] | None:
    # SQLite keeps a UUID as text; PostgreSQL has a type for it.
    if isinstance(mark, uuid.UUID) and not connection.features.has_native_uuid_field:
        return lambda value: value.hex
    if isinstance(mark, datetime):
        adapt: Callable[[Any], Any] = connection.ops.adapt_datetimefield_value
        return adapt
    return None


def _maker(queryset: QuerySet[Any, Any], compiler: Any, alias: str) -> Callable[[Sequence[Any]], Any]:
    kind = queryset._iterable_class
    if kind is ValuesListIterable:
        return tuple
    if kind is not ModelIterable:
        raise TypeError("a compiled query returns model instances or values_list tuples")
    make, annotations = (
        instance_maker(compiler.klass_info, compiler.select, alias),
        compiler.annotation_col_map,
    )
    return _annotating(make, dict(annotations)) if annotations else make


def _annotating(
    make: Callable[[Sequence[Any]], Any], columns: dict[str, int]
) -> Callable[[Sequence[Any]], Any]:
    def make_annotated(row: Sequence[Any]) -> Any:
        instance = make(row)
        for name, column in columns.items():
            setattr(instance, name, row[column])
        return instance

    return make_annotated
