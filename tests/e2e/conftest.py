"""One running product and one Chromium for all browser tests, and a fresh browser profile for each person in a test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.running_product import RunningProduct, start_product
from tests.e2e.visitor import DESKTOP, Visitor

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NewVisitor = Callable[..., Visitor]


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningProduct]:
    """``make run``, somewhere else."""
    running = start_product(tmp_path_factory.mktemp("product"))
    yield running
    running.stop()


@pytest.fixture
def new_visitor(chromium: Browser, product: RunningProduct) -> Iterator[NewVisitor]:
    """Make a browser for a person; options are those of a Playwright context (``java_script_enabled``, ``locale``)."""
    visitors: list[Visitor] = []

    def make(**options: Any) -> Visitor:
        context = chromium.new_context(**{"viewport": DESKTOP, "locale": "en-GB", **options})
        visitors.append(Visitor(context, product))
        return visitors[-1]

    yield make
    complaints = [complaint for visitor in visitors for complaint in visitor.all_complaints()]
    for visitor in visitors:
        visitor.context.close()
    assert complaints == []


@pytest.fixture
def visitor(new_visitor: NewVisitor) -> Visitor:
    """One person's browser."""
    return new_visitor()
