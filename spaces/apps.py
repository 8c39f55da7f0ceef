"""Django's registration of ``spaces``, and what it does when ``accounts`` tells of a change."""

from typing import Any

from django.apps import AppConfig


class SpacesConfig(AppConfig):
    name = "spaces"
    verbose_name = "Spaces and roles"

    def ready(self) -> None:
        """Listen to ``accounts``: a new account gets its roles, a deleted person loses theirs (V-13)."""
        from accounts.signals import account_created, person_deleted

        account_created.connect(_give_built_in_roles, dispatch_uid="spaces.built_in_roles")
        person_deleted.connect(_drop_memberships, dispatch_uid="spaces.drop_memberships")


def _give_built_in_roles(account: Any, **_: Any) -> None:
    from spaces.tenants import create_built_in_roles

    create_built_in_roles(account)


def _drop_memberships(user: Any, **_: Any) -> None:
    from spaces.access import drop_memberships

    drop_memberships(user)
