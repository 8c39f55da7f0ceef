"""Mapping roles of an account: the list, and the page that adds or changes one (R-1, R-4)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.admin import display
from django.contrib.admin.utils import unquote
from django.db import models
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.privilege import Authority
from audit.actors import Actor
from console.admins.base import AccountScopedAdmin
from console.admins.columns import lines
from console.admins.filters import ScopedRelatedFilter
from console.admins.inlines import ReadOnlyInline
from console.mapping_roles.page import MappingRolePage
from spaces.models import MappingRole, MappingScope, MappingScopeRole
from sso import mapping_role_changes


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

    add_needs = change_needs = delete_needs = Authority.SSO_ACCOUNT_ADMIN
    audit_type = "mapping_role"
    list_display = ("name", "gives", "account", "created_at")
    list_filter = (("account", ScopedRelatedFilter),)
    list_select_related = ("account",)
    search_fields = ("name",)
    fieldsets = ((None, {"fields": ("account", "name", "created_at")}),)
    inlines = (ScopesOfMappingRole,)
    actions = ("delete_selected",)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Let SSO account admins edit name and scopes; others look."""
        role = None if object_id is None else self.get_object(request, unquote(object_id))
        may = (
            self.has_add_permission(request)
            if object_id is None
            else self.has_change_permission(request, role)
        )
        if may and (role is not None or object_id is None):
            return MappingRolePage(self, request, role).answer()
        return super().changeform_view(request, object_id, form_url, extra_context)

    def remove(self, actor: Actor, obj: Any) -> None:
        """Delete it; people lose what it gave at their next sign-in."""
        mapping_role_changes.delete(role=obj, actor=actor)

    def get_deleted_objects(
        self, objs: Iterable[Any], request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """Say on the page that asks how many people hold something by it (R-4)."""
        roles = list(objs)
        names, counts, missing, kept = super().get_deleted_objects(roles, request)
        sent = mapping_role_changes.count_named(roles)
        for place, role in enumerate(roles):
            text = ngettext(
                "%(name)s: %(count)d person was sent it last",
                "%(name)s: %(count)d people were sent it last",
                sent[role.pk],
            )
            names[place] = text % {"name": role, "count": sent[role.pk]}
        return names, counts, missing, kept

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
