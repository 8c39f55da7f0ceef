"""Which sign-ins make django-axes forget wrong passwords: those by password (V-26)."""

from __future__ import annotations

from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from django.contrib.auth import BACKEND_SESSION_KEY
from django.http import HttpRequest

from accounts.models import User
from sso.session import PASSWORD_BACKEND


class PasswordCounts(AxesDatabaseHandler):
    """A sign-in through a provider says nothing about who typed wrong passwords, and asks the database nothing."""

    def user_logged_in(self, sender: type[User], request: HttpRequest, user: User, **kwargs: Any) -> None:
        """Forget the failures of this name and address after a right password."""
        if request.session.get(BACKEND_SESSION_KEY) == PASSWORD_BACKEND:
            super().user_logged_in(sender, request, user, **kwargs)
