"""What tests of metadata by URL start with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from tests.sso_saml.published_metadata import Published, published


@pytest.fixture
def acme(db: None, settings: Settings) -> Iterator[Published]:
    """An enabled provider that trusts one key, with a metadata URL."""
    with published(settings) as found:
        yield found


@pytest.fixture
def draft(db: None, settings: Settings) -> Iterator[Published]:
    """A draft that has nothing but a metadata URL."""
    with published(settings, enabled=False) as found:
        yield found
