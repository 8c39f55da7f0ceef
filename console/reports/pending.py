"""People who never signed in, for longer than N days."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Status, User
from console.admins.filters import STATUS
from console.reports.people import PeopleReport, members
from console.scoping import Viewer


class Pending(PeopleReport):
    """Provisioned, invited or added by hand, and never here."""

    slug = "pending"
    title = gettext_lazy("Pending people")
    explanation = gettext_lazy(
        "They were added or sent by the directory and have never signed in since. Who is disabled or deactivated is "
        "not listed."
    )
    days_label = gettext_lazy("Pending for more than … days")
    default_days = 30
    when_empty = gettext_lazy("Nobody has been pending for so long: everybody who was added came.")

    def tables(self, viewer: Viewer, since: datetime) -> tuple[QuerySet[Any, Any], ...]:
        """Return pending people who were made before."""
        return (members(viewer).filter(STATUS[Status.PENDING], created_at__lt=since),)

    def rows(self, viewer: Viewer, since: datetime) -> QuerySet[User]:
        """Return who waits longest first."""
        return self.tables(viewer, since)[0].order_by("created_at", "pk")

    def titles(self) -> tuple[str, ...]:
        """Return the columns."""
        return (_("User"), _("Name"), _("E-mail"), _("Came through"), _("Created"))

    def when(self, person: User) -> datetime:
        """Return since when they have been pending."""
        return person.created_at
