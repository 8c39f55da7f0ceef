"""The stage as a fixture: import ``stage`` into a test module that plays on it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine
from pytest_django import DjangoDbBlocker

from tests.sso_saml.corpus.stage import Visit, found_stage, leave
from tests.sso_saml.corpus.standing import rolled_back
from tests.sso_saml.forge import NOW


@pytest.fixture(scope="module", autouse=True)
def stage(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Visit]:
    """Two customers for all tests of the module, and a browser that left for the provider of one.

    What each test does to them is rolled back.
    """
    with django_db_blocker.unblock(), time_machine.travel(NOW, tick=False), rolled_back():
        found_stage()
        yield leave()
