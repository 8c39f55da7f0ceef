"""Two customers' directories, so that every test can ask what the one sees of the other."""

from __future__ import annotations

import pytest

from tests.scim.directory import Directory, new_directory


@pytest.fixture
def directory(db: None) -> Directory:
    """Acme's directory."""
    return new_directory("acme")


@pytest.fixture
def other(db: None) -> Directory:
    """Another customer's directory."""
    return new_directory("other")
