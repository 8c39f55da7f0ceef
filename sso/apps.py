"""Django's registration of ``sso``, and what it does when ``accounts`` tells of a change."""

from typing import Any

from django.apps import AppConfig


class SsoConfig(AppConfig):
    name = "sso"
    verbose_name = "Single sign-on"

    def ready(self) -> None:
        """Listen to ``accounts``: a deleted person's identities are closed (V-13). Take work from the outbox."""
        from accounts.signals import person_deleted, person_deletion_held, person_restored
        from sso import (  # noqa: F401 -- handlers of the outbox
            first_factor,
            link_mail,
            password_reset,
            recovery,
            role_changes,
        )

        person_deleted.connect(_close_identities, dispatch_uid="sso.close_identities")
        person_deletion_held.connect(_close_identities, dispatch_uid="sso.close_held_identities")
        person_restored.connect(_reopen_identities, dispatch_uid="sso.reopen_identities")


def _close_identities(user: Any, **_: Any) -> None:
    from sso.identities import close_identities

    close_identities(user)


def _reopen_identities(user: Any, since: Any, **_: Any) -> None:
    from sso.identities import reopen_identities

    reopen_identities(user, since)
