"""Who gets through to a change below every page, and with which code the others are refused (V-8, design rule 2)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.privilege_table.cast import Cast
from tests.privilege_table.cells import Watch, fingerprint, outcome_of, undone, watching
from tests.privilege_table.functions import CALLS
from tests.privilege_table.functions.calls import ACTORS, Call, actor_named

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


@pytest.mark.parametrize("who", ACTORS)
def test_nobody_gets_through_to_more_than_they_may_change(who: str, cast: Cast, record_property: Any) -> None:
    # V-8
    mine = [call for call in CALLS if who in call.only - call.but]
    wrong = []
    for call in mine:
        with undone():
            problem, wrote = _judged(cast, who, call)
        if not problem and wrote and _left_something(cast, who, call):
            problem = "refused, and changed something"
        if problem:
            wrong.append(f"{call.name}: {problem}")
    allowed = sum(who in call.allowed for call in mine)
    record_property("privilege_cells", ("functions", allowed, len(mine) - allowed))
    assert not wrong, f"{who}:\n" + "\n".join(wrong)


def _judged(cast: Cast, who: str, call: Call) -> tuple[str, bool]:
    """Return what is wrong with a cell ("" when nothing is), and whether a refused one wrote before it was refused."""
    actor = actor_named(cast, who)
    given = call.arguments(cast)
    with watching() as watch:
        outcome = outcome_of(lambda: call.function(actor=actor, **given))
    mine = watch.events(actor_kind=actor.kind.value, actor_id=actor.id)
    done = [event for event in mine if not event.reason]
    refused = [event for event in mine if event.reason]
    if who in call.allowed:
        return _done_wrong(outcome.code, call, watch, [event.action for event in done]), False
    if not outcome.code:
        return "let through", False
    if outcome.code != call.code:
        return f"refused with {outcome.code}", False
    if [event.reason for event in refused] != [call.code]:
        return f"the trail says {[event.reason for event in refused]} of the refusal", False
    if done:
        return f"the trail says that {done[0].action} was done", False
    return "", bool(watch.written) and call.code != "user.change_held"  # which is kept for an admin to decide


def _done_wrong(code: str, call: Call, watch: Watch, actions: list[str]) -> str:
    if code:
        return f"refused ({code})"
    if not any(action.startswith(call.event) for action in actions):
        return f"no event {call.event}: {actions}"
    return "" if watch.written else "nothing was written"


def _left_something(cast: Cast, who: str, call: Call) -> bool:
    """Try a refused call again whose statements wrote something: it must all have been taken back."""
    with undone():
        given = call.arguments(cast)
        before = fingerprint()
        outcome_of(lambda: call.function(actor=actor_named(cast, who), **given))
        return fingerprint() != before
