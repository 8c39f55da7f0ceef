"""What a person has, on the person's page: account roles, spaces and groups with their source (G-3, R-4, V-8).

Rows of source manual are added and removed here. Every other row belongs to a sign-in, a mapping role or the directory,
which would put it back or take it away again, and says so in the column "why".
"""

from __future__ import annotations

from typing import Any

from django.contrib.admin import display
from django.db import models
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import lifecycle
from accounts.models import AccountRoleMembership, BuiltInAccountRole, GroupMembership, User, UserSession
from accounts.privilege import Authority
from accounts.sources import Source
from audit.actors import Actor
from console.admins.columns import badge, link_to, moment, source_badge
from console.admins.inlines import ReadOnlyInline, ScopedInline
from console.scoping import require_viewer
from spaces import access
from spaces.models import SpaceMembership
from sso.models import FederatedIdentity


def roles_follow_provider(user: User) -> bool:
    """Tell whether the person's roles are exactly those of their mapping roles (R-4)."""
    return user.connected and user.account is not None and user.account.sso_authorization


def why_kept(row: Any, *, user: User) -> str:
    """Return why a membership can't be removed by hand, "" when it can."""
    reasons = {
        Source.CLAIMS: _("follows the sign-in"),
        Source.MAPPING: _("follows the mapping role"),
        Source.DIRECTORY: _("follows the directory"),
        Source.GROUP: _("follows the group"),
    }
    if row.source != Source.MANUAL:
        return reasons.get(Source(row.source), _("kept elsewhere"))
    if isinstance(row, GroupMembership):
        return why_group_follows(row, user)
    return _("roles follow single sign-on authorization") if roles_follow_provider(user) else ""


def why_group_follows(row: GroupMembership, user: User) -> str:
    """Return why a mapped group is read-only for this person (G-3), "" when it isn't."""
    if user.group_synced and row.group.idp_identifier_key:
        return _("the group is mapped and this person is synchronized by the identity provider")
    return ""


class MembershipInline(ScopedInline):
    """The columns that all memberships share."""

    readonly_fields = ("owner", "granted_by", "since", "why")

    @display(description=gettext_lazy("source"))
    def owner(self, row: Any) -> SafeString:
        """Say who owns the row."""
        return source_badge(row.source or Source.MANUAL.value)

    @display(description=gettext_lazy("since"))
    def since(self, row: Any) -> str:
        """Say since when; a row that is being added has no date."""
        return "" if row._state.adding else moment(row.created_at)

    @display(description=gettext_lazy("why"))
    def why(self, row: Any) -> str:
        """Say why it can't be removed."""
        return "" if row._state.adding else self.why_kept(row)

    def why_kept(self, row: Any) -> str:
        """Look at the source, at R-4 and at G-3."""
        return why_kept(row, user=row.user)


class AccountRolesOfPerson(MembershipInline):
    """Account roles."""

    model = AccountRoleMembership
    verbose_name, verbose_name_plural = gettext_lazy("account role"), gettext_lazy("account roles")
    fields = ("role", "owner", "granted_by", "since", "why")

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """Load what the columns show."""
        return super().get_queryset(request).select_related("role", "user__account")

    def may_edit(self, request: HttpRequest, obj: Any) -> bool:
        """R-4: not while the provider decides about roles."""
        return super().may_edit(request, obj) and not roles_follow_provider(obj)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """V-8: don't offer what the viewer may not give; the lifecycle refuses it anyway."""
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "role" and not require_viewer(request).may(Authority.SSO_ACCOUNT_ADMIN):
            field.queryset = field.queryset.exclude(built_in=BuiltInAccountRole.SSO_ACCOUNT_ADMIN)
        return field

    def add(self, actor: Actor, row: AccountRoleMembership) -> None:
        """Grant by hand."""
        lifecycle.grant_account_role(user=row.user, role=row.role, actor=actor, source=Source.MANUAL)

    def remove(self, actor: Actor, row: AccountRoleMembership) -> None:
        """Take away what was granted by hand."""
        lifecycle.revoke_account_role(user=row.user, role=row.role, actor=actor, source=Source.MANUAL)


