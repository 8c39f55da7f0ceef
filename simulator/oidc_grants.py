"""Authorization codes and access tokens of a running simulator, in memory.

A code works once and for 60 seconds. A second use is refused and ends the access token made by the first
(RFC 6749 §4.1.2). Times come from ``time.time``.
"""

from __future__ import annotations

import secrets
import threading
import time
from dataclasses import dataclass, replace

from simulator.claims import Selection
from simulator.errors import Refused

CODE_SECONDS = 60
TOKEN_SECONDS = 3600


@dataclass(frozen=True)
class Grant:
    """What an authorization code stands for. ``auth_time`` is Unix seconds; ``session_id`` the ``sid``."""

    directory: str
    client_id: str
    redirect_uri: str
    scopes: frozenset[str]
    nonce: str | None
    code_challenge: str | None
    selection: Selection
    auth_time: int
    session_id: str


@dataclass(frozen=True)
class _Code:
    grant: Grant
    expires: float
    token: str | None = None


class GrantStore:
    """Thread-safe."""

    def __init__(self) -> None:
        self._codes: dict[str, _Code] = {}
        self._tokens: dict[str, tuple[Grant, float]] = {}
        self._lock = threading.Lock()

    def new_code(self, grant: Grant) -> str:
        code = f"sim_{secrets.token_urlsafe(32)}"
        with self._lock:
            self._forget_old()
            self._codes[code] = _Code(grant, time.time() + CODE_SECONDS)
        return code

    def look(self, code: str) -> Grant:
        """The grant of a code that can still be redeemed. Raises AADSTS70000, AADSTS70008 or AADSTS54005."""
        with self._lock:
            return self._live(code).grant

    def redeem(self, code: str) -> str:
        """Spend the code; gives an access token. Raises as ``look`` does."""
        with self._lock:
            known = self._live(code)
            token = secrets.token_urlsafe(32)
            self._codes[code] = replace(known, token=token)
            self._tokens[token] = (known.grant, time.time() + TOKEN_SECONDS)
            return token

    def grant_of_token(self, token: str) -> Grant | None:
        with self._lock:
            grant, expires = self._tokens.get(token, (None, 0.0))
            return grant if expires > time.time() else None

    def _live(self, code: str) -> _Code:
        known = self._codes.get(code)
        if known is None:
            raise Refused("AADSTS70000", "The authorization code is not known.")
        if known.token is not None:
            self._tokens.pop(known.token, None)
            raise Refused("AADSTS54005", "The authorization code was already redeemed.")
        if known.expires <= time.time():
            raise Refused("AADSTS70008", "The authorization code has expired.")
        return known

    def _forget_old(self) -> None:
        """Codes are kept as long as access tokens, to tell a second use from nonsense."""
        now = time.time()
        self._codes = {
            code: known for code, known in self._codes.items() if known.expires + TOKEN_SECONDS > now
        }
        self._tokens = {token: value for token, value in self._tokens.items() if value[1] > now}
