"""OAuth clients of an account and their secrets: made, shown once, revoked (P-2, P-3, V-14, V-25).

A client has a page with what is typed into a directory's console (token endpoint, client ID) and the button that makes
a secret. The plain secret exists in one place: the answer to the POST that made it.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib.admin import display
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Account
from accounts.privilege import Authority
from audit.actors import Actor
from console.admins.base import AccountScopedAdmin
from console.admins.columns import badge, link_to, moment
from console.admins.confirmed import button
from console.admins.filters import RevokedFilter, ScopedRelatedFilter
from console.admins.inlines import ReadOnlyInline
from console.admins.not_yet import not_yet
from console.admins.tokens import ANSWER_SHOWS_A_SECRET, TokenForm, why_no_token
from console.scoping import require_viewer
from foundation import public_urls
from scim.models import OAuthClient, OAuthClientSecret
from scim.oauth import clients
from scim.oauth.client_authentication import ENDPOINT

_PLAIN = "_console_plain_secret"


class SecretsOfClient(ReadOnlyInline):
    """The client's secrets, without what can't be read again."""

    model = OAuthClientSecret
    verbose_name_plural = gettext_lazy("secrets")
    fields = readonly_fields = ("page", "created_at", "expires_at", "revoked_at", "last_used_at")
    newest_first = True

    @display(description=gettext_lazy("public part"))
    def page(self, secret: OAuthClientSecret) -> SafeString:
        """Lead to where it is revoked."""
        return link_to(self.admin_site, secret, secret.lookup)


class OAuthClientAdmin(AccountScopedAdmin):
    """The clients of an account. Only their public keys can be changed."""

    add_needs = change_needs = Authority.SSO_ACCOUNT_ADMIN  # V-8: as for API tokens
    audit_type = "oauth_client"
    created_leads_to_change = True
    when_empty = gettext_lazy(
        "A directory that gets its tokens by OAuth 2.0 client credentials, such as Microsoft Entra's gallery, needs a "
        "client and a secret."
    )
    list_display = (
        "name",
        "state",
        "id",
        "created_by_label",
        "created_at",
        "last_used_at",
        "last_used_ip",
        "account",
    )
    list_filter = (RevokedFilter, ("account", ScopedRelatedFilter))
    list_select_related = ("account",)
    search_fields = ("name",)
    made_with = (
        *("account", "name", "state", "id", "token_endpoint", "scim_url", "revoked_at"),
        *("created_by_label", "created_at", "last_used_at", "last_used_ip"),
    )
    fieldsets = (
        (None, {"fields": made_with[:7]}),
        (
            gettext_lazy("Public keys"),
            {
                "fields": ("public_keys",),
                "description": gettext_lazy(
                    "Only for clients that sign assertions (private_key_jwt): their public keys as a JSON Web Key "
                    "Set, RSA of 2048 bits or more, or EC. Changing them ends the tokens got with the old ones."
                ),
            },
        ),
        (gettext_lazy("Maker"), {"fields": ("created_by_label", "created_at")}),
        (gettext_lazy("Last used"), {"fields": ("last_used_at", "last_used_ip")}),
    )
    add_fieldsets = ((None, {"fields": ("account", "name", "public_keys")}),)
    inlines = (SecretsOfClient,)
    actions_detail = ("add_secret", "revoke")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """All but the keys are as they were made."""
        return () if obj is None else self.made_with

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A client that was revoked stays as it is."""
        allowed: bool = super().has_change_permission(request, obj)
        return allowed and (obj is None or obj.revoked_at is None)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the reason in place of the form while the account can't have a client (P-3)."""
        viewer = require_viewer(request)
        account = viewer.user.account
        reason = why_no_token(account) if not viewer.sees_many_accounts and account is not None else ""
        if reason and request.method != "POST" and self.has_add_permission(request):
            return not_yet(
                self,
                request,
                title=_("Add OAuth client"),
                heading=_("No token can be made yet"),
                reason=reason,
            )
        answer: HttpResponse = super().add_view(request, form_url, extra_context)
        return answer

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Say what is still missing: a client without a secret or keys opens nothing."""
        answer = super().response_add(request, obj, post_url_continue)
        if not obj.public_keys:
            self.message_user(request, _("Now add a secret: until then this client gets no tokens."))
        return answer

    def create(self, request: HttpRequest, actor: Actor, form: Any) -> models.Model:
        """Make the client."""
        return clients.create_client(
            account=self.account_from(request, form),
            actor=actor,
            name=form.cleaned_data["name"],
            public_keys=form.cleaned_data["public_keys"],
        )

    def update(self, request: HttpRequest, actor: Actor, obj: Any, form: Any) -> None:
        """Replace the keys."""
        if "public_keys" in form.changed_data:
            clients.set_public_keys(client=obj, actor=actor, public_keys=form.cleaned_data["public_keys"])

    @display(description=gettext_lazy("state"))
    def state(self, client: OAuthClient) -> SafeString:
        """Whether it can get tokens, as far as that depends on itself."""
        return badge(_("revoked")) if client.revoked_at is not None else badge(_("usable"), "success")

    @display(description=gettext_lazy("token endpoint"))
    def token_endpoint(self, client: OAuthClient) -> str:
        """Where the directory gets its tokens."""
        return public_urls.absolute(ENDPOINT)

    @display(description=gettext_lazy("SCIM base URL (tenant URL)"))
    def scim_url(self, client: OAuthClient) -> str:
        """Where it uses them."""
        return public_urls.absolute("/api/scim")

    def offered(self, request: HttpRequest, obj: Any) -> frozenset[str]:
        """A client that was revoked stays so."""
        viewer = require_viewer(request)
        if obj.revoked_at is not None or not viewer.may(Authority.ACCOUNT_ADMIN):
            return frozenset()
        return frozenset({"add_secret", "revoke"} if viewer.may(Authority.SSO_ACCOUNT_ADMIN) else {"revoke"})

    @button(description=gettext_lazy("Add secret"), url_path="add-secret", icon="add")
    def add_secret(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Go to the form of a new secret, for this client."""
        client = self.get_object(request, unquote(object_id))
        if client is None:
            raise Http404
        if "add_secret" not in self.offered(request, client):
            raise PermissionDenied
        form = reverse(f"{self.admin_site.name}:scim_oauthclientsecret_add")
        return redirect(f"{form}?{urlencode({'client': client.pk})}")

    @button(description=gettext_lazy("Revoke"), url_path="revoke", icon="block")
    def revoke(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """End it at once."""
        return self.confirmed(
            request,
            object_id,
            name="revoke",
            question=_("Revoke %(name)s? Whatever uses it is locked out from its next request on."),
            button=_("Revoke"),
            change=lambda actor, client: clients.revoke_client(client=client, actor=actor),
            done=_("Revoked."),
            details=lambda client: _("Last used: %(when)s") % {"when": moment(client.last_used_at)},
        )


class OAuthClientSecretAdmin(AccountScopedAdmin):
    """The secrets of all clients. A secret is never changed, only revoked."""

    account_lookup = "client__account"
    add_needs = Authority.SSO_ACCOUNT_ADMIN
    when_empty = gettext_lazy("Secrets belong to OAuth clients; add a client first.")
    form = TokenForm
    list_display = (
        "lookup",
        "client",
        "state",
        "created_by_label",
        "created_at",
        "expires_at",
        "last_used_at",
        "last_used_ip",
        "account",
    )
    list_filter = (RevokedFilter, ("client", ScopedRelatedFilter))
    list_select_related = ("client__account", "created_by")
    search_fields = ("client__name", "lookup")
    fieldsets = (
        (None, {"fields": ("client", "lookup", "state", "expires_at", "revoked_at")}),
        (gettext_lazy("Maker"), {"fields": ("created_by_label", "created_at")}),
        (gettext_lazy("Last used"), {"fields": ("last_used_at", "last_used_ip")}),
    )
    add_fieldsets = ((None, {"fields": ("client", "expires_at")}),)
    actions_detail = ("revoke",)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Offer one way to save, which ends where the secret is shown."""
        context = {**ANSWER_SHOWS_A_SECRET, **(extra_context or {})}
        answer: HttpResponse = super().add_view(request, form_url, context)
        return answer

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer clients that aren't revoked."""
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "client":
            field.queryset = field.queryset.filter(revoked_at=None)
        return field

    def create(self, request: HttpRequest, actor: Actor, form: Any) -> models.Model:
        """Make the secret and keep its plain form for the answer to this very request."""
        secret, plain = clients.add_secret(
            client=form.cleaned_data["client"], actor=actor, expires_at=form.cleaned_data["expires_at"]
        )
        setattr(request, _PLAIN, plain)
        return secret

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Show the secret, once: here and now, with all that is typed into the directory's console."""
        context = {
            **self.admin_site.each_context(request),
            "title": _("The new client secret"),
            "plain": getattr(request, _PLAIN),
            "client": obj.client,
            "token_endpoint": public_urls.absolute(ENDPOINT),
            "base_url": public_urls.absolute("/api/scim"),
            "back": reverse(f"{self.admin_site.name}:scim_oauthclient_change", args=[obj.client_id]),
            "opts": self.opts,
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/console/oauth_secret_created.html", context)

    @display(description=gettext_lazy("account"), ordering="client__account")
    def account(self, secret: OAuthClientSecret) -> Account:
        """The client's account."""
        return secret.client.account

    @display(description=gettext_lazy("state"))
    def state(self, secret: OAuthClientSecret) -> SafeString:
        """Whether it opens anything."""
        if secret.revoked_at is not None or secret.client.revoked_at is not None:
            return badge(_("revoked"))
        if not secret.is_usable:
            return badge(_("expired"), "warning")
        if secret.created_by is not None and not secret.created_by.can_sign_in:
            return badge(_("made by someone who left"), "warning")  # V-14: to be replaced
        return badge(_("usable"), "success")

    def offered(self, request: HttpRequest, obj: Any) -> frozenset[str]:
        """A secret that was revoked stays so."""
        may = require_viewer(request).may(Authority.ACCOUNT_ADMIN)
        return frozenset({"revoke"}) if may and obj.revoked_at is None else frozenset()

    @button(description=gettext_lazy("Revoke"), url_path="revoke", icon="block")
    def revoke(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """End it, and the access tokens that were got with it, at once."""
        return self.confirmed(
            request,
            object_id,
            name="revoke",
            question=_("Revoke %(name)s? Whatever uses it is locked out from its next request on."),
            button=_("Revoke"),
            change=lambda actor, secret: clients.revoke_secret(secret=secret, actor=actor),
            done=_("Revoked."),
            details=lambda secret: _("Last used: %(when)s") % {"when": moment(secret.last_used_at)},
        )
