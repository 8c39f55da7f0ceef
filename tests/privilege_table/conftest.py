"""The world that all cells are tried in, and the counts at the end of a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction

from tests.privilege_table.cast import Cast, assemble


@pytest.fixture(scope="module")
def cast(django_db_setup: None, django_db_blocker: Any) -> Iterator[Cast]:
    """Everybody, once for a whole module: each cell is rolled back to here."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield assemble()
        transaction.set_rollback(True)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print how many cells of each entrance were allowed and refused."""
    counts: Counter[tuple[str, str]] = Counter()
    for report in terminalreporter.stats.get("passed", []):
        for name, value in report.user_properties:
            if name == "privilege_cells":
                entrance, allowed, refused = value
                counts[entrance, "allowed"] += allowed
                counts[entrance, "refused"] += refused
    if not counts:
        return
    terminalreporter.section("privilege table (V-8)")
    for entrance in sorted({entrance for entrance, _ in counts}):
        allowed, refused = counts[entrance, "allowed"], counts[entrance, "refused"]
        terminalreporter.line(
            f"{entrance:22} {allowed + refused:4} cells: {allowed} allowed, {refused} refused"
        )
    terminalreporter.line(f"{'all':22} {sum(counts.values()):4} cells")
