"""Two accounts side by side, and browsers of the people who look at the admin."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import Kind, User
from tests.conftest import client_of
from tests.worlds import World, add_vendor_person, found_account, sign_in

HERE = "localhost:8000"


@pytest.fixture
def acme(db: None) -> World:
    """The account of the admin who looks."""
    return found_account("acme")


@pytest.fixture
def globex(db: None) -> World:
    """The account that is none of their business."""
    return found_account("globex")


@pytest.fixture
def browse() -> Callable[[User], Client]:
    """Return a function that gives a browser in which this person is signed in."""

    def signed_in(user: User) -> Client:
        client = client_of(HERE)
        sign_in(client, user)
        return client

    return signed_in


@pytest.fixture
def operator(db: None) -> User:
    """A vendor operator."""
    return add_vendor_person("olga", Kind.OPERATOR)
