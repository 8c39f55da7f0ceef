"""Django's sessions in the database, begun with one write.

The stock store asks whether a key is free, writes an empty row between two savepoint statements and writes it again at
the end of the request. Here a new key is taken as free (it has 165 random bits, and the row's key is unique), and the
row is written once, with what is in it: at the end of the request, or earlier by ``write_along`` in the transaction of
what made the session, so that both are there or neither is. Only the synchronous side is changed.
"""

from __future__ import annotations

from typing import Any

from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import VALID_KEY_CHARS, CreateError
from django.contrib.sessions.models import Session
from django.db import IntegrityError
from django.utils import timezone
from django.utils.crypto import get_random_string

from foundation.compiled_queries import CompiledQuery, moment, text
from foundation.compiled_writes import insert

_KEY_LENGTH = 32  # characters of 36: what Django's own keys have
_ROW = CompiledQuery(
    lambda key, now: Session.objects.filter(session_key=key, expire_date__gt=now), text, moment
)


class SessionStore(db.SessionStore):
    """``SESSION_ENGINE`` finds this class by its name."""

    _unwritten = False
    _written: tuple[str, bytes] | None = None  # key and content of the row that this request wrote

    def create(self) -> None:
        """Begin an empty session under a new key; its row comes with ``save``."""
        self._session_key = get_random_string(_KEY_LENGTH, VALID_KEY_CHARS)
        if not hasattr(self, "_session_cache"):
            self._session_cache: dict[str, Any] = {}  # nothing to load
        self._unwritten, self._written = True, None
        self.modified = True

    def save(self, must_create: bool = False) -> None:
        """Write the row, unless it holds exactly this already. Raises as Django's own does."""
        if self.session_key is None:
            self.create()
        if must_create or self._unwritten:
            self._insert(later=False)
        elif self._written is None or self._written != (self.session_key, self._content()):
            super().save()
            self._written = None

    def write_along(self) -> None:
        """Write a new session's row in the caller's transaction, which must commit for the session to be one."""
        if self.session_key is not None and self._unwritten:
            self._insert(later=True)

    def _insert(self, *, later: bool) -> None:
        try:
            insert([self.create_model_instance(self._session_cache)], later=later)
        except IntegrityError as error:
            raise CreateError from error
        self._unwritten = False
        self._written = str(self.session_key), self._content()

    def _content(self) -> bytes:
        content: bytes = self.serializer().dumps(self._session_cache)
        return content

    def _get_session_from_db(self) -> Session | None:
        row = _ROW.first(self.session_key, timezone.now())
        if row is None:
            self._session_key = None
        return row
