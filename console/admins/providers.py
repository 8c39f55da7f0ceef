"""Identity providers: what to paste into the vendor's console, the settings, on and off (S-1 to S-3, O-1, V-8).

Account admins look, SSO account admins and operators change, and only operators change what stands above accounts. No
secret is shown: of a client secret the page says that there is one.
"""

from __future__ import annotations

from typing import Any

from django.contrib.admin import display
from django.db import models
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import BuiltInAccountRole
from accounts.privilege import Authority
from audit.actors import Actor
from console.admins.base import AccountScopedAdmin
from console.admins.columns import badge, facts, lines
from console.admins.debugger import ClaimsTrial
from console.admins.filters import ScopedRelatedFilter
from console.admins.not_yet import not_yet
from console.admins.provider_actions import ProviderActions
from console.admins.provider_form import NewProviderForm, ProviderForm, why_no_provider
from console.admins.provider_graph import GraphPage
from console.admins.setup_links import SetupLinksPage
from console.oidc.page import OidcPage, is_oidc
from console.oidc.tenants import TenantInline
from console.saml.page import SamlPage, is_saml
from console.scoping import Reach, Viewer, require_viewer, viewer_of
from sso import providers
from sso.models import IdentityProvider, ProtocolName, State, Vendor

_OF_THE_ACCOUNT = ("default_account_role", "default_space", "default_space_role", "same_directory_as")
_EDITED = (
    "name",
    "vendor",
    "button_label",
    "just_in_time",
    "update_access_on_login",
    "group_sync",
    "addresses_set_by_directory",
    "claim_names",
    *_OF_THE_ACCOUNT,
)
_STATE_KIND = {State.ENABLED: "success", State.DRAFT: "info", State.DISABLED: ""}


