"""The sessions that a person sees of themself on My access, and how long each may last (L-13).

Three things bound a session: its own end (which is the provider's where that was earlier), the account's maximum age,
and the rules that end it at once. The first two are told here; ``accounts.sessions`` enforces all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User, UserSession
from accounts.second_factor import PROVEN

_SHOWN = 50
_ROUNDING = timedelta(minutes=1)  # a session that ends so close to the account's maximum was not cut short

# In this order: Edge and Opera also say Chrome, and Chrome also says Safari.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chromium/", "Chromium"),
    ("Chrome/", "Chrome"),
    ("CriOS/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


@dataclass(frozen=True, slots=True)
class OwnSession:
    """One signed-in browser; ``how`` is in words what opened it, ``address`` "" when unknown."""

    pk: UUID
    is_this: bool
    browser: str
    address: str
    how: str
    since: datetime
    ends: datetime
    ended_by_provider: bool


def open_rows(user: User) -> list[UserSession]:
    """Return the sessions of a person that are good now, newest first."""
    now = timezone.now()
    rows = UserSession.objects.filter(user=user, ended_at=None, expires_at__gt=now)
    if user.account is not None:
        rows = rows.filter(created_at__gt=now - user.account.max_session_age)
    return list(rows.defer("id_token")[:_SHOWN])


def open_sessions(user: User, this: UserSession | None) -> list[OwnSession]:
    """Return what is shown of them, the browser that asks first."""
    shown = [_told(row, user, is_this=this is not None and row.pk == this.pk) for row in open_rows(user)]
    return sorted(shown, key=lambda session: not session.is_this)


def _told(row: UserSession, user: User, *, is_this: bool) -> OwnSession:
    latest = row.expires_at if user.account is None else row.created_at + user.account.max_session_age
    return OwnSession(
        pk=row.pk,
        is_this=is_this,
        browser=browser_name(row.agent),
        address=row.address or "",
        how=_opened_by(row),
        since=row.created_at,
        ends=min(row.expires_at, latest),
        ended_by_provider=row.provider_id is not None and row.expires_at < latest - _ROUNDING,
    )


def _opened_by(row: UserSession) -> str:
    if row.in_recovery:
        return _("by recovery access")
    if row.provider_label:
        return _("through %(provider)s") % {"provider": row.provider_label}
    if row.context.startswith(PROVEN):
        return _("with a password and a second factor")
    return _("with a password")


def browser_name(agent: str) -> str:
    """Return what people call the browser of a User-Agent header, e.g. "Firefox on Windows"."""
    browser = next((name for mark, name in _BROWSERS if mark in agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system or _("Unknown browser")
