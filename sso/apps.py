"""Django's registration of ``sso``, and what it does when ``accounts`` tells of a change."""

from typing import Any

from django.apps import AppConfig


class SsoConfig(AppConfig):
    name = "sso"
    verbose_name = "Single sign-on"

    def ready(self) -> None:
        """Take work from the outbox, and listen to ``accounts``.

        A deleted person's identities are closed (V-13); where single sign-on is switched off, setup links end (V-22).
        """
        from accounts.signals import account_changed, person_deleted, person_deletion_held, person_restored
        from sso import (  # noqa: F401 -- handlers of the outbox
            first_factor,
            link_mail,
            password_reset,
            recovery,
            role_changes,
            setup_links,
        )

        account_changed.connect(_end_setup_links, dispatch_uid="sso.end_setup_links")
        person_deleted.connect(_close_identities, dispatch_uid="sso.close_identities")
        person_deletion_held.connect(_close_identities, dispatch_uid="sso.close_held_identities")
        person_restored.connect(_reopen_identities, dispatch_uid="sso.reopen_identities")


def _end_setup_links(account: Any, actor: Any, **_: Any) -> None:
    from sso.setup_link_changes import end_of_account

    if account.closed_at is not None or not account.sso_module:
        end_of_account(account=account, actor=actor)


def _close_identities(user: Any, **_: Any) -> None:
    from sso.identities import close_identities

    close_identities(user)


def _reopen_identities(user: Any, since: Any, **_: Any) -> None:
    from sso.identities import reopen_identities

    reopen_identities(user, since)
