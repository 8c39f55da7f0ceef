"""What the two reports about people have in common: members in the viewer's reach, one person a row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet

from accounts.models import Kind, User
from console.admins.columns import ENTRANCE_NAME
from console.reports.report import Cell, Report, Row, account_cell, page_of
from console.scoping import Viewer


def members(viewer: Viewer) -> QuerySet[User]:
    """Return the people of accounts (V-2) whom the viewer sees."""
    found: QuerySet[User] = User.objects.filter(viewer.rows("account"), kind=Kind.MEMBER)
    return found.select_related("account")


class PeopleReport(Report):
    """A report whose rows are people."""

    def when(self, person: Any) -> object:
        """Return the time that the report is about."""
        raise NotImplementedError

    def described(self, found: Sequence[User], viewer: Viewer) -> list[Row]:
        """Return name, address, how they came, and the time."""
        return [
            Row(
                (
                    Cell(person.user_name, page_of("accounts_user", person.pk)),
                    Cell("" if person.get_full_name() == person.user_name else person.get_full_name()),
                    Cell(person.email),
                    Cell(ENTRANCE_NAME.get(person.provisioned_by, "")),
                    Cell(self.when(person)),
                    *account_cell(viewer, person.account, person.account_id),
                ),
                person.pk,
                person.user_name,
            )
            for person in found
        ]
