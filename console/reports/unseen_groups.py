"""Mapped groups that no sign-in and no push ever named: a wrong identifier, or nobody of it has come yet (G-7)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Count, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.group_sightings import never_seen
from accounts.models import Group, GroupMembership
from console.reports.report import Cell, Report, Row, account_cell, page_of
from console.scoping import Viewer


class UnseenGroups(Report):
    """Groups with an IdP identifier that nobody ever brought along."""

    slug = "unseen-groups"
    title = gettext_lazy("Mapped groups never seen")
    explanation = gettext_lazy(
        "They have an IdP identifier, but no sign-in and no push of the directory has ever named it. Often it is "
        "misspelt, or the provider sends no groups. A group's page offers the identifiers that were seen."
    )
    days_label = gettext_lazy("Created more than … days ago")
    default_days = 30
    when_empty = gettext_lazy("Every mapped group of that age has been named by a sign-in or the directory.")
    lists_people = False

    def tables(self, viewer: Viewer, since: datetime) -> tuple[QuerySet[Any, Any], ...]:
        """Return never seen groups that were made before."""
        return (Group.objects.filter(viewer.rows("account"), never_seen(), created_at__lt=since),)

    def rows(self, viewer: Viewer, since: datetime) -> QuerySet[Any, Any]:
        """Return the oldest first, with the number of people who are in by hand."""
        held = GroupMembership.objects.filter(group=OuterRef("pk")).order_by().values("group")
        counted = held.annotate(n=Count("user", distinct=True)).values("n")
        found = self.tables(viewer, since)[0].select_related("account")
        rows: QuerySet[Any, Any] = found.annotate(people=Coalesce(Subquery(counted), Value(0)))
        return rows.order_by("created_at", "pk")

    def titles(self) -> tuple[str, ...]:
        """Return the columns."""
        return (_("Group"), _("IdP identifier"), _("Members"), _("Created"))

    def described(self, found: Sequence[Any], viewer: Viewer) -> list[Row]:
        """Return name, identifier and members."""
        return [
            Row(
                (
                    Cell(group.name, page_of("accounts_group", group.pk)),
                    Cell(group.idp_identifier),
                    Cell(group.people),
                    Cell(group.created_at),
                    *account_cell(viewer, group.account, group.account_id),
                )
            )
            for group in found
        ]
