"""Changes that the customer's directory asked for and that wait for an admin (V-8)."""

from __future__ import annotations

from django.contrib.admin import display
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import lifecycle
from accounts.models import HeldChange
from accounts.privilege import Authority
from audit.actors import Actor
from console.admins.base import AccountScopedAdmin
from console.admins.columns import badge, changes_table, facts
from console.admins.confirmed import ask_and_act
from console.admins.filters import DecidedFilter, ScopedRelatedFilter
from console.scoping import require_viewer


def _approve(actor: Actor, held: HeldChange) -> bool:
    return bool(lifecycle.approve_held_change(held=held, actor=actor))


def _decline(actor: Actor, held: HeldChange) -> bool:
    lifecycle.decline_held_change(held=held, actor=actor)
    return True


def _difference(held: HeldChange) -> SafeString:
    return facts([(_("Asked for by"), held.asked_by), (_("Asked for"), changes_table(held.changes))])


class HeldChangeAdmin(AccountScopedAdmin):
    """Changes of an admin's user name, e-mail or externalId that the directory asked for."""

    when_empty = gettext_lazy(
        "When a directory wants to change an admin's user name, e-mail or external ID, the change waits here for your "
        "decision."
    )
    list_display = ("created_at", "user", "asked_by", "state", "account")
    list_filter = (DecidedFilter, ("account", ScopedRelatedFilter))
    list_select_related = ("user", "account")
    search_fields = ("user__user_name_folded", "=track_id")
    actions_detail = ("approve", "decline")
    fieldsets = (
        (None, {"fields": ("account", "user", "asked_by", "created_at", "track_id")}),
        (gettext_lazy("Asked for"), {"fields": ("changed",)}),
        (gettext_lazy("Decision"), {"fields": ("state", "decided_at", "decided_by")}),
    )

    @display(description=gettext_lazy("state"))
    def state(self, held: HeldChange) -> SafeString:
        """Whether it still waits."""
        if held.decided_at is None:
            return badge(_("waiting"), "warning")
        if held.approved is None:
            return badge(_("not taken"))
        return badge(_("approved"), "success") if held.approved else badge(_("declined"))

    @display(description=gettext_lazy("changes"))
    def changed(self, held: HeldChange) -> SafeString:
        """Old and new values."""
        return changes_table(held.changes)

    def offered(self, request: HttpRequest, obj: HeldChange) -> frozenset[str]:
        """Let an SSO account admin or an operator decide what waits (V-8); others see it only."""
        may = require_viewer(request).may(Authority.SSO_ACCOUNT_ADMIN)
        return frozenset(self.actions_detail) if may and obj.decided_at is None else frozenset()

    approve = ask_and_act(
        "approve",
        label=gettext_lazy("Approve"),
        icon="check_circle",
        question=gettext_lazy("Make this change, as the directory asked? (%(name)s)"),
        change=_approve,
        done=gettext_lazy("Approved. The directory reads the new values now."),
        details=_difference,
    )
    decline = ask_and_act(
        "decline",
        label=gettext_lazy("Decline"),
        icon="block",
        question=gettext_lazy(
            "Leave everything as it is? The directory is told no, and the same wish is not shown again for a week. "
            "(%(name)s)"
        ),
        change=_decline,
        done=gettext_lazy("Declined. Nothing was changed."),
        details=_difference,
    )
