"""What a guest may do in the account that they visit, on the guest's page (R-6), and which guests are in a space.

Given and taken by hand, by an admin of the visited account (V-8), for as long as the guest may come.
"""

from __future__ import annotations

from typing import Any

from django.contrib.admin import display
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from accounts.models import GuestAccess
from audit.actors import Actor
from console.admins.columns import moment
from console.admins.inlines import ReadOnlyInline, ScopedInline
from spaces import guest_roles
from spaces.models import GuestAccountRole, GuestSpaceRole


class RolesOfGuest(ScopedInline):
    """What the two lists on a guest's page share: who gave it and since when; nothing is given once access is over."""

    readonly_fields = ("granted_by", "since")

    def may_edit(self, request: HttpRequest, obj: Any) -> bool:
        """What ended stays as it was."""
        return super().may_edit(request, obj) and isinstance(obj, GuestAccess) and obj.is_open

    @display(description=gettext_lazy("since"))
    def since(self, row: Any) -> str:
        """Say since when; a row that is being added has no date."""
        return "" if row._state.adding else moment(row.created_at)


class SpacesOfGuest(RolesOfGuest):
    """Roles in spaces."""

    model = GuestSpaceRole
    verbose_name, verbose_name_plural = gettext_lazy("role in a space"), gettext_lazy("spaces")
    fields = ("space", "role", "granted_by", "since")

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """Load what the columns show."""
        return super().get_queryset(request).select_related("space", "role")

    def add(self, actor: Actor, row: GuestSpaceRole) -> None:
        """Give."""
        guest_roles.grant_guest_space_role(access=row.access, space=row.space, role=row.role, actor=actor)

    def remove(self, actor: Actor, row: GuestSpaceRole) -> None:
        """Take."""
        guest_roles.revoke_guest_space_role(access=row.access, space=row.space, role=row.role, actor=actor)


class AccountRolesOfGuest(RolesOfGuest):
    """Account roles that have only a name."""

    model = GuestAccountRole
    verbose_name, verbose_name_plural = gettext_lazy("account role"), gettext_lazy("account roles")
    fields = ("role", "granted_by", "since")

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """Load what the columns show."""
        return super().get_queryset(request).select_related("role")

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Don't offer what no guest can have; ``spaces.guest_roles`` refuses it anyway."""
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "role":
            field.queryset = field.queryset.filter(built_in="")
        return field

    def add(self, actor: Actor, row: GuestAccountRole) -> None:
        """Give."""
        guest_roles.grant_guest_account_role(access=row.access, role=row.role, actor=actor)

    def remove(self, actor: Actor, row: GuestAccountRole) -> None:
        """Take."""
        guest_roles.revoke_guest_account_role(access=row.access, role=row.role, actor=actor)


class GuestsOfSpace(ReadOnlyInline):
    """Guests who may come and hold a role in the space, and until when; edited on the guest's page."""

    model = GuestSpaceRole
    verbose_name_plural = gettext_lazy("guests")
    fields = readonly_fields = ("guest", "role", "granted_by", "until")

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """Leave out whose access is over."""
        rows: models.QuerySet[Any] = super().get_queryset(request)
        return rows.filter(GuestAccess.open_rows("access__")).select_related("access__user", "role")

    @display(description=gettext_lazy("guest"))
    def guest(self, row: GuestSpaceRole) -> str:
        """The name, without a link: the person's page belongs to another account."""
        return row.access.user.user_name

    @display(description=gettext_lazy("until"))
    def until(self, row: GuestSpaceRole) -> str:
        """When the access ends by itself."""
        return moment(row.access.expires_at)
