"""Fill our database fast: copy, in SQL, every row that a person made by HTTP has.

What a POST wrote is the pattern, whatever tables it wrote to: the person's row, all rows that refer to it by a foreign
key, and the audit event about it. A copy differs in its id (UUIDv7, rising like those of people made one by one), in
the number that stands in its values, and in its times, a millisecond apart. The request log isn't copied.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

from bench.people import TEMPLATE, marked
from foundation.ids import new_id

_PEOPLE = "accounts_user"
_AUDIT = ("audit_auditevent", "object_id")
_TEXTS = frozenset({"text", "character varying", "json", "jsonb"})


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    type: str
    is_generated: bool  # the database numbers it


def copy_people(url: str, templates: Sequence[UUID], per_account: int) -> None:
    """Make ``per_account`` - 1 copies of each template, numbered from 1; templates are people 0 of their accounts.

    Copies of different accounts lie between each other on disk, as they would after years of single requests.
    """
    with psycopg.connect(url) as connection:
        connection.execute("set local synchronous_commit = off")
        connection.execute("set local work_mem = '256MB'")
        _without_triggers(connection)
        _number_copies(connection, templates, per_account)
        _copy(connection, _PEOPLE, "id", "t.id = n.template")
        for table, column in _referring(connection, templates[0]):
            _copy(connection, table, column, f"t.{column} = n.template")
        table, column = _AUDIT
        _copy(connection, table, column, f"t.{column} = n.template::text and t.object_type = 'user'")


def _without_triggers(connection: psycopg.Connection[Any]) -> None:
    """Leave out the look-up per row and foreign key, where our user may: what is copied refers to what is there."""
    with contextlib.suppress(psycopg.errors.InsufficientPrivilege), connection.transaction():
        connection.execute("set local session_replication_role = replica")


def _number_copies(connection: psycopg.Connection[Any], templates: Sequence[UUID], per_account: int) -> None:
    connection.execute(
        "create temporary table copies "
        "(place bigint, template uuid, mark text, id uuid, other_id uuid) on commit drop"
    )
    total = (per_account - 1) * len(templates)
    with connection.cursor().copy("copy copies (place, template, mark, id, other_id) from stdin") as rows:
        place = 0
        for number in range(TEMPLATE + 1, per_account):
            for template in templates:
                place += 1
                rows.write_row((total - place, template, marked(number), new_id(), new_id()))
    connection.execute("analyze copies")


def _referring(connection: psycopg.Connection[Any], template: UUID) -> Iterator[tuple[str, str]]:
    """Yield table and column of every foreign key to people under which the template has rows."""
    keys = connection.execute(
        "select c.conrelid::regclass::text, a.attname from pg_constraint c "
        "join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1] "
        "where c.contype = 'f' and c.confrelid = %s::regclass order by 1, 2",
        [_PEOPLE],
    ).fetchall()
    for table, column in keys:
        query = sql.SQL("select exists (select from {} where {} = %s)")
        found = connection.execute(query.format(sql.Identifier(table), sql.Identifier(column)), [template])
        row = found.fetchone()
        if row is not None and row[0]:
            yield table, column


def _copy(connection: psycopg.Connection[Any], table: str, key: str, join: str) -> None:
    columns = [column for column in _columns(connection, table) if not column.is_generated]
    query = sql.SQL(
        "insert into {} ({}) select {} from copies n join {} t on {} order by n.place desc"
    ).format(
        sql.Identifier(table),
        sql.SQL(", ").join(sql.Identifier(column.name) for column in columns),
        sql.SQL(", ").join(_value(column, key) for column in columns),
        sql.Identifier(table),
        sql.SQL(join),
    )
    connection.execute(query)


def _value(column: _Column, key: str) -> sql.Composable:
    name = sql.SQL("t.{}").format(sql.Identifier(column.name))
    if column.name == key:
        return sql.SQL("n.id" if column.type == "uuid" else "n.id::text")
    if column.name == "id":
        return sql.SQL("n.other_id")
    if column.type in _TEXTS:
        replaced = sql.SQL("replace(replace({}::text, {}, n.mark), n.template::text, n.id::text)::{}")
        return replaced.format(name, sql.Literal(marked(TEMPLATE)), sql.SQL(column.type))
    if column.type == "timestamp with time zone":
        return sql.SQL("{} - n.place * interval '1 millisecond'").format(name)
    return name


def _columns(connection: psycopg.Connection[Any], table: str) -> list[_Column]:
    rows = connection.execute(
        "select column_name, data_type, is_identity = 'YES' or column_default like 'nextval%%' "
        "from information_schema.columns where table_name = %s and table_schema = 'public' "
        "and is_generated = 'NEVER' order by ordinal_position",
        [table],
    )
    return [_Column(name, kind, bool(generated)) for name, kind, generated in rows.fetchall()]
