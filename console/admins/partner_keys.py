"""Keys of partners: made, shown once, replaced with overlap, revoked (S-6).

The plain key exists in one place: the answer to the POST that made it, together with the addresses that it stands in.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib.admin import display
from django.db import models
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from accounts import lifecycle
from accounts.lifecycle.partner_keys import OVERLAP, OVERLAP_MAX
from accounts.models import PartnerKey
from accounts.privilege import Authority
from audit.actors import Actor
from console.admins.base import AccountScopedAdmin
from console.admins.columns import badge
from console.admins.confirmed import ask_and_act
from console.admins.filters import ScopedRelatedFilter
from console.admins.refusals import RefusableForm
from console.admins.tokens import ANSWER_SHOWS_A_SECRET
from console.scoping import Reach, Viewer, require_viewer
from foundation import regions
from sso_saml.partner_entrance import entrance_url

_PLAIN = "_console_plain_partner_key"


class PartnerKeyForm(RefusableForm):
    """Whose key it is, and for how long the ones before go on working."""

    overlap_days = forms.IntegerField(
        label=gettext_lazy("The keys before work for so many days more"),
        min_value=0,
        max_value=OVERLAP_MAX.days,
        initial=OVERLAP.days,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=gettext_lazy("Time to change the address in the partner's identity provider."),
    )


class PartnerKeyAdmin(AccountScopedAdmin):
    """The keys of partners. A key is never changed: a new one replaces it."""

    shown_to = frozenset({Reach.DEPLOYMENT, Reach.PARTNER})
    add_needs = Authority.OPERATOR
    form = PartnerKeyForm
    when_empty = gettext_lazy(
        "With a key a partner's SAML identity provider signs people into the accounts that allowed it."
    )
    list_display = ("name_shown", "partner", "state", "created_at", "expires_at")
    list_filter = (("partner", ScopedRelatedFilter),)
    list_select_related = ("partner",)
    search_fields = ("hint", "partner__name")
    ordering = ("partner__name", "-created_at")
    fieldsets = ((None, {"fields": ("partner", "name_shown", "state", "created_at", "expires_at")}),)
    add_fieldsets = ((None, {"fields": ("partner", "overlap_days")}),)
    actions_detail = ("revoke",)

    def scope(self, viewer: Viewer) -> Q:
        """A partner's admins see that there are keys, and until when."""
        return Q() if viewer.reach is Reach.DEPLOYMENT else Q(partner=viewer.partner_id)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Offer no button that would lead past the one page that shows the key."""
        answer: HttpResponse = super().add_view(
            request, form_url, {**ANSWER_SHOWS_A_SECRET, **(extra_context or {})}
        )
        return answer

    def create(self, request: HttpRequest, actor: Actor, form: Any) -> models.Model:
        """Make the key and keep its plain form for the answer to this very request."""
        key, plain = lifecycle.rotate_partner_key(
            partner=form.cleaned_data["partner"],
            actor=actor,
            overlap=timedelta(days=form.cleaned_data["overlap_days"]),
        )
        setattr(request, _PLAIN, plain)
        return key

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Show the key, once: here and now."""
        plain = getattr(request, _PLAIN)
        context = {
            **self.admin_site.each_context(request),
            "title": _("The partner's new key"),
            "plain": plain,
            "partner": obj.partner,
            "addresses": [
                (region.name, entrance_url(region.base_url, plain)) for region in regions.all_regions()
            ],
            "back": self.url_of("changelist"),
            "opts": self.opts,
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/console/partner_key_created.html", context)

    @display(description=gettext_lazy("key"), ordering="hint")
    def name_shown(self, key: PartnerKey) -> str:
        """Its first characters, to tell two apart."""
        return str(key)

    @display(description=gettext_lazy("state"))
    def state(self, key: PartnerKey) -> SafeString:
        """Whether it opens anything."""
        if key.expires_at is None:
            return badge(_("usable"), "success")
        return (
            badge(_("being replaced"), "warning") if key.expires_at > timezone.now() else badge(_("expired"))
        )

    def offered(self, request: HttpRequest, obj: Any) -> frozenset[str]:
        """A key that ended stays so."""
        works = obj.expires_at is None or obj.expires_at > timezone.now()
        may = require_viewer(request).may(Authority.OPERATOR)
        return frozenset({"revoke"}) if may and works else frozenset()

    revoke = ask_and_act(
        "revoke",
        label=gettext_lazy("Revoke"),
        icon="block",
        question=gettext_lazy("Revoke the key %(name)s? Whoever comes with it is refused from now on."),
        change=lambda actor, key: lifecycle.revoke_partner_key(key=key, actor=actor),
        done=gettext_lazy("Revoked."),
    )
