"""People: the list, one person's page, and what an admin may do to them (P-4, G-3, V-8, V-12).

Accounts admins see the people of their own account; operators, vendor staff and partner admins are no one's members and
show up for operators only (V-2). A pending person can be edited, put into spaces and groups, and disabled before they
ever sign in.
"""

from __future__ import annotations

import zoneinfo
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.admin import display
from django.db import models
from django.db.models import Prefetch, Q
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminEmailInputWidget, UnfoldAdminSelectWidget

from accounts import lifecycle
from accounts.lifecycle import PersonChanges
from accounts.models import Account, Kind, User
from accounts.privilege import Authority, authority_of_user_roles
from accounts.sources import Source
from audit.actors import Actor, ActorKind
from console.admins.base import AccountScopedAdmin
from console.admins.choices import choices_of, keep_choice
from console.admins.columns import ENTRANCE_NAME, facts, lines, moment, status_badge
from console.admins.filters import AdminRoleFilter, ProvisionedByFilter, ScopedRelatedFilter, StatusFilter
from console.admins.person_access import (
    AccountRolesOfPerson,
    GroupsOfPerson,
    IdentitiesOfPerson,
    SessionsOfPerson,
    SpacesOfPerson,
    roles_follow_provider,
)
from console.admins.person_actions import PersonActions
from console.admins.refusals import RefusableForm
from console.scoping import Reach, Viewer, require_viewer, viewer_of
from foundation.folding import fold
from spaces.effective_access import effective_access
from sso.models import FederatedIdentity

PROFILE = ("user_name", "email", "given_name", "family_name", "display_name", "phone", "timezone", "language")
_LEVEL = "_console_level"


class PersonForm(RefusableForm):
    """The profile of a person."""

    def clean_timezone(self) -> str:
        """Take names of the IANA database only (J-8)."""
        zone = str(self.cleaned_data["timezone"]).strip()
        if zone and zone not in zoneinfo.available_timezones():
            raise forms.ValidationError(
                _("This is no time zone of the IANA database, such as Europe/Berlin.")
            )
        return zone


class NewPersonForm(PersonForm):
    """An operator also says in which account."""

    # Not "account": Django takes that for the model's column, which no form may edit.
    in_account = forms.ModelChoiceField(
        label=gettext_lazy("account"), queryset=Account.objects.none(), widget=UnfoldAdminSelectWidget
    )


