"""Tokens that a directory gives to applications themselves (client_credentials), in memory."""

from __future__ import annotations

import secrets
import threading
import time

from simulator.config import OidcClient

APP_TOKEN_SECONDS = 3599


class AppTokens:
    """The tokens that a directory gave to applications. Thread-safe."""

    def __init__(self) -> None:
        self._tokens: dict[str, tuple[OidcClient, float]] = {}
        self._lock = threading.Lock()

    def new(self, client: OidcClient) -> str:
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._tokens[token] = (client, time.time() + APP_TOKEN_SECONDS)
        return token

    def __len__(self) -> int:
        """How many were handed out."""
        return len(self._tokens)

    def client_of(self, token: str) -> OidcClient | None:
        with self._lock:
            client, expires = self._tokens.get(token, (None, 0.0))
        return client if expires > time.time() else None
