"""Providers of the partner or the deployment that an account switched on (V-5)."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import display
from django.db import models
from django.db.models import Q
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.privilege import Authority
from audit.actors import Actor
from console.admins.base import AccountScopedAdmin
from console.admins.columns import badge
from console.admins.confirmed import ask_and_act
from console.admins.filters import ScopedRelatedFilter
from console.scoping import Reach, Viewer, require_viewer
from sso.models import IdentityProvider, ProviderGrant, State
from sso.provider_grants import allow_sso_admins, grant_provider, revoke_provider


def _from_above(viewer: Viewer) -> Q:
    """Return the condition for providers that the viewer's accounts could switch on."""
    if viewer.reach is Reach.DEPLOYMENT:
        return Q()
    partner = viewer.partner_id
    if viewer.reach is Reach.ACCOUNT and viewer.user.account is not None:
        partner = viewer.user.account.partner_id
    deployment = Q(partner=None)
    return deployment if partner is None else deployment | Q(partner=partner)


class ProviderGrantAdmin(AccountScopedAdmin):
    """What an account allowed. Its SSO account admins and operators decide."""

    add_needs = Authority.SSO_ACCOUNT_ADMIN
    delete_needs = Authority.SSO_ACCOUNT_ADMIN
    when_empty = gettext_lazy(
        "A provider of your partner or of the vendor signs people in here once it was switched on for the account."
    )
    list_display = ("provider_shown", "sso_admins", "granted_by", "created_at", "account")
    list_filter = (("account", ScopedRelatedFilter),)
    list_select_related = ("account", "provider")
    search_fields = ("provider__name", "provider__slug")
    fieldsets = ((None, {"fields": ("account", "provider_shown", "sso_admins", "granted_by", "created_at")}),)
    add_fieldsets = ((None, {"fields": ("account", "provider", "allows_sso_admins")}),)
    actions_detail = ("allow_admins", "keep_admins_out")

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer what stands above, which the list of an account's own providers doesn't show."""
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "provider":
            above = IdentityProvider.objects.filter(account=None).exclude(state=State.DRAFT)
            field.queryset = above.filter(_from_above(require_viewer(request)))
        return field

    def create(self, request: HttpRequest, actor: Actor, form: Any) -> models.Model:
        """Switch a provider on."""
        account, provider = self.account_from(request, form), form.cleaned_data["provider"]
        grant_provider(provider=provider, account=account, actor=actor)
        grant = ProviderGrant.objects.for_account(account).get(provider=provider)
        if form.cleaned_data["allows_sso_admins"]:
            allow_sso_admins(grant=grant, actor=actor, allowed=True)
        return grant

    def remove(self, actor: Actor, obj: Any) -> None:
        """Switch it off."""
        revoke_provider(grant=obj, actor=actor)

    @display(description=gettext_lazy("provider"), ordering="provider__name")
    def provider_shown(self, grant: ProviderGrant) -> str:
        """Its name, without a link: it is above the account."""
        return grant.provider.name

    @display(description=gettext_lazy("SSO account admins"))
    def sso_admins(self, grant: ProviderGrant) -> SafeString:
        """Whether it signs these in as well."""
        return badge(_("signed in as well"), "warning") if grant.allows_sso_admins else badge(_("kept out"))

    def offered(self, request: HttpRequest, obj: ProviderGrant) -> frozenset[str]:
        """The other setting than the present one."""
        if not require_viewer(request).may(Authority.SSO_ACCOUNT_ADMIN):
            return frozenset()
        return frozenset({"keep_admins_out" if obj.allows_sso_admins else "allow_admins"})

    allow_admins = ask_and_act(
        "allow_admins",
        label=gettext_lazy("Let SSO account admins in"),
        icon="lock_open",
        question=gettext_lazy(
            "Let this provider sign in SSO account admins as well? Whoever runs it can then become the account's "
            "highest admins. (%(name)s)"
        ),
        change=lambda actor, grant: allow_sso_admins(grant=grant, actor=actor, allowed=True),
        done=gettext_lazy("It signs in SSO account admins as well now."),
    )
    keep_admins_out = ask_and_act(
        "keep_admins_out",
        label=gettext_lazy("Keep SSO account admins out"),
        icon="lock",
        question=gettext_lazy("Keep SSO account admins from signing in through this provider? (%(name)s)"),
        change=lambda actor, grant: allow_sso_admins(grant=grant, actor=actor, allowed=False),
        done=gettext_lazy("SSO account admins don't sign in through it any more."),
    )
