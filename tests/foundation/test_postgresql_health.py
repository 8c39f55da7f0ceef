"""A web process outlives a restart of the database without a failing request (X-4)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Partner
from foundation.compiled_queries import CompiledQuery, text

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.services,
]


def next_request() -> None:
    """Do what Django does between two requests."""
    connection.close_if_unusable_or_obsolete()
    connection.health_check_done = False


def process_of(cursor: Any) -> int:
    cursor.execute("SELECT pg_backend_pid()")
    return int(cursor.fetchone()[0])


def end_from_outside(process: int) -> None:
    parameters = connection.get_connection_params()
    wanted = {
        name: parameters[name]
        for name in ("dbname", "user", "host", "port", "password")
        if name in parameters
    }
    with psycopg.connect(**wanted, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", (process,))  # waits until it is gone


@pytest.fixture(autouse=True)
def _kept_connection() -> Iterator[None]:
    """Keep the connection between requests as a web process does, until the test ends."""
    connection.ensure_connection()
    before = connection.health_check_enabled, connection.close_at
    connection.health_check_enabled, connection.close_at = True, None
    yield
    connection.close()
    connection.health_check_enabled, connection.close_at = before


def test_a_connection_in_constant_use_is_not_asked_again() -> None:
    next_request()
    with connection.cursor() as cursor:
        first = process_of(cursor)
    next_request()
    with CaptureQueriesContext(connection) as captured, connection.cursor() as cursor:
        assert process_of(cursor) == first
    assert len(captured.captured_queries) == 1


def test_a_connection_that_the_server_ended_is_replaced_before_its_next_use() -> None:
    next_request()
    with connection.cursor() as cursor:
        first = process_of(cursor)
    end_from_outside(first)
    next_request()
    with connection.cursor() as cursor:
        second = process_of(cursor)
    assert second != first


def test_a_migration_beside_a_running_process_fails_no_read() -> None:
    """A column changes its type after a statement on it was prepared."""
    names = CompiledQuery(lambda name: Partner.objects.filter(name=name).values_list("slug", "name"), text)
    Partner.objects.create(slug="reseller", name="Reseller")
    assert names.all("Reseller") == [("reseller", "Reseller")]
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE accounts_partner ALTER COLUMN name TYPE text")
    try:
        assert names.all("Reseller") == [("reseller", "Reseller")]
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE accounts_partner ALTER COLUMN name TYPE varchar(200)")
