"""How many rows each report has with its own number of days: all of them in one statement, for the first page."""

from __future__ import annotations

from typing import Any

from django.db.models import CharField, Count, QuerySet, Value

from console.reports import REPORTS
from console.reports.report import days_ago
from console.scoping import Viewer


def counts(viewer: Viewer) -> dict[str, int]:
    """Return the number of rows by the report's slug."""
    first, *rest = [
        _counted(table, report.slug)
        for report in REPORTS.values()
        for table in report.tables(viewer, days_ago(report.default_days))
    ]
    found = dict.fromkeys(REPORTS, 0)
    for slug, number in first.union(*rest, all=True):
        found[slug] += number
    return found


def _counted(table: QuerySet[Any, Any], slug: str) -> QuerySet[Any, Any]:
    named = table.order_by().annotate(report=Value(slug, output_field=CharField())).values("report")
    counted: QuerySet[Any, Any] = named.annotate(number=Count("pk")).values_list("report", "number")
    return counted
