"""Django's registration of ``sso``, and what it does when ``accounts`` tells of a change."""

from typing import Any

from django.apps import AppConfig


class SsoConfig(AppConfig):
    name = "sso"
    verbose_name = "Single sign-on"

    def ready(self) -> None:
        """Listen to ``accounts``: a deleted person's identities are closed (V-13)."""
        from accounts.signals import person_deleted
        from sso import role_changes as _outbox_handlers  # noqa: F401 -- importing it registers its handler

        person_deleted.connect(_close_identities, dispatch_uid="sso.close_identities")


def _close_identities(user: Any, **_: Any) -> None:
    from sso.identities import close_identities

    close_identities(user)
