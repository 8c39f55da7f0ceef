"""Which SAML sessions a directory has given out: what single logout is about. In memory, the newest thousand."""

from __future__ import annotations

import threading
from dataclasses import dataclass

MAX_SESSIONS = 1000


@dataclass(frozen=True)
class SamlSession:
    """One sign-in at one application, as its assertion said. ``name_id_format`` is the URI."""

    index: str
    entity_id: str  # of the application
    name_id: str
    name_id_format: str
    sp_name_qualifier: str | None = None


class SamlSessions:
    """Safe to use from several threads."""

    def __init__(self) -> None:
        self._sessions: dict[str, SamlSession] = {}
        self._asked: dict[str, SamlSession] = {}
        self._lock = threading.Lock()

    def add(self, session: SamlSession) -> None:
        with self._lock:
            self._sessions[session.index] = session
            while len(self._sessions) > MAX_SESSIONS:
                del self._sessions[next(iter(self._sessions))]

    def all(self) -> list[SamlSession]:
        """The newest first."""
        with self._lock:
            return list(reversed(self._sessions.values()))

    def get(self, index: str | None) -> SamlSession | None:
        with self._lock:
            return self._sessions.get(index or "")

    def end(self, entity_id: str, name_id: str, indexes: list[str]) -> int:
        """End a person's sessions at an application: those of ``indexes``, all when there are none."""
        with self._lock:
            gone = [
                session.index
                for session in self._sessions.values()
                if session.entity_id == entity_id
                and session.name_id == name_id
                and (not indexes or session.index in indexes)
            ]
            for index in gone:
                del self._sessions[index]
            return len(gone)

    def ask(self, request_id: str, session: SamlSession) -> None:
        """Remember a LogoutRequest that waits for the application's answer."""
        with self._lock:
            self._asked[request_id] = session
            while len(self._asked) > MAX_SESSIONS:
                del self._asked[next(iter(self._asked))]

    def answered(self, request_id: str | None) -> SamlSession | None:
        """Forget a LogoutRequest whose answer came; None when there was none."""
        with self._lock:
            return self._asked.pop(request_id or "", None)
