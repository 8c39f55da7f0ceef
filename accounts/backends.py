"""Local sign-in by password, within one realm (L-2, L-3, design rule 12)."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest

from accounts.models import User
from foundation.folding import fold
from foundation.ids import parse_id


class RealmPasswordBackend(BaseBackend):
    """Check a password of a person of ``realm``. The policy is checked by the flow that calls this."""

    def authenticate(
        self,
        request: HttpRequest | None,
        realm: str | None = None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> User | None:
        """Return the person, or None; takes the same time whether or not the name exists."""
        if realm is None or username is None or password is None:
            return None
        user = User.objects.present().filter(realm=realm, user_name_folded=fold(username)).first()
        if user is None or not user.has_usable_password():
            make_password(password)
            return None
        return user if user.check_password(password) and user.can_sign_in else None

    def get_user(self, user_id: Any) -> User | None:
        """Return the person of a session while they may sign in."""
        key = parse_id(str(user_id))
        user = None if key is None else User.objects.select_related("account").filter(pk=key).first()
        return user if user is not None and user.can_sign_in else None

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        """Grant nothing: rights come from ``accounts.privilege``, never from Django's permissions."""
        return False
