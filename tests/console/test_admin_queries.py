"""A list costs the same number of queries whatever it shows, and never loads a secret column."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.sources import Source
from spaces import access
from tests.console.admin_pages import address_of, page
from tests.console.rows import ROWS
from tests.worlds import (
    OPERATOR,
    World,
    add_attempt,
    add_identity,
    add_provisioned,
    add_session,
)

Browse = Callable[[User], Client]


def queries(browser: Client, address: str) -> list[str]:
    """Return the SQL of one request. Content types are read once a process, by whichever test comes first."""
    browser.get(address)
    with CaptureQueriesContext(connection) as caught:
        assert browser.get(address).status_code == 200
    return [query["sql"] for query in caught.captured_queries]


def fill(world: World, count: int, start: int) -> None:
    """Add people with everything that lists show about them."""
    for number in range(start, start + count):
        person = add_provisioned(world.account, f"person{number}")
        add_identity(person, world.provider)
        add_session(person)
        add_attempt(person, world.provider)
        access.grant_space_role(
            user=person, space=world.space, role=world.space_role, actor=OPERATOR, source=Source.CLAIMS
        )


@pytest.mark.parametrize(
    "label",
    [
        "accounts.user",
        "accounts.usersession",
        "sso.federatedidentity",
        "sso.signinattempt",
        "audit.auditevent",
    ],
)
def test_a_longer_list_needs_no_more_queries(label: str, acme: World, browse: Browse) -> None:
    browser = browse(acme.admin)
    fill(acme, 2, 0)
    few = len(queries(browser, page(label, "changelist")))
    fill(acme, 12, 2)
    assert len(queries(browser, page(label, "changelist"))) == few
    assert few < 15


def test_a_space_with_more_members_needs_no_more_queries(acme: World, browse: Browse) -> None:
    browser = browse(acme.admin)
    fill(acme, 2, 0)
    few = len(queries(browser, address_of(acme.space)))
    fill(acme, 12, 2)
    assert len(queries(browser, address_of(acme.space))) == few


@pytest.mark.parametrize(
    ("label", "column"),
    [
        ("accounts.usersession", "id_token"),
        ("sso.federatedidentity", "last_claims"),
        ("sso.signinattempt", "claims"),
        ("sso.signinattempt", "code_verifier"),
    ],
)
def test_lists_leave_encrypted_columns_in_the_database(
    label: str, column: str, acme: World, browse: Browse
) -> None:
    table = type(ROWS[label](acme))._meta.db_table
    browser = browse(acme.sso_admin)
    # The browser's own session is read by its key, whole, at each request of the product.
    lists = [sql for sql in queries(browser, page(label, "changelist")) if "LIMIT 1" not in sql]
    assert any(f'FROM "{table}"' in sql for sql in lists)
    assert not any(f'"{table}"."{column}"' in sql for sql in lists)
