"""Who was asked to join, and who may enter an account that isn't their own (A-9, R-6, V-10).

An admin types an address; whose it is, and whether anybody has it, is told nowhere (V-26).
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.admin import display
from django.db import models
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget

from accounts import lifecycle
from accounts.models import GuestAccess, Invitation, InvitationPurpose
from accounts.privilege import Authority
from audit.actors import Actor
from console.admins.base import AccountScopedAdmin
from console.admins.columns import badge, lines
from console.admins.confirmed import ask_and_act
from console.admins.filters import EndedFilter, ScopedRelatedFilter
from console.admins.guest_roles import AccountRolesOfGuest, SpacesOfGuest
from console.admins.refusals import RefusableForm
from console.scoping import require_viewer

_MEMBER = InvitationPurpose.MEMBER.value


class NewInvitationForm(RefusableForm):
    """An address, and as what: a user of the account, or a guest for so many days."""

    invited_as = forms.ChoiceField(
        label=gettext_lazy("invited as"),
        choices=[
            (_MEMBER, InvitationPurpose.MEMBER.label),
            ("7", gettext_lazy("a guest for a week")),
            ("30", gettext_lazy("a guest for 30 days")),
            ("90", gettext_lazy("a guest for 90 days")),
            ("365", gettext_lazy("a guest for a year")),
        ],
        help_text=gettext_lazy(
            "A guest belongs to another account and signs in there. Vendor staff comes as a guest, for 30 days at most."
        ),
        widget=UnfoldAdminSelectWidget,
    )


def _resend(actor: Actor, invitation: Invitation) -> bool:
    return lifecycle.resend_invitation(invitation=invitation, actor=actor)


def _revoke(actor: Actor, invitation: Invitation) -> bool:
    return lifecycle.revoke_invitation(invitation=invitation, actor=actor)


class InvitationAdmin(AccountScopedAdmin):
    """Invitations; their link is in the mail and nowhere else."""

    add_needs = Authority.ACCOUNT_ADMIN
    audit_type = "invitation"
    when_empty = gettext_lazy("People whom no directory brings are invited by mail, and so are guests.")
    form = NewInvitationForm
    list_display = ("email", "purpose", "state", "invited_by_label", "created_at", "expires_at", "account")
    list_filter = ("purpose", ("account", ScopedRelatedFilter))
    list_select_related = ("account",)
    search_fields = ("email_folded",)
    fieldsets = (
        (None, {"fields": ("account", "email", "purpose", "state", "invited_by_label")}),
        (gettext_lazy("Dates"), {"fields": ("created_at", "expires_at", "accepted_at", "revoked_at")}),
    )
    add_fieldsets = ((None, {"fields": ("account", "email", "invited_as")}),)
    actions_detail = ("resend", "revoke")

    def create(self, request: HttpRequest, actor: Actor, form: Any) -> models.Model:
        """Invite; the mail goes out with the commit."""
        chosen = form.cleaned_data["invited_as"]
        is_member = chosen == _MEMBER
        return lifecycle.invite_person(
            account=self.account_from(request, form),
            actor=actor,
            email=form.cleaned_data["email"],
            purpose=InvitationPurpose.MEMBER if is_member else InvitationPurpose.GUEST,
            guest_days=0 if is_member else int(chosen),
        )

    def offered(self, request: HttpRequest, obj: Any) -> frozenset[str]:
        """What was accepted or revoked stays so."""
        may = require_viewer(request).may(Authority.ACCOUNT_ADMIN)
        over = obj.accepted_at is not None or obj.revoked_at is not None
        return frozenset(self.actions_detail) if may and not over else frozenset()

    resend = ask_and_act(
        "resend",
        label=gettext_lazy("Send again"),
        icon="send",
        question=gettext_lazy("Send %(name)s a new link? The one before stops working."),
        change=_resend,
        done=gettext_lazy("Sent again."),
    )
    revoke = ask_and_act(
        "revoke",
        label=gettext_lazy("Revoke"),
        icon="block",
        question=gettext_lazy("Revoke the invitation of %(name)s? Its link opens nothing from now on."),
        change=_revoke,
        done=gettext_lazy("Revoked."),
    )

    @display(description=gettext_lazy("state"))
    def state(self, invitation: Invitation) -> SafeString:
        """What became of it."""
        if invitation.accepted_at is not None:
            return badge(_("accepted"), "success")
        if invitation.revoked_at is not None:
            return badge(_("revoked"))
        return badge(_("expired")) if invitation.expires_at <= timezone.now() else badge(_("waiting"), "info")


def _end(actor: Actor, access: GuestAccess) -> bool:
    return lifecycle.end_guest_access(access=access, actor=actor)


class GuestAccessAdmin(AccountScopedAdmin):
    """Guests and vendor staff with access, and what they may do here; the guest's own account is not shown."""

    change_needs = Authority.ACCOUNT_ADMIN
    audit_type = "guest"
    when_empty = gettext_lazy("Guests are invited by mail, on the page of invitations.")
    list_display = ("guest", "basis", "state", "granted_by", "expires_at", "may_do", "account")
    list_filter = (EndedFilter, "basis", ("account", ScopedRelatedFilter))
    list_select_related = ("user", "account")
    fieldsets = (
        (None, {"fields": ("account", "guest", "basis", "state", "granted_by")}),
        (gettext_lazy("Dates"), {"fields": ("created_at", "expires_at", "ended_at")}),
    )
    readonly_fields = (
        "account",
        "guest",
        "basis",
        "state",
        "granted_by",
        "created_at",
        "expires_at",
        "ended_at",
    )
    inlines = (SpacesOfGuest, AccountRolesOfGuest)
    actions_detail = ("end",)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """Bring along what each may do, for the list."""
        rows: models.QuerySet[Any] = super().get_queryset(request)
        return rows.prefetch_related("space_roles__space", "space_roles__role", "account_roles__role")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What ended stays as it was. Saying so matters: whoever was invited again has the same roles on another page,
        and an admin who takes one here must not believe that it is gone."""
        return super().has_change_permission(request, obj) and (obj is None or obj.is_open)

    def update(self, request: HttpRequest, actor: Actor, obj: Any, form: Any) -> None:
        """Only the roles below the form change."""

    def offered(self, request: HttpRequest, obj: Any) -> frozenset[str]:
        """What ended stays so."""
        may = require_viewer(request).may(Authority.ACCOUNT_ADMIN)
        return frozenset({"end"}) if may and obj.is_open else frozenset()

    end = ask_and_act(
        "end",
        label=gettext_lazy("End access"),
        icon="block",
        question=gettext_lazy("End the access of %(name)s? It ends with their next request."),
        change=_end,
        done=gettext_lazy("Ended."),
    )

    @display(description=gettext_lazy("guest"))
    def guest(self, access: GuestAccess) -> str:
        """The name, without a link: the person's page belongs to another account."""
        return access.user.user_name

    @display(description=gettext_lazy("may do"))
    def may_do(self, access: GuestAccess) -> SafeString:
        """Roles given here; "nothing yet" tells the admin to go on with the guest's page."""
        if not access.is_open:
            return lines([])
        roles = [f"{held.space.name}: {held.role.name}" for held in access.space_roles.all()]
        roles += [held.role.name for held in access.account_roles.all()]
        return lines(sorted(roles) or [_("nothing yet")])

    @display(description=gettext_lazy("state"))
    def state(self, access: GuestAccess) -> SafeString:
        """Whether it holds."""
        if access.ended_at is not None:
            return badge(_("ended"))
        return badge(_("open"), "success") if access.is_open else badge(_("expired"))
