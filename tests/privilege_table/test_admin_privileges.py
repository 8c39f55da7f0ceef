"""Who may change what on the admin's pages (V-8, V-2, A-1): every role, every form and button."""

from __future__ import annotations

from typing import Any

import pytest

from tests.privilege_table.admin_forms import CHANGES, FormChange
from tests.privilege_table.cast import Cast, Role
from tests.privilege_table.cells import events_of, fingerprint, undone

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

# What a refused role gets to see. 200: the form again, with the reason; 302 of an admin: fields that aren't on their
# own form were ignored, or the list's action says that nothing was done.
REFUSED: dict[Role, frozenset[int]] = {
    Role.OPERATOR: frozenset({200, 302}),
    Role.STAFF: frozenset({403}),
    Role.PARTNER_ADMIN: frozenset({200, 403, 404}),
    Role.SSO_ADMIN: frozenset({200, 302, 403, 404}),
    Role.ACCOUNT_ADMIN: frozenset({200, 302, 403, 404}),
    Role.MEMBER: frozenset({403}),
    Role.OTHER_SSO_ADMIN: frozenset({200, 302, 403, 404}),
    Role.ANONYMOUS: frozenset({302}),
}
# "Add" makes a row of the own account, whatever account was forged.
OWN_ACCOUNT = ("made", "make", "add a person", "allow a provider")


@pytest.mark.parametrize("role", list(Role))
def test_nobody_changes_more_than_their_role_allows(role: Role, cast: Cast, record_property: Any) -> None:
    # V-8
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
    if change.name not in cast.forms:
        cast.forms[change.name] = change.request(cast)
    address, fields = cast.forms[change.name]
    if change.seen(cast):
        return "it was so before"
    cast.at_first = cast.at_first or fingerprint()
    known = cast.people.get(role)
    done = 0 if known is None else events_of(str(known.pk)).count()
    answer = cast.browsers[role].post(address, fields)
    happened = change.seen(cast)
    if role in change.allowed:
        made = (
            known is not None and events_of(str(known.pk)).filter(action__startswith=change.action).exists()
        )
        said = "" if happened else f"did not happen ({answer.status_code})"
        return said or ("" if made else f"no event {change.action}…")
    if happened:
        return "happened"
    if answer.status_code not in REFUSED[role]:
        return f"answered {answer.status_code}"
    at_home = role is Role.OTHER_SSO_ADMIN and change.name.startswith(OWN_ACCOUNT)
    if at_home:
        return ""
    ignored = answer.status_code == 302 and role in change_ignores(role)
    if fingerprint() != cast.at_first and not ignored:
        return "changed something else"
    if known is not None and not ignored and events_of(str(known.pk)).count() != done:
        return "the trail says that something was done"
    return ""


def change_ignores(role: Role) -> frozenset[Role]:
    """Return who may save the form of somebody whom they may change, with the forged field left out."""
    return frozenset({Role.OPERATOR, Role.SSO_ADMIN, Role.ACCOUNT_ADMIN})
