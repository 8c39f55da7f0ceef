"""Work that waits or failed: mails and alerts, for operators (design rule 2)."""

from __future__ import annotations

from django.contrib.admin import display
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.admins.base import AccountScopedAdmin
from console.admins.columns import badge
from console.scoping import Reach
from foundation.models import OutboxMessage


class OutboxMessageAdmin(AccountScopedAdmin):
    """The outbox without its contents, which are other people's mails."""

    shown_to = frozenset({Reach.DEPLOYMENT})
    secret_columns = ("payload",)
    list_display = ("created_at", "kind", "state", "attempts", "due_at", "last_error", "track_id")
    list_filter = ("kind",)
    search_fields = ("=track_id", "kind", "last_error")
    ordering = ("-created_at",)
    fieldsets = (
        (None, {"fields": ("kind", "state", "attempts", "last_error", "track_id")}),
        (gettext_lazy("Dates"), {"fields": ("created_at", "due_at", "done_at", "given_up_at")}),
    )

    @display(description=gettext_lazy("state"))
    def state(self, message: OutboxMessage) -> SafeString:
        """What became of it."""
        if message.done_at is not None:
            return badge(_("done"), "success")
        return (
            badge(_("given up"), "danger") if message.given_up_at is not None else badge(_("waiting"), "info")
        )
