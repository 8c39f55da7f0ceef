"""Groups: the IdP identifier, the members with their source, the space roles that a group grants (G-1, G-3, G-8)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.admin import display
from django.db import models
from django.db.models import Count, F, OuterRef, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import lifecycle
from accounts.models import Group, GroupMembership
from accounts.privilege import Authority
from audit.actors import Actor
from console.admins.base import AccountScopedAdmin
from console.admins.columns import NOTHING, badge, moment
from console.admins.filters import MappedFilter, ScopedRelatedFilter
from console.admins.inlines import ScopedInline
from console.admins.person_access import MembershipInline
from console.admins.seen_groups import SeenIdentifierInput, offered_to, seen_of, table_of, warning_about
from console.scoping import viewer_of
from spaces import access
from spaces.models import GroupSpaceRole


class MembersOfGroup(MembershipInline):
    """People in the group and by whose word; synchronized people of a mapped group can't be changed (G-3)."""

    model = GroupMembership
    verbose_name, verbose_name_plural = gettext_lazy("member"), gettext_lazy("members")
    fields = ("user", "owner", "granted_by", "since", "why")
    autocomplete_fields = ("user",)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """Load what the columns show."""
        return super().get_queryset(request).select_related("user__account", "group")

    def add(self, actor: Actor, row: GroupMembership) -> None:
        """Join by hand; refused with the reason for synchronized people of a mapped group."""
        lifecycle.set_group_membership(group=row.group, user=row.user, actor=actor, member=True)

    def remove(self, actor: Actor, row: GroupMembership) -> None:
        """Leave by hand."""
        lifecycle.set_group_membership(group=row.group, user=row.user, actor=actor, member=False)


class GrantsOfGroup(ScopedInline):
    """Space roles that every member has through the group."""

    model = GroupSpaceRole
    verbose_name, verbose_name_plural = gettext_lazy("grant"), gettext_lazy("grants")
    fields = ("space", "role", "granted_by", "since")
    readonly_fields = ("granted_by", "since")

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """Load what the columns show."""
        return super().get_queryset(request).select_related("space", "role")

    @display(description=gettext_lazy("since"))
    def since(self, row: GroupSpaceRole) -> str:
        """Say since when; a row that is being added has no date."""
        return "" if row._state.adding else moment(row.created_at)

    def add(self, actor: Actor, row: GroupSpaceRole) -> None:
        """Grant."""
        access.grant_group_space_role(group=row.group, space=row.space, role=row.role, actor=actor)

    def remove(self, actor: Actor, row: GroupSpaceRole) -> None:
        """Grant no longer."""
        access.grant_group_space_role(
            group=row.group, space=row.space, role=row.role, actor=actor, granted=False
        )


class GroupAdmin(AccountScopedAdmin):
    """The groups of an account."""

    add_needs = change_needs = delete_needs = Authority.ACCOUNT_ADMIN
    audit_type = "group"
    created_leads_to_change = True
    list_display = (
        "name",
        "idp_identifier",
        "kept_by",
        "member_count",
        "grant_count",
        "account",
        "updated_at",
    )
    list_filter = (MappedFilter, ("account", ScopedRelatedFilter))
    list_select_related = ("account",)
    search_fields = ("name_folded", "idp_identifier", "external_id")
    search_help_text = gettext_lazy("Name, IdP identifier or external id")
    fieldsets = (
        (
            None,
            {"fields": ("account", "name", "idp_identifier", "seen", "kept_by", "external_id", "updated_at")},
        ),
        (gettext_lazy("Identifiers seen in the last 90 days"), {"fields": ("seen_identifiers",)}),
    )
    add_fieldsets = ((None, {"fields": ("account", "name", "idp_identifier")}),)
    inlines = (MembersOfGroup, GrantsOfGroup)
    actions = ("delete_selected",)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """Count members and grants, by a sub-query for each row that is shown."""
        members = GroupMembership.objects.filter(group=OuterRef("pk")).order_by().values("group")
        grants = GroupSpaceRole.objects.filter(group=OuterRef("pk")).order_by().values("group")
        rows: models.QuerySet[Any] = super().get_queryset(request)
        counted: models.QuerySet[Any] = rows.annotate(
            members_shown=Coalesce(
                Subquery(members.annotate(n=Count("user", distinct=True)).values("n")), Value(0)
            ),
            grants_shown=Coalesce(Subquery(grants.annotate(n=Count("pk")).values("n")), Value(0)),
        )
        return counted

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet[Any], search_term: str
    ) -> tuple[models.QuerySet[Any], bool]:
        """Group names are stored folded as well; identifiers compare without case here."""
        found: tuple[models.QuerySet[Any], bool] = super().get_search_results(
            request, queryset, search_term.lower()
        )
        return found

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """What belongs to the directory, and the account once it is chosen."""
        if obj is None:
            return ()
        return ("account", "seen", "kept_by", "external_id", "updated_at", "seen_identifiers")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """G-7: offer identifiers that were seen in the group's account; an operator who adds one names it later."""
        form = super().get_form(request, obj, change=change, **kwargs)
        viewer = viewer_of(request)
        account_id = getattr(obj, "account_id", None) or (viewer.account_id if viewer else None)
        field = form.base_fields.get("idp_identifier")
        if field is not None and account_id is not None:
            field.widget = SeenIdentifierInput(offered_to(account_id, obj))
        return form

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """G-7: warn about an identifier that nobody ever sent; it may yet come, so it is kept."""
        super().save_model(request, obj, form, change)
        if "idp_identifier" in form.changed_data and (told := warning_about(obj)):
            self.message_user(request, told, messages.WARNING)

    def create(self, request: HttpRequest, actor: Actor, form: Any) -> models.Model:
        """Make a group."""
        return lifecycle.create_group(
            account=self.account_from(request, form),
            actor=actor,
            name=form.cleaned_data["name"],
            idp_identifier=form.cleaned_data["idp_identifier"],
        )

    def update(self, request: HttpRequest, actor: Actor, obj: Any, form: Any) -> None:
        """Write what was edited."""
        changed = {
            name: form.cleaned_data[name] for name in form.changed_data if name in ("name", "idp_identifier")
        }
        lifecycle.update_group(group=obj, actor=actor, **changed)

    def remove(self, actor: Actor, obj: Any) -> None:
        """Delete the group with its memberships and grants."""
        lifecycle.delete_group(group=obj, actor=actor)

    @display(description=gettext_lazy("seen"))
    def seen(self, group: Group) -> SafeString | str:
        """How often its identifier came (G-7)."""
        return seen_of(group) if group.idp_identifier_key else NOTHING

    @display(description=gettext_lazy("identifiers"))
    def seen_identifiers(self, group: Group) -> SafeString:
        """What came most often (G-7)."""
        return table_of(self.admin_site, group.account_id)

    @display(description=gettext_lazy("kept by"), ordering="directory_owned")
    def kept_by(self, group: Group) -> SafeString:
        """Who keeps the members."""
        if group.directory_owned:
            return badge(_("directory"), "info")
        return badge(_("sign-in"), "info") if group.idp_identifier_key else badge(_("by hand"))

    @display(description=gettext_lazy("members"), ordering=F("members_shown"))
    def member_count(self, group: Any) -> int:
        """How many people."""
        return int(group.members_shown)

    @display(description=gettext_lazy("grants"), ordering=F("grants_shown"))
    def grant_count(self, group: Any) -> int:
        """How many space roles."""
        return int(group.grants_shown)
