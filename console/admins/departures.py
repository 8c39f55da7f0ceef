"""What a directory takes away from many people at once waits here: carry out, or restore (P-13)."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import action, display
from django.db import models
from django.db.models import Q
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import lifecycle
from accounts.models import Departure
from accounts.privilege import Authority
from accounts.sources import Source
from audit.actors import Actor
from console.admins.base import AccountScopedAdmin
from console.admins.columns import badge, lines
from console.admins.confirmed import ask_and_act
from console.admins.filters import DecidedFilter, ScopedRelatedFilter
from console.scoping import Viewer, viewer_of
from spaces.effective_access import effective_access


def _carry_out(actor: Actor, departure: Departure) -> bool:
    return lifecycle.carry_out_departure(departure=departure, actor=actor)


def _restore(actor: Actor, departure: Departure) -> bool:
    return lifecycle.restore_departed(departure=departure, actor=actor)


def _kept(departure: Departure) -> SafeString:
    """What the person would have again."""
    found = effective_access(departure.user)
    roles = [
        f"{space.name}: {role.name}"
        for space in found.spaces
        for role in space.roles
        if role.source is not Source.GROUP
    ]
    roles += [role.name for role in found.account_roles]
    groups = [group.name for group in found.groups]
    pushed = len(departure.directory_groups)
    return lines(
        [
            *(_("Role: %(name)s") % {"name": name} for name in roles),
            *(_("Group: %(name)s") % {"name": name} for name in groups),
            *([_("Groups of the directory: %(count)d") % {"count": pushed}] if pushed else ()),
        ]
    )


class DepartureAdmin(AccountScopedAdmin):
    """People whose deletion waits, and deactivated ones who were taken out of groups in the same wave."""

    when_empty = gettext_lazy(
        "When the directory removes more people within an hour than the account's settings expect, what they had is "
        "kept here for your decision. The people can't sign in meanwhile."
    )
    list_display = ("user", "what", "state", "asked_by", "created_at", "decided_by", "account")
    list_filter = (DecidedFilter, ("account", ScopedRelatedFilter))
    list_select_related = ("user", "account")
    search_fields = ("user__user_name_folded", "user__email_folded", "=track_id")
    actions = ("carry_out_selected", "restore_selected")
    actions_detail = ("carry_out", "restore")
    fieldsets = (
        (None, {"fields": ("account", "user", "what", "asked_by", "created_at", "track_id")}),
        (gettext_lazy("What they had"), {"fields": ("kept",)}),
        (gettext_lazy("Decision"), {"fields": ("state", "decided_at", "decided_by")}),
    )

    def scope(self, viewer: Viewer) -> Q:
        """Who was only counted is no list's business."""
        return viewer.rows(self.account_lookup) & Q(held=True)

    @display(description=gettext_lazy("what"))
    def what(self, departure: Departure) -> str:
        """What the directory asked for; of somebody who is back it is not told any more."""
        if departure.user.deleted_at is None and departure.decided_at is not None:
            return ""
        return _("deletion") if departure.user.deleted_at is not None else _("removal from groups")

    @display(description=gettext_lazy("state"))
    def state(self, departure: Departure) -> SafeString:
        """Whether it still waits."""
        if departure.decided_at is None:
            return badge(_("waiting"), "warning")
        return badge(_("restored"), "success") if departure.restored else badge(_("carried out"))

    @display(description=gettext_lazy("kept"))
    def kept(self, departure: Departure) -> SafeString:
        """What waits with the person."""
        return _kept(departure) if departure.decided_at is None else lines([])

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """Let any admin of the account decide; whom they may decide about is asked one by one (V-8)."""
        viewer = viewer_of(request)
        return viewer is not None and viewer.may(Authority.ACCOUNT_ADMIN)

    def offered(self, request: HttpRequest, obj: Any) -> frozenset[str]:
        """What was decided stays so."""
        waits = obj.decided_at is None
        return (
            frozenset(self.actions_detail) if waits and self.has_decide_permission(request) else frozenset()
        )

    carry_out = ask_and_act(
        "carry_out",
        label=gettext_lazy("Carry out"),
        icon="person_remove",
        question=gettext_lazy(
            "Do to %(name)s what the directory asked for? What is listed here is gone for good then."
        ),
        change=_carry_out,
        done=gettext_lazy("Carried out."),
        details=_kept,
    )
    restore = ask_and_act(
        "restore",
        label=gettext_lazy("Restore"),
        icon="undo",
        question=gettext_lazy(
            "Give %(name)s back everything that is listed here? The directory does not know of it until it asks again."
        ),
        change=_restore,
        done=gettext_lazy("Restored."),
        details=_kept,
    )

    @action(permissions=["decide"], description=gettext_lazy("Carry out the selected removals"))
    def carry_out_selected(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> None:
        """Carry out one by one."""
        self.for_each(request, queryset.filter(decided_at=None), _carry_out, done=_("Carried out"))

    @action(permissions=["decide"], description=gettext_lazy("Restore the selected people"))
    def restore_selected(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> None:
        """Restore one by one."""
        self.for_each(request, queryset.filter(decided_at=None), _restore, done=_("Restored"))