class IdentityProviderAdmin(
    ProviderActions, ClaimsTrial, OidcPage, SamlPage, GraphPage, SetupLinksPage, AccountScopedAdmin
):
    """The providers of an account, a partner or the deployment."""

    add_needs = change_needs = Authority.SSO_ACCOUNT_ADMIN
    created_leads_to_change = True
    audit_type = "identity_provider"
    form = ProviderForm
    list_display = ("name", "state_shown", "protocol", "vendor", "just_in_time", "group_sync", "account")
    list_filter = ("state", "protocol", "vendor", ("account", ScopedRelatedFilter))
    list_select_related = ("account", "partner")
    search_fields = ("name", "slug")
    actions_detail = (
        *(*ProviderActions.actions_detail, "test_connection", "try_claims"),
        *(*SamlPage.actions_saml, *OidcPage.actions_oidc, *SetupLinksPage.actions_setup),
    )
    actions_submit_line = (*SamlPage.submit_saml, *OidcPage.submit_oidc)
    inlines = (TenantInline,)
    head = (None, {"fields": ["account", "partner", "name", "slug", "protocol", "vendor", "state_shown"]})
    shared_fieldsets = (
        (
            gettext_lazy("Signing in"),
            {
                "fields": [
                    "button_label",
                    "just_in_time",
                    "update_access_on_login",
                    "group_sync",
                    "addresses_set_by_directory",
                ]
            },
        ),
        (gettext_lazy("New people and claims"), {"fields": [*_OF_THE_ACCOUNT, "claim_names"]}),
    )
    fieldsets = (head, *shared_fieldsets)
    add_fieldsets = ((None, {"fields": ["account", "partner", "name", "slug", "protocol", "vendor"]}),)

    # --- which rows and rights ----------------------------------------------------------------------------------------

    def scope(self, viewer: Viewer) -> Q:
        """A partner's admins also see what stands at their partner's level."""
        if viewer.reach is Reach.PARTNER:
            return viewer.rows("account") | Q(account=None, partner=viewer.partner_id)
        return viewer.rows("account")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What stands above accounts is the operators' alone."""
        viewer = viewer_of(request)
        above = obj is not None and obj.is_shared
        may = viewer is not None and (not above or viewer.may(Authority.OPERATOR))
        return may and super().has_change_permission(request, obj)

    def offered(self, request: HttpRequest, obj: Any) -> frozenset[str]:
        """On or off, a test, and what keys, metadata and discovery allow."""
        switches = super().offered(request, obj)
        if not self.has_change_permission(request, obj):
            return switches
        trial = {"try_claims"} if obj.account_id is not None else set()
        is_operator = require_viewer(request).may(Authority.OPERATOR)
        protocols = self.offered_saml(obj) | self.offered_oidc(obj, is_operator) | self.offered_setup(obj)
        return switches | {"test_connection"} | trial | protocols

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> Any:
        """Leave to the top what has no place further down the page."""
        below = {
            *("enable", "test_connection"),
            *(*self.actions_saml, *self.actions_oidc, *self.actions_setup),
        }
        actions = super().get_actions_detail(request, object_id)
        return [action for action in actions if action.method.__name__ not in below]

    # --- making one ---------------------------------------------------------------------------------------------------

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the reason in place of the form while the account can't have a provider (A-2)."""
        viewer = require_viewer(request)
        account = None if viewer.sees_many_accounts else viewer.user.account
        reason = "" if account is None else why_no_provider(account)
        if not reason or not self.has_add_permission(request):
            answer: HttpResponse = super().add_view(request, form_url, extra_context)
            return answer
        return not_yet(
            self,
            request,
            title=_("Add identity provider"),
            heading=_("No identity provider can be added yet"),
            reason=reason,
        )

    def create(self, request: HttpRequest, actor: Actor, form: Any) -> models.Model:
        """Make the draft."""
        account = self.account_from(request, form)
        return providers.create_provider(
            actor=actor,
            account=account,
            partner=form.cleaned_data.get("partner") if account is None else None,
            slug=form.cleaned_data["slug"],
            name=form.cleaned_data["name"],
            protocol=ProtocolName(form.cleaned_data["protocol"]),
            vendor=Vendor(form.cleaned_data["vendor"]),
        )

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> dict[str, tuple[str, ...]]:
        """Propose the slug while the name is typed."""
        return {"slug": ("name",)} if obj is None else {}

    # --- the form -----------------------------------------------------------------------------------------------------

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """What is fixed, has a place of its own, or needs an account."""
        if obj is None:
            return ()
        shown = (
            "account",
            "partner",
            "slug",
            "protocol",
            "state_shown",
            *self.saml_columns,
            *self.oidc_columns,
            *self.graph_columns,
            *self.setup_columns,
        )
        # Above accounts the vendor is part of what was decided when it was made (O-3).
        return (*shown, *((*_OF_THE_ACCOUNT, "vendor") if obj.is_shared else ()))

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        """Tenants belong to an OpenID Connect provider above accounts."""
        return super().get_inlines(request, obj) if is_oidc(obj) and obj.is_shared else ()

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Leave out what there isn't; show claim names to those who only look as plain text."""
        if obj is None:
            sections = super().get_fieldsets(request, obj)
            if require_viewer(request).may(Authority.OPERATOR):
                return sections
            return [
                (title, {**options, "fields": [name for name in options["fields"] if name != "partner"]})
                for title, options in sections
            ]
        may_change = self.has_change_permission(request, obj)
        hidden = set() if obj.partner_id is not None else {"partner"}
        if not require_viewer(request).sees_many_accounts:
            hidden.add("account")
        names = {} if may_change else {"claim_names": "claim_names_shown"}
        sections = [self.head, *self.setup_fieldset(obj, may_change=may_change)]
        if is_saml(obj):
            sections += self.saml_fieldsets(obj, may_change=may_change)
        else:
            sections += self.oidc_fieldsets(obj, may_change=may_change)
        sections += self.shared_fieldsets
        if is_saml(obj):
            sections += self.graph_fieldset(obj, may_change=may_change)
            sections += self.saml_advanced(may_change=may_change)
        else:
            is_operator = require_viewer(request).may(Authority.OPERATOR)
            sections += self.graph_fieldset(obj, may_change=may_change)
            sections += self.oidc_advanced(obj, may_change=may_change, is_operator=is_operator)
        return [
            (
                title,
                {
                    **options,
                    "fields": [names.get(name, name) for name in options["fields"] if name not in hidden],
                },
            )
            for title, options in sections
        ]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Offer no admin role as a default (V-8), and not the provider as its own sister."""
        if obj is None:
            kwargs["form"] = NewProviderForm
        elif is_saml(obj) and self.has_change_permission(request, obj):
            kwargs["form"] = self.saml_form(request)
        elif is_oidc(obj) and self.has_change_permission(request, obj):
            kwargs["form"] = self.oidc_form(request)
        form = super().get_form(request, obj, change=change, **kwargs)
        if obj is None:
            form.own_account = require_viewer(request).user.account
        if (roles := form.base_fields.get("default_account_role")) is not None:
            plain = ("", BuiltInAccountRole.MEMBER.value)
            roles.queryset = roles.queryset.filter(built_in__in=plain)
        if (sisters := form.base_fields.get("same_directory_as")) is not None and obj is not None:
            sisters.queryset = sisters.queryset.exclude(pk=obj.pk)
        return form

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Note on the row what its columns need to know about who looks."""
        obj = super().get_object(request, object_id, from_field)
        if obj is not None:
            obj.may_change = self.has_change_permission(request, obj)
            obj.seen_by_operator = require_viewer(request).may(Authority.OPERATOR)
        return obj

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Save, and go on with what the button said once that is committed."""
        one_way = {"show_save_and_continue": False, "show_save_and_add_another": False}
        answer = super().changeform_view(request, object_id, form_url, {**one_way, **(extra_context or {})})
        return self.after_saving_oidc(request, self.after_saving_saml(request, answer))

    def update(self, request: HttpRequest, actor: Actor, obj: Any, form: Any) -> None:
        """Write what was edited."""
        values = {name: form.cleaned_data[name] for name in form.changed_data if name in _EDITED}
        providers.update_provider(provider=obj, actor=actor, values=values)
        if is_saml(obj):
            self.save_saml(request, actor, obj, form)
        else:
            self.save_oidc(request, actor, obj, form)
        form.save_graph(request, actor, obj)

    def get_urls(self) -> list[Any]:
        """Add the addresses of our certificates."""
        return [*self.saml_urls(), *self.oidc_urls(), *super().get_urls()]

    # --- columns ------------------------------------------------------------------------------------------------------

    @display(description=gettext_lazy("state"), ordering="state")
    def state_shown(self, provider: IdentityProvider) -> SafeString:
        """Whether it signs people in."""
        if provider.identities_suspended_at is not None:
            return badge(_("identities suspended: the issuer changed"), "danger")
        state = State(provider.state)
        return badge(state.label, _STATE_KIND[state])

    @display(description=gettext_lazy("claim names"))
    def claim_names_shown(self, provider: IdentityProvider) -> SafeString:
        """What differs from the vendor's preset."""
        return facts(sorted(provider.claim_names.items())) if provider.claim_names else lines([])
