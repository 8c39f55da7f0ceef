"""What a report is: a question with a number of days, rows in the viewer's reach, and the cells of a row."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from console.admins.columns import NOTHING
from console.scoping import Viewer

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True, slots=True)
class Cell:
    """A value and where it leads to; of a time the page shows the day in the viewer's zone, an export all, in UTC."""

    value: object
    link: str = ""

    @property
    def is_moment(self) -> bool:
        """Whether it is a day."""
        return isinstance(self.value, datetime)

    @property
    def shown(self) -> str:
        """The text on the page."""
        if isinstance(self.value, datetime):
            return formats.date_format(timezone.localtime(self.value))
        return NOTHING if self.value in ("", None) else str(self.value)

    @property
    def plain(self) -> str:
        """The text in an export."""
        if isinstance(self.value, datetime):
            return self.value.isoformat(timespec="seconds")
        return "" if self.value is None else str(self.value)


@dataclass(frozen=True, slots=True)
class Row:
    """A row with one cell for each title; ``person`` can be ticked."""

    cells: tuple[Cell, ...]
    person: UUID | None = None
    name: str = ""  # what a tick box is called


class Report(ABC):
    """One report. Subclasses say what it asks, which rows answer it, and what is told of a row."""

    slug: str
    title: StrOrPromise
    explanation: StrOrPromise  # what the rows have in common, and what is left out
    days_label: StrOrPromise  # the field N
    default_days: int
    when_empty: StrOrPromise  # what an empty report means
    lists_people = True  # rows can be ticked

    @abstractmethod
    def tables(self, viewer: Viewer, since: datetime) -> tuple[QuerySet[Any, Any], ...]:
        """Return what to count, one queryset a table; ``since`` is N days ago."""

    @abstractmethod
    def rows(self, viewer: Viewer, since: datetime) -> QuerySet[Any, Any]:
        """Return the rows in the order in which they are shown."""

    @abstractmethod
    def titles(self) -> tuple[str, ...]:
        """Return the columns, without the account's."""

    @abstractmethod
    def described(self, found: Sequence[Any], viewer: Viewer) -> list[Row]:
        """Return the cells of a page of rows, in a constant number of queries."""

    @property
    def counted(self) -> str:
        """Say what is counted on the first pages: the field's label with its own number of days."""
        return str(self.days_label).replace("…", str(self.default_days))

    @property
    def address(self) -> str:
        """The page's address."""
        return reverse("admin:report", args=[self.slug])

    def columns(self, viewer: Viewer) -> tuple[str, ...]:
        """Return the titles; who sees several accounts is told which one a row belongs to."""
        return (*self.titles(), _("Account")) if viewer.sees_many_accounts else self.titles()


def days_ago(days: int) -> datetime:
    """Return the time N days ago."""
    return timezone.now() - timedelta(days=days)


def page_of(model: str, key: object) -> str:
    """Return the address of a row in the admin: ``page_of("accounts_user", …)``."""
    return reverse(f"admin:{model}_change", args=[key])


def account_cell(viewer: Viewer, name: object, key: object) -> tuple[Cell, ...]:
    """Return the last cell for those who see several accounts."""
    return (Cell(name, page_of("accounts_account", key)),) if viewer.sees_many_accounts else ()
