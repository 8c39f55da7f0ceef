"""Reports for those who keep an account in order (A-8): a page each at ``/admin/reports/<slug>/``.

    pending        people who never signed in, for longer than N days
    unused         people who have not signed in for longer than N days
    unseen_groups  mapped groups that no sign-in and no push ever named
    hand_made      what was given by hand to people whose access a provider decides about

``report`` says what a report is, ``page`` shows one (N, paging, CSV), ``counts`` counts all of them in one statement,
``disabling`` is what can be done about the people in them. Every query begins at what the viewer sees (A-1).
"""

from __future__ import annotations

from console.reports.hand_made import HandMade
from console.reports.pending import Pending
from console.reports.report import Report
from console.reports.unseen_groups import UnseenGroups
from console.reports.unused import Unused

REPORTS: dict[str, Report] = {
    report.slug: report for report in (Pending(), Unused(), UnseenGroups(), HandMade())
}
