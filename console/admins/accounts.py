"""Partners, accounts and account roles (X-1, V-6, V-7, L-8).

Each field of an account has the least authority that ``accounts.lifecycle.update_account`` asks for; what the viewer
may not change is shown. Host names and e-mail domains have an effect only once verified, which here an operator does.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.admin import display
from django.db import models
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget

from accounts import lifecycle
from accounts.models import Account, AccountHostName, EmailDomain, PartnerKey, SsoPolicy
from accounts.privilege import Authority
from audit.actors import Actor
from console import policy_impact_page, sign_in_policy
from console.admins.account_authorization import AuthorizationActions
from console.admins.base import AccountScopedAdmin
from console.admins.choices import keep_choice
from console.admins.columns import badge, moment
from console.admins.confirmed import button
from console.admins.filters import ScopedRelatedFilter
from console.admins.inlines import ReadOnlyInline, ScopedInline
from console.admins.recovery_drill import RecoveryDrill
from console.admins.refusals import RefusableForm
from console.scoping import Reach, Viewer, require_viewer
from foundation.outbound_target import OutboundError, check_url
from sso.return_urls import safe_next

_POLICY_ACTIONS = ("require_sso", "allow_passwords")
_OPERATORS_FIELDS = ("slug", "partner", "region", "sso_module")
_EDITED = (
    *("name", "partner", "region", "landing_url", "support_contact", "max_session_hours", "sso_module"),
    *("hold_above_percent", "hold_above_number"),
)


class KeysOfPartner(ReadOnlyInline):
    """Keys for SAML at partner level; only their beginning is known (S-6)."""

    model = PartnerKey
    verbose_name_plural = gettext_lazy("keys")
    fields = readonly_fields = ("hint", "created_at", "expires_at")


class AccountsOfPartner(ReadOnlyInline):
    """The partner's accounts."""

    model = Account
    verbose_name_plural = gettext_lazy("accounts")
    fields = readonly_fields = ("name", "slug", "created_at")


class PartnerAdmin(AccountScopedAdmin):
    """Resellers; operators make them, a partner's admins see their own."""

    shown_to = frozenset({Reach.DEPLOYMENT, Reach.PARTNER})
    add_needs = change_needs = Authority.OPERATOR
    audit_type = "partner"
    list_display = ("name", "slug", "created_at")
    search_fields = ("name", "slug")
    fieldsets = ((None, {"fields": ("slug", "name")}),)
    inlines = (AccountsOfPartner, KeysOfPartner)

    def scope(self, viewer: Viewer) -> Q:
        """A partner has no account above it."""
        return Q() if viewer.reach is Reach.DEPLOYMENT else Q(pk=viewer.partner_id)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """The slug is fixed."""
        return () if obj is None else ("slug",)

    def create(self, request: HttpRequest, actor: Actor, form: Any) -> models.Model:
        """Make a partner."""
        return lifecycle.create_partner(
            actor=actor, slug=form.cleaned_data["slug"], name=form.cleaned_data["name"]
        )

    def update(self, request: HttpRequest, actor: Actor, obj: Any, form: Any) -> None:
        """Give it another name."""
        if "name" in form.changed_data:
            lifecycle.rename_partner(
                partner=type(obj).objects.get(pk=obj.pk), actor=actor, name=form.cleaned_data["name"]
            )


class AccountForm(RefusableForm):
    """An account's own settings."""

    def clean_landing_url(self) -> str:
        """Take a path of this host or a full https address, nothing that a browser reads otherwise (L-7, V-23)."""
        url = str(self.cleaned_data["landing_url"]).strip()
        if safe_next(url):
            return url
        try:
            check_url(url, settings.BROKER_NETWORK_ALLOW_LIST)
        except OutboundError as error:
            raise forms.ValidationError(
                _("Give a path such as / or an address that begins with https://.")
            ) from error
        return url


