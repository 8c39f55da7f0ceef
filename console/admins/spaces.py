"""Spaces and space roles of an account, made here and shown with who has them (J)."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import display
from django.db import models
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.privilege import Authority
from accounts.sources import Source
from audit.actors import Actor
from console.admins.base import AccountScopedAdmin
from console.admins.columns import badge
from console.admins.filters import ScopedRelatedFilter
from console.admins.guest_roles import GuestsOfSpace
from console.admins.inlines import ReadOnlyInline
from console.admins.person_access import MembershipInline
from spaces import access, tenants
from spaces.models import GroupSpaceRole, SpaceMembership, SpaceRole


class MembersOfSpace(MembershipInline):
    """People with a role in the space and by whose word."""

    model = SpaceMembership
    verbose_name, verbose_name_plural = gettext_lazy("member"), gettext_lazy("members")
    fields = ("user", "role", "owner", "granted_by", "since", "why")
    autocomplete_fields = ("user",)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """Load what the columns show."""
        return super().get_queryset(request).select_related("user__account", "role")

    def add(self, actor: Actor, row: SpaceMembership) -> None:
        """Grant by hand; refused with the reason for people whose roles follow the provider (R-4)."""
        access.grant_space_role(
            user=row.user, space=row.space, role=row.role, actor=actor, source=Source.MANUAL
        )

    def remove(self, actor: Actor, row: SpaceMembership) -> None:
        """Take away what was granted by hand."""
        access.revoke_space_role(
            user=row.user, space=row.space, role=row.role, actor=actor, source=Source.MANUAL
        )


class GroupsOfSpace(ReadOnlyInline):
    """Groups that grant a role in the space; edited on the group's page."""

    model = GroupSpaceRole
    verbose_name_plural = gettext_lazy("through groups")
    fields = readonly_fields = ("group", "role", "granted_by", "created_at")

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """Load what the columns show."""
        return super().get_queryset(request).select_related("group", "role")


class SpaceAdmin(AccountScopedAdmin):
    """The spaces of an account. The name is fixed: sign-ins name spaces by it."""

    add_needs = change_needs = Authority.ACCOUNT_ADMIN
    audit_type = "space"
    created_leads_to_change = True
    list_display = ("name", "account", "created_at")
    list_filter = (("account", ScopedRelatedFilter),)
    list_select_related = ("account",)
    search_fields = ("name",)
    fieldsets = ((None, {"fields": ("account", "name")}),)
    inlines = (MembersOfSpace, GroupsOfSpace, GuestsOfSpace)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Everything, once it exists."""
        return () if obj is None else ("account", "name")

    def create(self, request: HttpRequest, actor: Actor, form: Any) -> models.Model:
        """Make a space."""
        account = self.account_from(request, form)
        return tenants.create_space(account=account, actor=actor, name=form.cleaned_data["name"])

    def update(self, request: HttpRequest, actor: Actor, obj: Any, form: Any) -> None:
        """Only the members below the form change."""


class SpaceRoleAdmin(AccountScopedAdmin):
    """Roles that can be held in any space of the account."""

    add_needs = Authority.ACCOUNT_ADMIN
    audit_type = "space_role"
    list_display = ("name", "kind", "account")
    list_filter = (("account", ScopedRelatedFilter),)
    list_select_related = ("account",)
    search_fields = ("name",)
    fieldsets = ((None, {"fields": ("account", "name")}),)

    def create(self, request: HttpRequest, actor: Actor, form: Any) -> models.Model:
        """Make a role."""
        account = self.account_from(request, form)
        return tenants.create_space_role(account=account, actor=actor, name=form.cleaned_data["name"])

    @display(description=gettext_lazy("kind"))
    def kind(self, role: SpaceRole) -> SafeString:
        """Whether every account has it."""
        return badge(_("built in")) if role.built_in else badge(_("own"), "info")
