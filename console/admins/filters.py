"""Filters beside the lists. Those with choices from the database offer only what the viewer may see (A-1)."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import RelatedFieldListFilter, SimpleListFilter
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import AccountRoleMembership, BuiltInAccountRole, Status
from audit.actors import ActorKind
from console.admins.choices import choices_of

_MANY = 100  # choices beside a list; who looks for another searches


class ScopedRelatedFilter(RelatedFieldListFilter):
    """Django's filter by a related row, offering the rows of the viewer's own list of that model."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> list[Any]:
        """Return (key, name) pairs."""
        rows = choices_of(model_admin.admin_site, field.remote_field.model, request)
        return [(row.pk, str(row)) for row in rows[:_MANY]]


_PRESENT = Q(deleted_at=None)
_NOT_DISABLED = _PRESENT & Q(disabled_at=None)
STATUS = {
    Status.ACTIVE: _NOT_DISABLED & Q(directory_active=True, first_login_at__isnull=False),
    Status.PENDING: _NOT_DISABLED & Q(directory_active=True, first_login_at=None),
    Status.DEACTIVATED: _NOT_DISABLED & Q(directory_active=False),
    Status.DISABLED: _PRESENT & Q(disabled_at__isnull=False),
    Status.DELETED: Q(deleted_at__isnull=False),
}


class StatusFilter(SimpleListFilter):
    """The derived status of people, in SQL (V-12); without a choice the deleted are left out."""

    title = _("status")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the statuses, strongest last."""
        return [(status.value, status.label) for status in STATUS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep people of the chosen status."""
        chosen = self.value()
        return queryset.filter(STATUS[Status(chosen)] if chosen in STATUS else _PRESENT)


class AdminRoleFilter(SimpleListFilter):
    """People who hold an admin role."""

    title = _("admin role")
    parameter_name = "admin"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the two roles."""
        roles = (BuiltInAccountRole.ACCOUNT_ADMIN, BuiltInAccountRole.SSO_ACCOUNT_ADMIN)
        return [(role.value, role.label) for role in roles]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep holders of the chosen role."""
        chosen = self.value()
        if chosen not in BuiltInAccountRole.values:
            return queryset
        held = AccountRoleMembership.objects.filter(role__built_in=chosen)
        return queryset.filter(pk__in=held.values("user"))


class ProvisionedByFilter(SimpleListFilter):
    """Where a person came from."""

    title = _("came through")
    parameter_name = "from"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the entrances."""
        return [
            (ActorKind.PROVIDER.value, _("first sign-in")),
            (ActorKind.SCIM.value, _("directory")),
            (ActorKind.USER.value, _("added by hand")),
            (ActorKind.CONFIGURATION.value, _("configuration file")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep people of the chosen entrance."""
        return queryset.filter(provisioned_by=self.value()) if self.value() else queryset


class YesNoFilter(SimpleListFilter):
    """A filter with yes and no; a subclass gives the condition for yes."""

    condition = Q()

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return yes and no."""
        return [("yes", _("Yes")), ("no", _("No"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep rows on the chosen side."""
        if self.value() == "yes":
            return queryset.filter(self.condition)
        return queryset.filter(~self.condition) if self.value() == "no" else queryset


class RefusedFilter(YesNoFilter):
    """Events of something that was refused."""

    title = _("refused")
    parameter_name = "refused"
    condition = ~Q(reason="")


class FailedFilter(YesNoFilter):
    """Requests that were answered with an error."""

    title = _("failed")
    parameter_name = "failed"
    condition = Q(status__gte=400)


class MappedFilter(YesNoFilter):
    """Groups that follow the identity provider."""

    title = _("has an IdP identifier")
    parameter_name = "mapped"
    condition = Q(idp_identifier_key__isnull=False)


class EndedFilter(YesNoFilter):
    """Sessions that are over by a decision."""

    title = _("ended")
    parameter_name = "ended"
    condition = Q(ended_at__isnull=False)


class RevokedFilter(YesNoFilter):
    """Tokens that were revoked."""

    title = _("revoked")
    parameter_name = "revoked"
    condition = Q(revoked_at__isnull=False)


class DecidedFilter(YesNoFilter):
    """Held changes that somebody decided."""

    title = _("decided")
    parameter_name = "decided"
    condition = Q(decided_at__isnull=False)
