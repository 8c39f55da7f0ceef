"""The history page of a row: its events in the audit trail, as far as the viewer sees the trail (A-1, A-4)."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.db import models
from django.http import HttpRequest

from audit.models import AuditEvent
from console.scoping import Viewer

PER_PAGE = 50


def page_of(request: HttpRequest, viewer: Viewer, audit_type: str, row: models.Model) -> dict[str, Any]:
    """Return the context of the history page; a kind of row that has no events of its own has an empty one."""
    events = AuditEvent.objects.none()
    if audit_type:
        of_row = AuditEvent.objects.filter(object_type=audit_type, object_id=str(row.pk))
        events = of_row.filter(viewer.plain_rows()).order_by("-created_at", "-id")
    return {"events": Paginator(events, PER_PAGE).get_page(request.GET.get("p"))}
