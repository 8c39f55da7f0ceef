"""Files that leave the admin: CSV and JSON, scoped like the page they come from, each audited (A-4, V-24)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence

from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone

from audit.recorder import Subject, record
from console.scoping import actor_of, require_viewer
from foundation.csv_text import CONTENT_TYPE, csv_lines


def note_export(request: HttpRequest, *, what: str, rows: int, form: str) -> None:
    """Write down who took what out of the product, and how much of it."""
    viewer = require_viewer(request)
    subject = Subject("export", what, what, account_id=viewer.account_id, partner_id=viewer.partner_id)
    record(
        actor=actor_of(request),
        action="export.made",
        subject=subject,
        message=f"{what} was exported as {form}: {rows} rows.",
        changes={"rows": [None, rows], "format": [None, form]},
    )


def csv_file(name: str, header: Sequence[object], rows: Iterable[Sequence[object]]) -> StreamingHttpResponse:
    """Return a table to be saved as ``<name>-<date>.csv``."""
    return _file(f"{name}-{timezone.localdate()}.csv", CONTENT_TYPE, csv_lines(header, rows))


def json_file(name: str, rows: Iterable[Mapping[str, object]]) -> StreamingHttpResponse:
    """Return an array of objects to be saved as ``<name>-<date>.json``, one a line."""
    return _file(f"{name}-{timezone.localdate()}.json", "application/json", _array(rows))


def _array(rows: Iterable[Mapping[str, object]]) -> Iterator[str]:
    before = "[\n"
    for row in rows:
        yield before + json.dumps(row, ensure_ascii=False)
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


def _file(name: str, content_type: str, parts: Iterable[str]) -> StreamingHttpResponse:
    answer = StreamingHttpResponse(parts, content_type=content_type)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
