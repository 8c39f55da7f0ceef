"""Who may change what on the admin's pages (V-8, V-2, A-1): every role, every form and button."""

from __future__ import annotations

from typing import Any

import pytest

from tests.privilege_table.cast import Cast, Role
from tests.privilege_table.cells import undone, undrawn, watching
from tests.privilege_table.pages import CHANGES, FormChange
from tests.privilege_table.pages.everything import actions_and_rows, addresses
from tests.privilege_table.pages.exempt import EXEMPT, Proof, why_exempt

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
SHUT_OUT = frozenset(
    {Role.STAFF, Role.MEMBER, Role.ANONYMOUS}
)  # of the admin as a whole: 403, or the sign-in
# "Add" makes a row of the own account, whatever account was forged.
OWN_ACCOUNT = ("made", "make", "add a person", "allow a provider", "invite")


@pytest.mark.parametrize("role", list(Role))
def test_nobody_changes_more_than_their_role_allows(role: Role, cast: Cast, record_property: Any) -> None:
    # V-8
    wrong = []
    changes = _at_each_address_once(cast) if role in SHUT_OUT else CHANGES
    for change in changes:
        with undone():
            problem = _judged(cast, role, change)
        if problem:
            wrong.append(f"{change.name}: {problem}")
    allowed = sum(role in change.allowed for change in changes)
    record_property("privilege_cells", ("admin pages", allowed, len(changes) - allowed))
    assert not wrong, f"{role}:\n" + "\n".join(wrong)


def _at_each_address_once(cast: Cast) -> list[FormChange]:
    """Return a change for each address: who is stopped at the door is so whatever the form says."""
    with undone():
        return list({change.request(cast)[0]: change for change in CHANGES}.values())


def _judged(cast: Cast, role: Role, change: FormChange) -> str:
    """Return what is wrong with a cell, "" when nothing is."""
    address, fields = change.request(cast)
    change.prepare(cast)
    if role is Role.OPERATOR and change.seen(cast):
        return "it was so before"
    known, browser = cast.people.get(role), cast.browsers[role]
    cookies = browser.cookies.output(header="")
    with watching() as watch, undrawn():
        answer = browser.post(address, fields)
    browser.cookies.clear()
    browser.cookies.load(cookies)
    happened = bool(watch.written) and change.seen(cast)
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


def test_every_address_action_and_row_of_the_admin_is_in_the_table_or_says_why_not(cast: Cast) -> None:
    # V-8, A-1
    covered: set[str] = set()
    for change in CHANGES:
        covered |= change.covers(cast)
    known = {name.split()[0] for name in covered}
    with undone():
        missing = {name: address for name, address in addresses().items() if name not in known}
        without_reason = {name for name in missing if why_exempt(name) is None}
        assert not without_reason, "add a row to tests/privilege_table/pages, or a reason"
        reasons = [found for name in missing if (found := why_exempt(name)) is not None]
        assert {pattern for pattern, _ in reasons} == set(EXEMPT), "a reason that fits nothing: take it away"
        assert set(actions_and_rows(cast)) - covered == set(), "add a row to tests/privilege_table/pages"
        unproven = [name for name, address in missing.items() if not _is_proven(cast, name, address)]
        assert not unproven, "they do something: add a row to tests/privilege_table/pages"


def _is_proven(cast: Cast, name: str, address: str) -> bool:
    found = why_exempt(name)
    assert found is not None
    proof = found[1]
    if proof is Proof.ELSEWHERE:
        return True
    role = Role.ACCOUNT_ADMIN if proof is Proof.ASKS_OUTSIDE else Role.OPERATOR
    with undone(), watching() as watch, undrawn():
        answer = cast.browsers[role].post(address, {"post": "yes"})
    refused = answer.status_code in (403, 404, 405)
    return not watch.written and (refused or proof is Proof.SHOWS)
