"""People who have not signed in for longer than N days."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Status, User
from console.admins.filters import STATUS
from console.reports.people import PeopleReport, members
from console.scoping import Viewer


class Unused(PeopleReport):
    """Active, and not here for a long time."""

    slug = "unused"
    title = gettext_lazy("No longer signing in")
    explanation = gettext_lazy(
        "They could sign in, did so once, and have not for a long time. Who is disabled or deactivated already, or has "
        "never signed in, is not listed."
    )
    days_label = gettext_lazy("Not signed in for more than … days")
    default_days = 90
    when_empty = gettext_lazy("Everybody who may sign in has done so within these days.")

    def tables(self, viewer: Viewer, since: datetime) -> tuple[QuerySet[Any, Any], ...]:
        """Return active people whose last sign-in was before; the first one stands in where no last one is known."""
        seen = members(viewer).annotate(seen_at=Coalesce("last_login", "first_login_at"))
        return (seen.filter(STATUS[Status.ACTIVE], seen_at__lt=since),)

    def rows(self, viewer: Viewer, since: datetime) -> QuerySet[User]:
        """Return who has been away longest first."""
        return self.tables(viewer, since)[0].order_by("seen_at", "pk")

    def titles(self) -> tuple[str, ...]:
        """Return the columns."""
        return (_("User"), _("Name"), _("E-mail"), _("Came through"), _("Last sign-in"))

    def when(self, person: Any) -> datetime:
        """Return when they were last here."""
        seen: datetime = person.seen_at
        return seen
