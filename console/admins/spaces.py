"""Spaces, space roles and mapping roles of an account (J, R-1).

Spaces and roles are made here and shown with who has them. Mapping roles are shown; they are made in the configuration
file, since changing one has to tell first how many people it affects (R-4).
"""

from __future__ import annotations

from typing import Any

from django.contrib.admin import display
from django.db import models
from django.db.models import Prefetch
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.privilege import Authority
from accounts.sources import Source
from audit.actors import Actor
from console.admins.base import AccountScopedAdmin
from console.admins.columns import badge, lines
from console.admins.filters import ScopedRelatedFilter
from console.admins.inlines import ReadOnlyInline
from console.admins.person_access import MembershipInline
from spaces import access, tenants
from spaces.models import (
    GroupSpaceRole,
    MappingRole,
    MappingScope,
    MappingScopeRole,
    SpaceMembership,
    SpaceRole,
)


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
    inlines = (MembersOfSpace, GroupsOfSpace)

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


class ScopesOfMappingRole(ReadOnlyInline):
    """What a mapping role gives, a scope a row."""

    model = MappingScope
    verbose_name_plural = gettext_lazy("scopes")
    fields = readonly_fields = ("where", "gives")
    tab = False

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """Load what the columns show."""
        roles = MappingScopeRole.objects.select_related("account_role", "space_role")
        return (
            super().get_queryset(request).select_related("space").prefetch_related(Prefetch("roles", roles))
        )

    @display(description=gettext_lazy("scope"))
    def where(self, scope: MappingScope) -> str:
        """The account or a space."""
        return _("the account") if scope.space is None else scope.space.name

    @display(description=gettext_lazy("roles"))
    def gives(self, scope: MappingScope) -> SafeString:
        """The roles in it."""
        return lines(sorted(map(str, scope.roles.all())))


class MappingRoleAdmin(AccountScopedAdmin):
    """What the names in the claim role_mapping stand for (R-1)."""

    audit_type = "mapping_role"
    list_display = ("name", "gives", "account", "created_at")
    list_filter = (("account", ScopedRelatedFilter),)
    list_select_related = ("account",)
    search_fields = ("name",)
    fieldsets = ((None, {"fields": ("account", "name", "created_at")}),)
    inlines = (ScopesOfMappingRole,)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """Bring scopes and roles along, for the column "gives"."""
        roles = MappingScopeRole.objects.select_related("account_role", "space_role")
        scopes = MappingScope.objects.select_related("space").prefetch_related(Prefetch("roles", roles))
        return super().get_queryset(request).prefetch_related(Prefetch("scopes", scopes))

    @display(description=gettext_lazy("gives"))
    def gives(self, role: MappingRole) -> SafeString:
        """Scope and role, a line each."""
        return lines(
            sorted(
                f"{_('account') if scope.space is None else scope.space.name}: {given}"
                for scope in role.scopes.all()
                for given in scope.roles.all()
            )
        )
