"""The tenants of an Entra provider above accounts, each with the account that its people sign into (O-3, V-6)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.admin import display
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.actors import Actor
from console.admins.columns import badge, moment
from console.admins.inlines import ScopedInline
from console.oidc.texts import mistake_text
from sso.models import ProviderGrant
from sso.provider_grants import grant_provider
from sso_oidc.configuration import remove_tenant, save_tenant
from sso_oidc.models import EntraTenant
from sso_oidc.presets import preset_of
from sso_oidc.usual_mistakes import Mistake, tenant_in, tenant_mistake


class TenantForm(forms.ModelForm):  # type: ignore[type-arg]  # made by the admin
    """A tenant id, as itself or in an address of Microsoft's."""

    def clean_tenant_id(self) -> str:
        """Take the id alone."""
        text = str(self.cleaned_data["tenant_id"]).strip()
        if mistake := tenant_mistake(text):
            # Every tenant at once is what this list is there to prevent.
            shown = Mistake.NOT_A_GUID if mistake is Mistake.MANY_TENANTS else mistake
            raise forms.ValidationError(mistake_text(shown, preset_of("entra")), code=shown.value)
        return tenant_in(text)


class TenantInline(ScopedInline):
    """Operators add and remove; a partner's admins look."""

    model = EntraTenant
    form = TenantForm
    tab = False
    hide_title = True
    verbose_name = gettext_lazy("tenant")
    verbose_name_plural = gettext_lazy("Tenants that may sign in")
    fields = ("tenant_id", "account", "state_shown")
    readonly_fields = ("state_shown",)

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Name the id as Entra does, and offer only accounts that stand below the provider."""
        formset = super().get_formset(request, obj, **kwargs)
        fields = formset.form.base_fields
        if "tenant_id" in fields:
            fields["tenant_id"].label = preset_of("entra").tenant
        if "account" in fields:
            accounts = fields["account"].queryset.filter(closed_at=None)
            partner = getattr(obj, "partner_id", None)
            fields["account"].queryset = accounts if partner is None else accounts.filter(partner=partner)
        return formset

    def get_queryset(self, request: HttpRequest) -> Any:
        """Read the account along."""
        return super().get_queryset(request).select_related("account", "provider")

    def add(self, actor: Actor, row: Any) -> None:
        """Let the tenant in and switch the provider on for the account: the operator decides both (V-5, V-6)."""
        save_tenant(provider=row.provider, actor=actor, tenant_id=row.tenant_id, account=row.account)
        grant_provider(provider=row.provider, account=row.account, actor=actor)

    def remove(self, actor: Actor, row: Any) -> None:
        """Let it in no more."""
        remove_tenant(tenant=row, actor=actor)

    @display(description=gettext_lazy("state"))
    def state_shown(self, row: EntraTenant) -> SafeString:
        """Whether its people get in, and why not."""
        if row.verified_at is None:
            return badge(_("not verified: nobody gets in"), "warning")
        if not ProviderGrant.objects.filter(provider=row.provider_id, account=row.account_id).exists():
            return badge(_("not switched on for the account"), "warning")
        return badge(_("verified %(when)s") % {"when": moment(row.verified_at)}, "success")
