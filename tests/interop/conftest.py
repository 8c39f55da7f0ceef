"""One running product for all tests with third parties; each test makes the people that it needs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.interop.running_broker import RunningBroker, running_broker


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningBroker]:
    """The product, on a port of its own."""
    with running_broker(tmp_path_factory.mktemp("broker")) as running:
        yield running
