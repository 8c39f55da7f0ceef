"""Account roles and who holds them (V-8)."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import display
from django.db import models
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import lifecycle
from accounts.models import AccountRole, AccountRoleMembership
from accounts.privilege import Authority
from audit.actors import Actor
from console.admins.base import AccountScopedAdmin
from console.admins.columns import badge, moment, source_badge
from console.admins.filters import ScopedRelatedFilter
from console.admins.inlines import ReadOnlyInline


class HoldersOfRole(ReadOnlyInline):
    """People who hold the role; changed on the person's page."""

    model = AccountRoleMembership
    verbose_name_plural = gettext_lazy("holders")
    fields = readonly_fields = ("user", "owner", "granted_by", "since")

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """Load what the columns show."""
        return super().get_queryset(request).select_related("user")

    @display(description=gettext_lazy("source"))
    def owner(self, row: AccountRoleMembership) -> SafeString:
        """Say who owns the row."""
        return source_badge(row.source)

    @display(description=gettext_lazy("since"))
    def since(self, row: AccountRoleMembership) -> str:
        """Say since when."""
        return moment(row.created_at)


class AccountRoleAdmin(AccountScopedAdmin):
    """Roles in an account as a whole."""

    add_needs = Authority.ACCOUNT_ADMIN
    audit_type = "account_role"
    list_display = ("name", "kind", "account")
    list_filter = (("account", ScopedRelatedFilter),)
    list_select_related = ("account",)
    search_fields = ("name_folded",)
    fieldsets = ((None, {"fields": ("account", "name")}),)
    inlines = (HoldersOfRole,)

    def create(self, request: HttpRequest, actor: Actor, form: Any) -> models.Model:
        """Make a role that only has a name."""
        account = self.account_from(request, form)
        return lifecycle.create_account_role(account=account, actor=actor, name=form.cleaned_data["name"])

    @display(description=gettext_lazy("kind"))
    def kind(self, role: AccountRole) -> SafeString:
        """Whether every account has it."""
        return badge(_("built in")) if role.built_in else badge(_("own"), "info")
