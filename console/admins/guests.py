"""Who was asked to join, and who may enter an account that isn't their own (A-9, R-6, V-10)."""

from __future__ import annotations

from django.contrib.admin import display
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import GuestAccess, Invitation
from console.admins.base import AccountScopedAdmin
from console.admins.columns import badge
from console.admins.filters import ScopedRelatedFilter


class InvitationAdmin(AccountScopedAdmin):
    """Invitations; their link is in the mail and nowhere else."""

    list_display = ("email", "state", "invited_by_label", "created_at", "expires_at", "account")
    list_filter = (("account", ScopedRelatedFilter),)
    list_select_related = ("account",)
    search_fields = ("email_folded",)
    fieldsets = (
        (None, {"fields": ("account", "email", "state", "invited_by_label")}),
        (gettext_lazy("Dates"), {"fields": ("created_at", "expires_at", "accepted_at", "revoked_at")}),
    )

    @display(description=gettext_lazy("state"))
    def state(self, invitation: Invitation) -> SafeString:
        """What became of it."""
        if invitation.accepted_at is not None:
            return badge(_("accepted"), "success")
        if invitation.revoked_at is not None:
            return badge(_("revoked"))
        return badge(_("expired")) if invitation.expires_at <= timezone.now() else badge(_("waiting"), "info")


class GuestAccessAdmin(AccountScopedAdmin):
    """Guests and vendor staff with access to the account; the guest's own account is not shown."""

    list_display = ("guest", "basis", "state", "granted_by", "expires_at", "account")
    list_filter = ("basis", ("account", ScopedRelatedFilter))
    list_select_related = ("user", "account")
    fieldsets = (
        (None, {"fields": ("account", "guest", "basis", "state", "granted_by")}),
        (gettext_lazy("Dates"), {"fields": ("created_at", "expires_at", "ended_at")}),
    )

    @display(description=gettext_lazy("guest"))
    def guest(self, access: GuestAccess) -> str:
        """The name, without a link: the person's page belongs to another account."""
        return access.user.user_name

    @display(description=gettext_lazy("state"))
    def state(self, access: GuestAccess) -> SafeString:
        """Whether it holds."""
        if access.ended_at is not None:
            return badge(_("ended"))
        over = access.expires_at is not None and access.expires_at <= timezone.now()
        return badge(_("expired")) if over else badge(_("open"), "success")
