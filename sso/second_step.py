"""Where a second factor comes in between a proof and its session (V-11, V-15).

One function, so that a recovery link, and whatever else opens a session past SSO, asks for it in the same place.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from accounts.models import User


def ask(request: HttpRequest, user: User, *, then: str) -> HttpResponse | None:
    """Return the page that asks ``user`` for their second factor, None when they have none enrolled.

    ``then`` names what goes on after it: "recovery" stands for ``sso.recovery.finish``. Nobody can enrol one yet.
    """
    return None
