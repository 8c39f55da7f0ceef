"""The stage as a fixture: import ``stage`` into a test module that plays on it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import DjangoDbBlocker

from tests.sso_oidc.corpus.stage import Stage, standing_stage
from tests.sso_saml.corpus.standing import rolled_back


@pytest.fixture(scope="module")
def stage(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Stage]:
    """Two customers for all tests of the module; what each test does to them is rolled back."""
    with django_db_blocker.unblock(), rolled_back(), standing_stage() as standing:
        yield standing
