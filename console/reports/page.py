"""The pages of the reports: the overview of all, one with its number of days page by page, and its export."""

from __future__ import annotations

from itertools import islice
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import BadRequest
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from accounts.privilege import Authority
from console.exports import csv_file, note_export
from console.reports import REPORTS
from console.reports.counts import counts
from console.reports.report import Report, days_ago
from console.scoping import require_viewer

PER_PAGE = 50
MOST_DAYS = 3650
MOST_EXPORTED = 50_000  # rows of one file
_BATCH = 500  # rows described at once


class DaysForm(forms.Form):
    """The number N of a report."""

    days = forms.IntegerField(min_value=1, max_value=MOST_DAYS)

    def __init__(self, report: Report, data: Any) -> None:
        super().__init__({"days": data.get("days", report.default_days)})
        self.fields["days"].label = str(report.days_label)
        self.fields["days"].widget.attrs["class"] = "console-number-field"


def overview(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """List the reports, each with its number of rows."""
    found = counts(require_viewer(request))
    cards = [(report, found[report.slug]) for report in REPORTS.values()]
    return _page(site, request, "reports.html", title=_("Reports"), cards=cards)


def report(site: AdminSite, request: HttpRequest, slug: str) -> HttpResponse:
    """Show one report; a number of days that is none is answered with 400 and the reason."""
    found = _report(slug)
    viewer = require_viewer(request)
    form = DaysForm(found, request.GET)
    context: dict[str, Any] = {"report": found, "form": form, "columns": found.columns(viewer)}
    if form.is_valid():
        days = form.cleaned_data["days"]
        page = Paginator(found.rows(viewer, days_ago(days)), PER_PAGE).get_page(request.GET.get("page"))
        context.update(
            days=days,
            page=page,
            rows=[
                (row, tuple(zip(found.columns(viewer), row.cells, strict=True)))
                for row in found.described(list(page), viewer)
            ],
            ticks=found.lists_people and viewer.may(Authority.ACCOUNT_ADMIN),
        )
    answer = _page(site, request, "report.html", title=str(found.title), **context)
    answer.status_code = 200 if form.is_valid() else 400
    return answer


def export(site: AdminSite, request: HttpRequest, slug: str) -> HttpResponseBase:
    """Send a report as CSV: all pages of it, as the viewer sees it, with an audit event."""
    found = _report(slug)
    if request.method != "POST":
        return redirect(found.address)
    viewer = require_viewer(request)
    form = DaysForm(found, request.POST)
    if not form.is_valid():
        raise BadRequest
    days = form.cleaned_data["days"]
    rows = found.rows(viewer, days_ago(days))
    total = rows.count()
    if total > MOST_EXPORTED:
        told = _("These are more than %(most)d rows; choose another number of days.")
        messages.error(request, told % {"most": MOST_EXPORTED})
        return redirect(f"{found.address}?{urlencode({'days': days})}")
    # Described here and not while it is sent, when the viewer's language is no longer known.
    every = rows.iterator(chunk_size=_BATCH)
    cells = []
    while batch := list(islice(every, _BATCH)):
        cells += [[cell.plain for cell in row.cells] for row in found.described(batch, viewer)]
    note_export(request, what=f"report {found.slug} ({days} days)", rows=len(cells), form="CSV")
    return csv_file(found.slug, found.columns(viewer), cells)


def _report(slug: str) -> Report:
    found = REPORTS.get(slug)
    if found is None:
        raise Http404
    return found


def _page(site: AdminSite, request: HttpRequest, template: str, **context: Any) -> HttpResponse:
    request.current_app = site.name
    return TemplateResponse(request, f"admin/console/{template}", {**site.each_context(request), **context})