class HostNamesOfAccount(ScopedInline):
    """Host names; adding one here is an operator's word that it is the account's (V-6)."""

    model = AccountHostName
    verbose_name, verbose_name_plural = gettext_lazy("host name"), gettext_lazy("host names")
    fields = ("host", "position", "verified")
    readonly_fields = ("verified",)
    can_delete = False

    def may_edit(self, request: HttpRequest, obj: Any) -> bool:
        """Operators only."""
        return require_viewer(request).may(Authority.OPERATOR)

    @display(description=gettext_lazy("verified"))
    def verified(self, row: AccountHostName) -> SafeString | str:
        """Since when it counts."""
        return "" if row._state.adding else _verified(row.verified_at)

    def add(self, actor: Actor, row: AccountHostName) -> None:
        """Add and verify."""
        lifecycle.verify_host_name(account=row.account, actor=actor, host=row.host, position=row.position)


class DomainsOfAccount(ScopedInline):
    """E-mail domains; adding one here is an operator's word that it is the account's (V-6)."""

    model = EmailDomain
    verbose_name, verbose_name_plural = gettext_lazy("e-mail domain"), gettext_lazy("e-mail domains")
    fields = ("domain", "verified", "verified_by")
    readonly_fields = ("verified", "verified_by")
    can_delete = False

    def may_edit(self, request: HttpRequest, obj: Any) -> bool:
        """Operators only."""
        return require_viewer(request).may(Authority.OPERATOR)

    @display(description=gettext_lazy("verified"))
    def verified(self, row: EmailDomain) -> SafeString | str:
        """Since when it counts."""
        return "" if row._state.adding else _verified(row.verified_at)

    def add(self, actor: Actor, row: EmailDomain) -> None:
        """Add and verify."""
        method = EmailDomain.Method.OPERATOR
        lifecycle.verify_domain(account=row.account, actor=actor, domain=row.domain, method=method)


def _verified(since: Any) -> SafeString | str:
    return badge(_("not verified"), "warning") if since is None else moment(since)


