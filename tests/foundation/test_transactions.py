"""Functions that change something are transactions by themselves and parts of their callers'."""

from __future__ import annotations

from contextlib import suppress

import pytest
from django.db import connection, transaction
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext

from accounts.models import Partner
from foundation.transactions import all_or_nothing, in_transaction

pytestmark = pytest.mark.django_db(transaction=True)


class Refusal(Exception):
    """What a function raises after it wrote something."""


@in_transaction
def add(slug: str, *, refuse: bool = False) -> None:
    Partner.objects.create(slug=slug, name=slug)
    if refuse:
        raise Refusal


def slugs() -> set[str]:
    return set(Partner.objects.values_list("slug", flat=True))


def test_a_refusal_takes_back_what_the_function_wrote() -> None:
    with pytest.raises(Refusal):
        add("one", refuse=True)
    add("two")
    assert slugs() == {"two"}


def test_a_caller_may_go_on_after_a_refusal() -> None:
    with transaction.atomic():
        add("one")
        with suppress(Refusal):
            add("two", refuse=True)
        add("three")
    assert slugs() == {"one", "three"}


def test_all_or_nothing_takes_everything_back_even_if_somebody_went_on() -> None:
    with suppress(TransactionManagementError), all_or_nothing():
        add("one")
        with suppress(Refusal):
            add("two", refuse=True)
        add("three")
    assert slugs() == set()
    add("four")
    assert slugs() == {"four"}


def test_all_or_nothing_makes_no_savepoints() -> None:
    with CaptureQueriesContext(connection) as captured, all_or_nothing():
        add("one")
        add("two")
    assert not any("SAVEPOINT" in each["sql"] for each in captured.captured_queries)
    assert slugs() == {"one", "two"}


def test_it_ends_with_its_block() -> None:
    with all_or_nothing():
        add("one")
    with transaction.atomic():
        with suppress(Refusal):
            add("two", refuse=True)
        add("three")
    assert slugs() == {"one", "three"}
