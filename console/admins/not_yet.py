"""The page in the place of a form for something that an account can't have yet: it says why (A-2, P-3)."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse


def not_yet(admin: Any, request: HttpRequest, *, title: str, heading: str, reason: str) -> HttpResponse:
    """Return the page; ``admin`` is the model's, ``title`` names the form that isn't shown."""
    context = {
        **admin.admin_site.each_context(request),
        "title": title,
        "heading": heading,
        "reason": reason,
        "opts": admin.opts,
    }
    request.current_app = admin.admin_site.name
    return TemplateResponse(request, "admin/console/not_yet.html", context)