class SpacesOfPerson(MembershipInline):
    """Roles in spaces."""

    model = SpaceMembership
    verbose_name, verbose_name_plural = gettext_lazy("role in a space"), gettext_lazy("spaces")
    fields = ("space", "role", "owner", "granted_by", "since", "why")

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """Load what the columns show."""
        return super().get_queryset(request).select_related("space", "role", "user__account")

    def may_edit(self, request: HttpRequest, obj: Any) -> bool:
        """R-4: not while the provider decides about roles."""
        return super().may_edit(request, obj) and not roles_follow_provider(obj)

    def add(self, actor: Actor, row: SpaceMembership) -> None:
        """Grant by hand."""
        access.grant_space_role(
            user=row.user, space=row.space, role=row.role, actor=actor, source=Source.MANUAL
        )

    def remove(self, actor: Actor, row: SpaceMembership) -> None:
        """Take away what was granted by hand."""
        access.revoke_space_role(
            user=row.user, space=row.space, role=row.role, actor=actor, source=Source.MANUAL
        )


class GroupsOfPerson(MembershipInline):
    """Groups."""

    model = GroupMembership
    verbose_name, verbose_name_plural = gettext_lazy("group"), gettext_lazy("groups")
    fields = ("group", "owner", "granted_by", "since", "why")

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """Load what the columns show."""
        return super().get_queryset(request).select_related("group", "user__account")

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """G-3: offer a synchronized person only groups that don't follow the provider."""
        formset = super().get_formset(request, obj, **kwargs)
        field = formset.form.base_fields.get("group")
        if obj is not None and obj.group_synced and field is not None:
            field.queryset = field.queryset.filter(idp_identifier_key=None)
            field.help_text = _(
                "Mapped groups of this person follow the identity provider and can't be chosen."
            )
        return formset

    def add(self, actor: Actor, row: GroupMembership) -> None:
        """Join by hand."""
        lifecycle.set_group_membership(group=row.group, user=row.user, actor=actor, member=True)

    def remove(self, actor: Actor, row: GroupMembership) -> None:
        """Leave by hand."""
        lifecycle.set_group_membership(group=row.group, user=row.user, actor=actor, member=False)


class IdentitiesOfPerson(ReadOnlyInline):
    """Who the person is at which provider."""

    model = FederatedIdentity
    verbose_name_plural = gettext_lazy("identities")
    fields = ("through", "subject", "created_at", "last_seen_at", "closed_at")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """Leave the encrypted claims where they are."""
        return super().get_queryset(request).select_related("provider").defer("last_claims")

    @display(description=gettext_lazy("provider"))
    def through(self, row: FederatedIdentity) -> SafeString:
        """The provider; one above accounts has no page for the account's admins."""
        return badge(row.provider.name) if row.provider.is_shared else link_to(self.admin_site, row.provider)


class SessionsOfPerson(ReadOnlyInline):
    """Signed-in browsers, newest first; each has a page with the button that ends it."""

    model = UserSession
    verbose_name_plural = gettext_lazy("sessions")
    fields = ("began", "state", "provider_label", "address", "expires_at")
    readonly_fields = fields
    per_page = 20

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """Leave the encrypted token where it is."""
        return super().get_queryset(request).defer("id_token")

    @display(description=gettext_lazy("began"))
    def began(self, row: UserSession) -> SafeString:
        """Link to the session's page."""
        return link_to(self.admin_site, row, moment(row.created_at))

    @display(description=gettext_lazy("state"))
    def state(self, row: UserSession) -> SafeString:
        """Say whether it is open."""
        return session_badge(row)


def session_badge(row: UserSession) -> SafeString:
    """Return the badge of a session."""
    if row.ended_at is not None:
        return badge(row.get_end_reason_display() or _("ended"))
    return badge(_("open"), "success") if row.expires_at > timezone.now() else badge(_("expired"))
