"""API tokens: made, shown once, revoked (P-2, P-3, V-14).

The plain token exists in one place: the answer to the POST that made it. It is in no session, message, redirect or log,
and reloading the list can't bring it back.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.admin import display
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import lifecycle
from accounts.models import Account, ApiToken
from accounts.privilege import Authority
from audit.actors import Actor
from console.admins.base import AccountScopedAdmin
from console.admins.columns import badge, moment
from console.admins.confirmed import button
from console.admins.filters import RevokedFilter, ScopedRelatedFilter
from console.admins.not_yet import not_yet
from console.admins.refusals import RefusableForm
from console.scoping import require_viewer
from foundation import public_urls

_PLAIN = "_console_plain_token"
# A form whose answer shows a secret once can't go on with another page in the same breath.
ANSWER_SHOWS_A_SECRET = {"show_save_and_add_another": False, "show_save_and_continue": False}


class TokenForm(RefusableForm):
    """Name and expiry of a new token."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "expires_at" in self.fields:
            self.fields["expires_at"].help_text = _("Left empty, it works until it is revoked.")

    def clean_expires_at(self) -> Any:
        """An expiry lies ahead."""
        expires_at = self.cleaned_data["expires_at"]
        if expires_at is not None and expires_at <= timezone.now():
            raise forms.ValidationError(_("This moment has passed."))
        return expires_at


def why_no_token(account: Account) -> str:
    """Return why the account can't have a token yet (P-3), "" when it can."""
    if not account.sso_module:
        return _("The SSO module of this account is off; an operator switches it on.")
    if not account.sso_ready:
        return _(
            "A token can be made once single sign-on works: enable an identity provider first. Until then nobody whom "
            "a directory creates here could sign in."
        )
    return ""


class ApiTokenAdmin(AccountScopedAdmin):
    """The tokens of an account. A token is never changed, only revoked."""

    add_needs = Authority.SSO_ACCOUNT_ADMIN  # V-8: with it every admin can be removed
    audit_type = "api_token"
    when_empty = gettext_lazy("A directory that pushes people here by SCIM signs in with a token.")
    form = TokenForm
    list_display = (
        "name",
        "state",
        "permission",
        "owner",
        "created_by_label",
        "created_at",
        "expires_at",
        "last_used_at",
        "last_used_ip",
        "account",
    )
    list_filter = (RevokedFilter, ("account", ScopedRelatedFilter))
    list_select_related = ("account", "owner")
    search_fields = ("name", "lookup")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "account",
                    "name",
                    "permission",
                    "state",
                    "lookup",
                    "owner",
                    "expires_at",
                    "revoked_at",
                )
            },
        ),
        (gettext_lazy("Maker"), {"fields": ("created_by_label", "created_at", "maker_left_at")}),
        (gettext_lazy("Last used"), {"fields": ("last_used_at", "last_used_ip")}),
    )
    add_fieldsets = ((None, {"fields": ("account", "name", "expires_at")}),)
    actions_detail = ("revoke",)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the reason in place of the form while the account can't have a token (P-3)."""
        viewer = require_viewer(request)
        account = viewer.user.account
        reason = why_no_token(account) if not viewer.sees_many_accounts and account is not None else ""
        if reason and request.method != "POST" and self.has_add_permission(request):
            return not_yet(
                self,
                request,
                title=_("Add API token"),
                heading=_("No token can be made yet"),
                reason=reason,
            )
        answer: HttpResponse = super().add_view(
            request, form_url, {**ANSWER_SHOWS_A_SECRET, **(extra_context or {})}
        )
        return answer

    def create(self, request: HttpRequest, actor: Actor, form: Any) -> models.Model:
        """Make the token and keep its plain form for the answer to this very request."""
        token, plain = lifecycle.create_api_token(
            account=self.account_from(request, form),
            actor=actor,
            name=form.cleaned_data["name"],
            expires_at=form.cleaned_data["expires_at"],
        )
        setattr(request, _PLAIN, plain)
        return token

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Show the token, once: here and now."""
        context = {
            **self.admin_site.each_context(request),
            "title": _("Your new API token"),
            "plain": getattr(request, _PLAIN),
            "base_url": public_urls.absolute("/api/scim"),
            "token": obj,
            "back": self.url_of("changelist"),
            "opts": self.opts,
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/console/token_created.html", context)

    @display(description=gettext_lazy("state"))
    def state(self, token: ApiToken) -> SafeString:
        """Whether it opens anything."""
        if token.revoked_at is not None:
            return badge(_("revoked"))
        if not token.is_usable:
            return badge(_("expired"), "warning")
        if token.maker_left_at is not None:  # V-14: to be replaced within 14 days
            return badge(_("made by someone who left"), "warning")
        return badge(_("usable"), "success")

    def offered(self, request: HttpRequest, obj: Any) -> frozenset[str]:
        """A token that was revoked stays so."""
        may = require_viewer(request).may(Authority.ACCOUNT_ADMIN)
        return frozenset({"revoke"}) if may and obj.revoked_at is None else frozenset()

    @button(description=gettext_lazy("Revoke"), url_path="revoke", icon="block")
    def revoke(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """End it at once."""
        return self.confirmed(
            request,
            object_id,
            name="revoke",
            question=_("Revoke %(name)s? Whatever uses it is locked out from its next request on."),
            button=_("Revoke"),
            change=lambda actor, token: lifecycle.revoke_api_token(token=token, actor=actor),
            done=_("Revoked."),
            details=lambda token: _("Last used: %(when)s") % {"when": moment(token.last_used_at)},
        )
