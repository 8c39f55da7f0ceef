"""Which OpenID Connect sessions a directory has given out: what logout is about. In memory, the newest thousand."""

from __future__ import annotations

import threading
from dataclasses import dataclass

MAX_SESSIONS = 1000


@dataclass(frozen=True)
class OidcSession:
    """One sign-in at one client, by the ``sid`` and ``sub`` of its ID tokens. ``person`` is for lists."""

    sid: str
    subject: str
    client_id: str
    person: str


class OidcSessions:
    """Safe to use from several threads."""

    def __init__(self) -> None:
        self._sessions: dict[str, OidcSession] = {}
        self._lock = threading.Lock()

    def add(self, session: OidcSession) -> None:
        with self._lock:
            self._sessions[session.sid] = session
            while len(self._sessions) > MAX_SESSIONS:
                del self._sessions[next(iter(self._sessions))]

    def all(self) -> list[OidcSession]:
        """The newest first."""
        with self._lock:
            return list(reversed(self._sessions.values()))

    def end(self, sid: str | None) -> OidcSession | None:
        """End a session; gives what it was, None when there is none."""
        with self._lock:
            return self._sessions.pop(sid or "", None)

    def end_all_of(self, session: OidcSession) -> None:
        """End all sessions of that person at that client."""
        with self._lock:
            whose = (session.subject, session.client_id)
            self._sessions = {
                sid: each for sid, each in self._sessions.items() if (each.subject, each.client_id) != whose
            }