class AccountAdmin(AuthorizationActions, RecoveryDrill, AccountScopedAdmin):
    """Customers; an account admin sees the one that is theirs."""

    add_needs = Authority.OPERATOR
    change_needs = Authority.ACCOUNT_ADMIN
    audit_type = "account"
    created_leads_to_change = True
    form = AccountForm
    list_display = ("name", "slug", "partner", "policy", "sso_module", "sso_ready", "created_at")
    list_filter = ("sso_policy", "sso_module", ("partner", ScopedRelatedFilter))
    list_select_related = ("partner",)
    search_fields = ("name", "slug", "email_domains__domain")
    fieldsets = (
        (None, {"fields": ("name", "slug", "partner", "region", "landing_url", "support_contact")}),
        (
            gettext_lazy("Signing in"),
            {"fields": ("policy", "max_session_hours", "sso_module", "sso_ready")},
        ),
        (gettext_lazy("Single Sign-On Authorization"), {"fields": ("authorization",)}),
        (
            gettext_lazy("When many people leave at once"),
            {"fields": ("hold_above_percent", "hold_above_number")},
        ),
        (gettext_lazy("Dates"), {"fields": ("created_at", "closed_at")}),
    )
    add_fieldsets = ((None, {"fields": ("name", "slug", "partner", "region", "sso_module")}),)
    inlines = (HostNamesOfAccount, DomainsOfAccount)
    actions_detail = (
        *_POLICY_ACTIONS,
        *AuthorizationActions.authorization_actions,
        "recovery_drill",
    )
    actions_beside = (*_POLICY_ACTIONS, *AuthorizationActions.authorization_actions)

    def scope(self, viewer: Viewer) -> Q:
        """The account is its own boundary."""
        return viewer.accounts()

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """What the viewer's authority does not reach, and what has a button or a place of its own."""
        if obj is None:
            return ()
        shown = ("reseller", "policy", "sso_ready", "authorization", "created_at", "closed_at")
        if require_viewer(request).may(Authority.OPERATOR):
            return ("slug", *shown)
        return (*_OPERATORS_FIELDS, *shown)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """A partner has a page for operators and the partner's admins only; others read its name."""
        fieldsets = super().get_fieldsets(request, obj)
        if require_viewer(request).sees_many_accounts:
            return fieldsets
        return [
            (
                title,
                {
                    **options,
                    "fields": ["reseller" if name == "partner" else name for name in options["fields"]],
                },
            )
            for title, options in fieldsets
        ]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Keep a region that the deployment no longer has."""
        form = super().get_form(request, obj, change=change, **kwargs)
        keep_choice(form, "region", getattr(obj, "region", ""))
        return form

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer the deployment's regions."""
        if db_field.name == "region":
            choices = [
                ("", _("the deployment's own address")),
                *((name, name) for name in settings.BROKER_REGIONS),
            ]
            widget = UnfoldAdminSelectWidget
            return forms.ChoiceField(label=_("Region"), choices=choices, required=False, widget=widget)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def create(self, request: HttpRequest, actor: Actor, form: Any) -> models.Model:
        """Make an account with its built-in roles."""
        values = {
            name: form.cleaned_data[name] for name in ("slug", "name", "partner", "region", "sso_module")
        }
        return lifecycle.create_account(actor=actor, **values)

    def update(self, request: HttpRequest, actor: Actor, obj: Any, form: Any) -> None:
        """Write what was edited."""
        values = {name: form.cleaned_data[name] for name in form.changed_data if name in _EDITED}
        if values.get("sso_module") is False:
            sign_in_policy.refuse_to_take_the_module(Account.objects.get(pk=obj.pk), actor)
        lifecycle.update_account(account=obj, actor=actor, values=values)

    @display(description=gettext_lazy("partner"))
    def reseller(self, account: Account) -> str:
        """The partner's name, without a link."""
        return "" if account.partner is None else account.partner.name

    @display(description=gettext_lazy("SSO policy"), ordering="sso_policy")
    def policy(self, account: Account) -> SafeString:
        """Whether passwords are still taken, and on the account's page the button that switches it."""
        mandatory = not account.password_sign_in_allowed
        shown = badge(_("mandatory"), "success") if mandatory else badge(_("optional"))
        return format_html("{}{}", shown, self.buttons_beside(account, _POLICY_ACTIONS))

    def offered(self, request: HttpRequest, obj: Any) -> frozenset[str]:
        """SSO account admins and operators switch the policy and look at who could recover."""
        if not require_viewer(request).may(Authority.SSO_ACCOUNT_ADMIN):
            return frozenset()
        policy = "require_sso" if obj.sso_policy == SsoPolicy.OPTIONAL else "allow_passwords"
        return frozenset({policy, "recovery_drill"}) | self.offered_authorization(request, obj)

    @button(description=gettext_lazy("Make SSO mandatory"), url_path="require-sso", icon="lock")
    def require_sso(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Switch to mandatory, after showing who would be locked out (L-8)."""
        return self.confirmed(
            request,
            object_id,
            name="require_sso",
            question=_("Let the people of %(name)s sign in only through single sign-on?"),
            button=_("Make SSO mandatory"),
            change=lambda actor, account: sign_in_policy.require_single_sign_on(account=account, actor=actor),
            done=_("Single sign-on is mandatory now."),
            details=lambda account: policy_impact_page.if_mandatory(account, require_viewer(request).user.pk),
        )

    @button(description=gettext_lazy("Allow passwords"), url_path="allow-passwords", icon="lock_open")
    def allow_passwords(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Switch to optional."""
        return self.confirmed(
            request,
            object_id,
            name="allow_passwords",
            question=_("Let the people of %(name)s sign in with a password as well?"),
            button=_("Allow passwords"),
            change=lambda actor, account: sign_in_policy.allow_passwords(account=account, actor=actor),
            done=_("Passwords are allowed now."),
        )
