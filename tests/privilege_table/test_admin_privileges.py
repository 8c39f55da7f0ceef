"""Who may change what on the admin's pages (V-8, V-2, A-1): every role, every form and button."""

from __future__ import annotations

from typing import Any

import pytest

from tests.privilege_table.cast import Cast, Role
from tests.privilege_table.cells import fingerprint, undone, watching
from tests.privilege_table.pages import CHANGES, FormChange

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

# What a refused role gets to see. 200: the form again, with the reason; 302 of an admin: fields that aren't on their
# own form were ignored, or the list's action says that nothing was done.
REFUSED: dict[Role, frozenset[int]] = {
    Role.OPERATOR: frozenset({200, 302}),
    Role.STAFF: frozenset({403}),
    Role.PARTNER_ADMIN: frozenset({200, 302, 403, 404}),
    Role.SSO_ADMIN: frozenset({200, 302, 403, 404}),
    Role.ACCOUNT_ADMIN: frozenset({200, 302, 403, 404}),
    Role.MEMBER: frozenset({403}),
    Role.OTHER_SSO_ADMIN: frozenset({200, 302, 403, 404}),
    Role.ANONYMOUS: frozenset({302}),
}
# "Add" makes a row of the own account, whatever account was forged.
OWN_ACCOUNT = ("made", "make", "add a person", "allow a provider", "invite")


@pytest.mark.parametrize("role", list(Role))
def test_nobody_changes_more_than_their_role_allows(role: Role, cast: Cast, record_property: Any) -> None:
    # V-8
    cast.at_first = cast.at_first or fingerprint()
    wrong = []
    for change in CHANGES:
        with undone():
            problem = _judged(cast, role, change)
        if problem:
            wrong.append(f"{change.name}: {problem}")
    allowed = sum(role in change.allowed for change in CHANGES)
    record_property("privilege_cells", ("admin pages", allowed, len(CHANGES) - allowed))
    assert not wrong, f"{role}:\n" + "\n".join(wrong)


def _judged(cast: Cast, role: Role, change: FormChange) -> str:
    """Return what is wrong with a cell, "" when nothing is."""
    address, fields = change.request(cast)
    change.prepare(cast)
    if change.seen(cast):
        return "it was so before"
    known, browser = cast.people.get(role), cast.browsers[role]
    cookies = browser.cookies.output(header="")
    with watching() as watch:
        answer = browser.post(address, fields)
    browser.cookies.clear()
    browser.cookies.load(cookies)
    happened = change.seen(cast)
    done = [] if known is None else watch.events(actor_id=str(known.pk), reason="")
    if role in change.allowed:
        if not happened:
            return f"did not happen ({answer.status_code})"
        made = any(event.action.startswith(change.action) for event in done)
        return "" if made else f"no event {change.action}…"
    if happened:
        return "happened"
    if answer.status_code not in REFUSED[role]:
        return f"answered {answer.status_code}"
    if role is Role.OTHER_SSO_ADMIN and change.name.startswith(OWN_ACCOUNT):
        return ""  # at home
    if done:
        return "the trail says that something was done"
    return f"wrote {watch.written}" if watch.written else ""