class UserAdmin(PersonActions, AccountScopedAdmin):
    """The people of an account."""

    add_needs = change_needs = delete_needs = Authority.ACCOUNT_ADMIN
    audit_type = "user"
    created_leads_to_change = True
    form = PersonForm
    list_display = (
        "user_name",
        "full_name",
        "email",
        "status_shown",
        "signs_in_with",
        "came_through",
        "account",
        "last_login",
    )
    list_filter = (StatusFilter, AdminRoleFilter, ProvisionedByFilter, ("account", ScopedRelatedFilter))
    list_select_related = ("account",)
    search_fields = (
        "user_name_folded",
        "email_folded",
        "display_name",
        "given_name",
        "family_name",
        "=external_id",
    )
    search_help_text = gettext_lazy("User name, e-mail, name or external id")
    fieldsets = (
        (None, {"fields": ("account", *PROFILE)}),
        (gettext_lazy("Status"), {"fields": ("status_shown", "status_facts")}),
        (gettext_lazy("Access through groups"), {"fields": ("through_groups",)}),
    )
    add_fieldsets = ((None, {"fields": ("in_account", *PROFILE)}),)
    inlines = (AccountRolesOfPerson, SpacesOfPerson, GroupsOfPerson, IdentitiesOfPerson, SessionsOfPerson)

    # --- which rows and rights ----------------------------------------------------------------------------------------

    def scope(self, viewer: Viewer) -> Q:
        """V-2: only members are an account's people."""
        everybody = viewer.reach is Reach.DEPLOYMENT
        return Q() if everybody else viewer.rows("account") & Q(kind=Kind.MEMBER)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """Bring the open identities along, for the column "signs in with"."""
        identities = (
            FederatedIdentity.objects.filter(closed_at=None).select_related("provider").defer("last_claims")
        )
        return super().get_queryset(request).prefetch_related(Prefetch("identities", queryset=identities))

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet[Any], search_term: str
    ) -> tuple[models.QuerySet[Any], bool]:
        """Compare folded, as names are stored; a choice in a form never offers a deleted person."""
        match = request.resolver_match
        if match is not None and match.url_name == "autocomplete":
            queryset = queryset.filter(deleted_at=None)
        found: tuple[models.QuerySet[Any], bool] = super().get_search_results(
            request, queryset, fold(search_term)
        )
        return found

    def may_touch(self, request: HttpRequest, obj: User) -> bool:
        """V-8: nobody edits above themselves."""
        viewer = viewer_of(request)
        if viewer is None:
            return False
        if obj.kind != Kind.MEMBER:
            return viewer.may(Authority.OPERATOR)
        if not hasattr(obj, _LEVEL):
            setattr(obj, _LEVEL, authority_of_user_roles(obj))
        return viewer.may(max(Authority.ACCOUNT_ADMIN, getattr(obj, _LEVEL)))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A deleted person is only looked at."""
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or (obj.deleted_at is None and self.may_touch(request, obj)))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As for changing."""
        return super().has_delete_permission(request, obj) and self.has_change_permission(request, obj)

    # --- the form -----------------------------------------------------------------------------------------------------

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Ask an operator for the account of a new person; keep a language that only a directory speaks."""
        viewer = viewer_of(request)
        if obj is not None or viewer is None or not viewer.sees_many_accounts:
            form = super().get_form(request, obj, change=change, **kwargs)
            keep_choice(form, "language", getattr(obj, "language", ""))
            return form
        form = super().get_form(request, obj, change=change, **{**kwargs, "form": NewPersonForm})
        form.base_fields["in_account"].queryset = choices_of(self.admin_site, Account, request)
        return form

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """The user name of somebody whom a directory or provider knows is what it finds them by."""
        if obj is None:
            return ()
        shown = ("account", "status_shown", "status_facts", "through_groups")
        outside = obj.connected or obj.provisioned_by in (ActorKind.SCIM, ActorKind.PROVIDER)
        return ("user_name", *shown) if outside else shown

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Check the address, offer our languages, show the zone's form."""
        if db_field.name == "email":
            return forms.EmailField(label=_("E-mail"), required=False, widget=UnfoldAdminEmailInputWidget)
        if db_field.name == "language":
            choices = [("", _("as the browser says")), *settings.LANGUAGES]
            widget = UnfoldAdminSelectWidget
            return forms.ChoiceField(label=_("Language"), choices=choices, required=False, widget=widget)
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "timezone" and field is not None:
            field.help_text = _("For example Europe/Berlin; empty for UTC.")
        return field

    def create(self, request: HttpRequest, actor: Actor, form: Any) -> models.Model:
        """Add a person by hand: pending until they sign in, no mail is sent."""
        values = {name: form.cleaned_data[name] for name in PROFILE if form.cleaned_data.get(name)}
        account = form.cleaned_data.get("in_account") or require_viewer(request).user.account
        return lifecycle.create_user(actor=actor, account=account, values=PersonChanges(**values))

    def update(self, request: HttpRequest, actor: Actor, obj: Any, form: Any) -> None:
        """Write what was edited."""
        values = {name: form.cleaned_data[name] for name in form.changed_data if name in PROFILE}
        lifecycle.update_user(user=obj, actor=actor, values=PersonChanges(**values))

    def remove(self, actor: Actor, obj: Any) -> None:
        """Remove from the account; the row stays for the audit trail (V-13)."""
        lifecycle.delete_user(user=obj, actor=actor)

    # --- columns ------------------------------------------------------------------------------------------------------

    @display(description=gettext_lazy("name"), ordering="display_name")
    def full_name(self, user: User) -> str:
        """The best name there is, unless it is the user name again."""
        name = user.get_full_name()
        return "" if name == user.user_name else name

    @display(description=gettext_lazy("status"))
    def status_shown(self, user: User) -> SafeString:
        """The derived status."""
        return status_badge(user.status)

    @display(description=gettext_lazy("signs in with"))
    def signs_in_with(self, user: User) -> str:
        """Providers that know the person, and the password if there is one."""
        ways = sorted({identity.provider.name for identity in user.identities.all()})
        if user.has_usable_password():
            ways.append(_("password"))
        return ", ".join(ways)

    @display(description=gettext_lazy("came through"), ordering="provisioned_by")
    def came_through(self, user: User) -> str:
        """The entrance through which the person was made."""
        return str(ENTRANCE_NAME.get(user.provisioned_by, ""))

    @display(description=gettext_lazy("facts"))
    def status_facts(self, user: User) -> SafeString:
        """The independent facts that the status is derived from (V-12)."""
        disabled = f"{moment(user.disabled_at)} ({user.disabled_by})" if user.disabled_at else _("no")
        rows: list[tuple[object, object]] = [
            (_("Directory says"), _("active") if user.directory_active else _("not active")),
            (_("Disabled by an admin"), disabled),
            (_("First sign-in"), moment(user.first_login_at)),
            (_("Last sign-in"), moment(user.last_login)),
            (_("Created"), f"{moment(user.created_at)}, {ENTRANCE_NAME.get(user.provisioned_by, '')}"),
            (_("Signs in with"), self.signs_in_with(user)),
            (_("Roles"), _("follow mapping roles") if roles_follow_provider(user) else _("kept by hand")),
            (_("Mapped groups"), _("follow the provider") if user.group_synced else _("kept by hand")),
            (_("External id"), user.external_id or ""),
        ]
        if user.deleted_at is not None:
            rows.append((_("Removed"), moment(user.deleted_at)))
        if user.kind != Kind.MEMBER:
            rows.append((_("Kind"), Kind(user.kind).label))
        return facts(rows)

    @display(description=gettext_lazy("through groups"))
    def through_groups(self, user: User) -> SafeString:
        """Space roles that groups of the person grant (G-8)."""
        found = effective_access(user)
        return lines(
            _("%(role)s in %(space)s, through %(group)s")
            % {"role": role.name, "space": space.name, "group": role.via}
            for space in found.spaces
            for role in space.roles
            if role.source is Source.GROUP
        )
