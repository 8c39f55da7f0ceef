"""Providers of the partner or the deployment that an account switched on (V-5)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.admin import display
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.privilege import Authority
from audit.actors import Actor
from console.admins import refusals
from console.admins.base import AccountScopedAdmin
from console.admins.columns import badge
from console.admins.confirmed import ask_and_act, button
from console.admins.filters import ScopedRelatedFilter
from console.policy_impact_page import if_admins_kept_out, if_revoked
from console.scoping import Reach, Viewer, actor_of, require_viewer
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

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show whom that leaves without a way in, then switch it off (L-8)."""
        self._require_visible(request)
        grant = self.get_object(request, unquote(object_id))
        if grant is None:
            raise Http404
        if not self.has_delete_permission(request, grant):
            raise PermissionDenied
        if request.method == "POST":
            with refusals.as_message(request):
                self.remove(actor_of(request), grant)
                messages.success(request, _("It signs nobody in here any more."))
            return redirect(self.url_of("changelist"))
        question = _("Stop %(provider)s from signing people into %(account)s? Open sessions go on.")
        return self.ask(
            request,
            grant,
            question=question % {"provider": grant.provider.name, "account": grant.account.name},
            button=_("Switch off"),
            details=if_revoked(grant, require_viewer(request).user.pk),
        )

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

    @button(description=gettext_lazy("Keep SSO account admins out"), url_path="keep-admins-out", icon="lock")
    def keep_admins_out(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Close it to them, after showing whom that leaves without a way in (L-8)."""
        return self.confirmed(
            request,
            object_id,
            name="keep_admins_out",
            question=_("Keep SSO account admins from signing in through this provider? (%(name)s)"),
            button=_("Keep SSO account admins out"),
            change=lambda actor, grant: allow_sso_admins(grant=grant, actor=actor, allowed=False),
            done=_("SSO account admins don't sign in through it any more."),
            details=lambda grant: if_admins_kept_out(grant, require_viewer(request).user.pk),
        )
