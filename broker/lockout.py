"""What django-axes asks us: which name it counts wrong passwords under, and the page for a locked-out client.

A lock depends on what was typed and from where, never on whether such a person exists (V-26).
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from broker import context
from foundation.folding import fold


def folded_user_name(request: HttpRequest, credentials: dict[str, Any] | None = None) -> str | None:
    """Return the typed user name as names are compared, so that another spelling isn't another count.

    After a success django-axes gives ``User.get_username()`` instead, which is the person's id, to forget the failures
    of that name.
    """
    given = (credentials or {}).get("username") or request.POST.get("user_name")
    if isinstance(given, UUID):
        given = getattr(request.user, "user_name", "")
    return fold(str(given))[:255] if given else None


def page(
    request: HttpRequest, original: HttpResponse | None, credentials: dict[str, Any] | None
) -> HttpResponse:
    """Return 429 with the time to wait, in place of what the view made."""
    minutes = int(settings.AXES_COOLOFF_TIME.total_seconds() // 60)
    body = render_to_string("429.html", {**context.product(), "minutes": minutes})
    return HttpResponse(body, status=429, headers={"Retry-After": str(minutes * 60)})
