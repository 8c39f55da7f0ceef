"""When somebody last signed in: written along with the rest of what a sign-in writes.

Django's own receiver saves the whole person in a statement of its own.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth import user_logged_in
from django.utils import timezone

from accounts.models import User
from foundation.compiled_writes import update

_UID = "update_last_login"  # Django's, so that its receiver is replaced whichever is connected first


def connect() -> None:
    """Take the place of Django's receiver."""
    user_logged_in.disconnect(dispatch_uid=_UID)
    user_logged_in.connect(_note, dispatch_uid=_UID)


def _note(sender: type[User], user: User, **_: Any) -> None:
    user.last_login = timezone.now()
    update(user, ["last_login"], later=True)
