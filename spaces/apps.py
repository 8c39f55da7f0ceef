"""Django's registration of ``spaces``, and what it does when ``accounts`` tells of a change."""

from typing import Any

from django.apps import AppConfig


class SpacesConfig(AppConfig):
    name = "spaces"
    verbose_name = "Spaces and roles"

    def ready(self) -> None:
        """Listen to ``accounts``: a new account gets its roles, a deleted person loses theirs (V-13), a guest
        who is invited again keeps theirs.
        """
        from accounts.signals import account_created, guest_access_renewed, person_deleted

        account_created.connect(_give_built_in_roles, dispatch_uid="spaces.built_in_roles")
        person_deleted.connect(_drop_memberships, dispatch_uid="spaces.drop_memberships")
        guest_access_renewed.connect(_carry_over, dispatch_uid="spaces.carry_over")


def _give_built_in_roles(account: Any, **_: Any) -> None:
    from spaces.tenants import create_built_in_roles

    create_built_in_roles(account)


def _drop_memberships(user: Any, **_: Any) -> None:
    from spaces.access import drop_memberships

    drop_memberships(user)


def _carry_over(before: Any, after: Any, actor: Any, **_: Any) -> None:
    from spaces.guest_roles import carry_over

    carry_over(before=before, after=after, actor=actor)
