"""A row of the pages' table, and how its request is made.

The request is built from the operator's own form, so that everybody sends what would work for somebody: a forger knows
more fields than their own page has.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Model
from django.urls import resolve

from accounts.models import User
from tests.console.admin_pages import Fields, address_of, fields_of, page, with_row, without_row
from tests.privilege_table.cast import Cast, Role
from tests.privilege_table.cells import undrawn

Sent = tuple[str, Fields]  # address and fields
Request = Callable[[Cast], Sent]
Row = Callable[[Cast], Model]

NOBODY: frozenset[Role] = frozenset()
OPERATORS = frozenset({Role.OPERATOR})
SSO_ADMINS = OPERATORS | {Role.SSO_ADMIN}
ADMINS = SSO_ADMINS | {Role.ACCOUNT_ADMIN}


def _nothing(_cast: Cast) -> None:
    """Most changes need nothing beforehand."""


@dataclass(frozen=True, slots=True)
class FormChange:
    """A change that a form or button makes.

    Those in ``allowed`` make it happen: then it is ``seen``, and the trail has an event of theirs that begins with
    ``action``. ``prepare`` brings about what the change needs, in the cell.
    """

    name: str
    allowed: frozenset[Role]
    seen: Callable[[Cast], bool]
    action: str
    request: Request
    prepare: Callable[[Cast], None] = _nothing

    def covers(self, cast: Cast) -> set[str]:
        """Return what of the admin this tries: ``<url name>``, with the list's action or the inline's row, if any."""
        address, fields = self.request(cast)
        name = str(resolve(address.partition("?")[0]).url_name)
        if "action" in fields:
            return {f"{name} action {fields['action']}"}
        before = cast.pages.get(address, {})
        removed = {key.split("-")[0] for key in fields if key.endswith("-DELETE")}
        added = {
            key.removesuffix("-TOTAL_FORMS")
            for key in fields
            if key.endswith("-TOTAL_FORMS") and str(fields[key]) != str(before.get(key, fields[key]))
        }
        rows = {f"{name} -{prefix}" for prefix in removed} | {f"{name} +{prefix}" for prefix in added}
        return rows or {name}


def page_of(cast: Cast, address: str) -> Fields:
    """Return the fields of a page as the operator sees it, read once; the frame around its form is left out."""
    if address not in cast.pages:
        with undrawn():
            answer = cast.browsers[Role.OPERATOR].get(address)
        assert answer.status_code == 200, address
        shown: Any = answer.context_data  # type: ignore[attr-defined]  # of a TemplateResponse
        parts = list(shown["adminform"].form)
        for formset in (each.formset for each in shown["inline_admin_formsets"]):
            parts += [*formset.management_form, *(field for form in formset.forms for field in form)]
        cast.pages[address] = fields_of(f'<form id="the_form">{"".join(map(str, parts))}</form>')
    return dict(cast.pages[address])


def edited(row: Row, **values: Any) -> Request:
    """Change fields of a row's own page."""

    def request(cast: Cast) -> Sent:
        address = address_of(row(cast))
        return address, {**page_of(cast, address), **values}

    return request


def added(model: type[Model], values: Callable[[Cast], Fields]) -> Request:
    """Add a row by the page that adds."""

    def request(cast: Cast) -> Sent:
        address = page(model, "add")
        return address, {**page_of(cast, address), **values(cast)}

    return request


def row_added(row: Row, prefix: str, values: Callable[[Cast], Fields]) -> Request:
    """Add a row to an inline of another one's page."""

    def request(cast: Cast) -> Sent:
        address = address_of(row(cast))
        return address, with_row(page_of(cast, address), prefix, **values(cast))

    return request


def row_removed(row: Row, prefix: str, held: Row) -> Request:
    """Tick the remove box of an inline's row."""

    def request(cast: Cast) -> Sent:
        address = address_of(row(cast))
        return address, without_row(page_of(cast, address), prefix, held(cast))

    return request


def pressed(row: Row, name: str, **fields: Any) -> Request:
    """Press a button of a row's page and say yes."""

    def request(cast: Cast) -> Sent:
        found = row(cast)
        return page(type(found), name, found.pk), {"post": "yes", **fields}

    return request


def chosen(action: str, row: Row, model: type[Model] = User) -> Request:
    """Take an action of a list on one row of it."""

    def request(cast: Cast) -> Sent:
        fields = {"action": action, "_selected_action": [str(row(cast).pk)], "index": "0", "post": "yes"}
        return page(model, "changelist"), fields

    return request


def fresh(row: Model) -> Any:
    """Return a row as it is now."""
    return type(row)._default_manager.get(pk=row.pk)


def gone(row: Row) -> Callable[[Cast], bool]:
    """Tell whether a row is there no longer."""
    return lambda cast: not type(row(cast))._default_manager.filter(pk=row(cast).pk).exists()
