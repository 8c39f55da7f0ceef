"""Django's authentication backend for people who signed in through a provider."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from accounts.backends import RealmPasswordBackend
from accounts.models import User


class SsoBackend(RealmPasswordBackend):
    """Names who vouches for the session; there is nothing to authenticate here, ``sso.sign_in`` has done it."""

    def authenticate(self, request: HttpRequest | None, *args: Any, **kwargs: Any) -> User | None:
        """Refuse: only the sign-in flow opens such a session."""
        return None
