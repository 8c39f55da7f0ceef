"""Who gets through to a change below every page, and with which code the others are refused (V-8, design rule 2)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.privilege_table.cast import Cast
from tests.privilege_table.cells import outcome_of, undone
from tests.privilege_table.functions import ACTORS, CALLS, Call, actor_named

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


@pytest.mark.parametrize("who", ACTORS)
def test_nobody_gets_through_to_more_than_they_may_change(who: str, cast: Cast, record_property: Any) -> None:
    # V-8
    mine = [call for call in CALLS if who in call.only - call.but]
    wrong = []
    for call in mine:
        with undone():
            problem = _judged(cast, who, call)
        if problem:
            wrong.append(f"{call.name}: {problem}")
    allowed = sum(who in call.allowed for call in mine)
    record_property("privilege_cells", ("functions", allowed, len(mine) - allowed))
    assert not wrong, f"{who}:\n" + "\n".join(wrong)


def _judged(cast: Cast, who: str, call: Call) -> str:
    """Return what is wrong with a cell, "" when nothing is."""
    outcome = outcome_of(lambda: call.call(cast, actor_named(cast, who)))
    if who in call.allowed:
        return f"refused ({outcome.code})" if outcome.refused else ""
    if not outcome.refused:
        return "let through"
    if outcome.code != call.code:
        return f"refused with {outcome.code}"
    return ""
