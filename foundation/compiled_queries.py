"""Queries of a hot path, compiled by the ORM once and run many times.

Turning a queryset into SQL costs Django several times what PostgreSQL needs to answer it, and having PostgreSQL plan it
anew costs as much again: for a look-up by key, most of a request. A ``CompiledQuery`` lets the ORM compile, once, the
very queryset that the rest of the code uses, with markers in the place of the values; afterwards the same SQL is sent
with other values (``compiled_statements``). ``compiled_writes`` does the same for what is written.

    _BY_LOOKUP = CompiledQuery(lambda lookup: ApiToken.objects.filter(lookup=lookup), text)
    token = _BY_LOOKUP.first("0123456789ab")

What depends on a value's kind (None, a list, an empty text) compiles to other SQL and must not be a parameter, and
whatever else the queryset holds is fixed when it is compiled: never the present time.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import QuerySet
from django.db.models.query import ModelIterable, ValuesListIterable

from foundation.compiled_statements import Marker, Statement, execute, statement_of
from foundation.row_instances import instance_maker

T = TypeVar("T")


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


@dataclass(frozen=True, slots=True)
class _Plan:
    """A statement that reads, and what to make of its rows."""

    statement: Statement
    converters: tuple[
        tuple[int, Any, Any], ...
    ]  # (column, functions, its expression): from database to Python
    make: Callable[[Sequence[Any]], Any]

    def run(self, connection: Any, values: Sequence[Any]) -> list[Any]:
        statement = self.statement
        found: Sequence[Any] = execute(connection, statement.sql, statement.filled(values)).fetchall()
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
        statement=statement_of(connection, sql, raw, marks),
        converters=tuple(
            (column, functions, expression)
            for column, (functions, expression) in compiler.get_converters(columns).items()
        ),
        make=_maker(queryset, compiler, connection.alias),
    )


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
