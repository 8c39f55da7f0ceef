"""Identity providers: what to paste into the vendor's console, the settings, on and off (S-1 to S-3, O-1, V-8).

Account admins look, SSO account admins and operators change, and only operators change what stands above accounts. No
secret is shown: of a client secret the page says that there is one.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.admin import display
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import BuiltInAccountRole
from accounts.privilege import Authority
from audit.actors import Actor
from console.admins.base import AccountScopedAdmin
from console.admins.columns import badge, facts, lines, moment, table, to_copy
from console.admins.filters import ScopedRelatedFilter
from console.admins.provider_actions import ProviderActions
from console.admins.refusals import RefusableForm
from console.scoping import Reach, Viewer, viewer_of
from sso import providers
from sso.claim_names import CLAIMS
from sso.models import IdentityProvider, ProtocolName, State
from sso_oidc.configuration import settings_of as oidc_settings_of
from sso_oidc.protocol import redirect_uri
from sso_saml.models import SamlSettings
from sso_saml.provider_config import redirect_url, sp_entity_id
from sso_saml.provider_config import settings_of as saml_settings_of

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


class ProviderForm(RefusableForm):
    """What both protocols share."""

    def clean_claim_names(self) -> dict[str, str]:
        """Take an object of claims that we know, each with the name that the provider uses for it (J-1)."""
        names = self.cleaned_data["claim_names"] or {}
        if not isinstance(names, dict) or not all(isinstance(name, str) for name in names.values()):
            raise forms.ValidationError(_('Give an object such as {"email": "mail"}.'))
        if unknown := sorted(set(names) - set(CLAIMS)):
            raise forms.ValidationError(
                _("Unknown claims: %(unknown)s. Known are %(known)s."),
                params={"unknown": ", ".join(unknown), "known": ", ".join(CLAIMS)},
            )
        return names


class IdentityProviderAdmin(ProviderActions, AccountScopedAdmin):
    """The providers of an account, a partner or the deployment."""

    change_needs = Authority.SSO_ACCOUNT_ADMIN
    audit_type = "identity_provider"
    form = ProviderForm
    list_display = ("name", "state_shown", "protocol", "vendor", "just_in_time", "group_sync", "account")
    list_filter = ("state", "protocol", "vendor", ("account", ScopedRelatedFilter))
    list_select_related = ("account", "partner")
    search_fields = ("name", "slug")
    fieldsets = (
        (None, {"fields": ("account", "partner", "name", "slug", "protocol", "vendor", "state_shown")}),
        (gettext_lazy("For the provider's console"), {"fields": ("our_side",)}),
        (gettext_lazy("What we know of the provider"), {"fields": ("their_side", "certificates")}),
        (
            gettext_lazy("Signing in"),
            {
                "fields": (
                    "button_label",
                    "just_in_time",
                    "update_access_on_login",
                    "group_sync",
                    "addresses_set_by_directory",
                )
            },
        ),
        (gettext_lazy("New people and claims"), {"fields": (*_OF_THE_ACCOUNT, "claim_names")}),
    )

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

    # --- the form -----------------------------------------------------------------------------------------------------

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """What is fixed, has a place of its own, or needs an account."""
        shown = (
            "account",
            "partner",
            "slug",
            "protocol",
            "state_shown",
            "our_side",
            "their_side",
            "certificates",
        )
        return (*shown, *_OF_THE_ACCOUNT) if obj is not None and obj.is_shared else shown

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Leave out what there isn't; show claim names to those who only look as plain text."""
        names = {}
        if obj is not None and obj.protocol != ProtocolName.SAML:
            names["certificates"] = ""
        if obj is None or obj.partner_id is None:
            names["partner"] = ""
        if not self.has_change_permission(request, obj):
            names["claim_names"] = "claim_names_shown"
        return [
            (title, {**options, "fields": [new for old in options["fields"] if (new := names.get(old, old))]})
            for title, options in super().get_fieldsets(request, obj)
        ]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Offer no admin role as a default (V-8), and not the provider as its own sister."""
        form = super().get_form(request, obj, change=change, **kwargs)
        if (roles := form.base_fields.get("default_account_role")) is not None:
            plain = ("", BuiltInAccountRole.MEMBER.value)
            roles.queryset = roles.queryset.filter(built_in__in=plain)
        if (sisters := form.base_fields.get("same_directory_as")) is not None and obj is not None:
            sisters.queryset = sisters.queryset.exclude(pk=obj.pk)
        return form

    def update(self, request: HttpRequest, actor: Actor, obj: Any, form: Any) -> None:
        """Write what was edited."""
        values = {name: form.cleaned_data[name] for name in form.changed_data if name in _EDITED}
        providers.update_provider(provider=obj, actor=actor, values=values)

    # --- columns ------------------------------------------------------------------------------------------------------

    @display(description=gettext_lazy("state"), ordering="state")
    def state_shown(self, provider: IdentityProvider) -> SafeString:
        """Whether it signs people in."""
        if provider.identities_suspended_at is not None:
            return badge(_("identities suspended: the issuer changed"), "danger")
        state = State(provider.state)
        return badge(state.label, _STATE_KIND[state])

    @display(description=gettext_lazy("to copy"))
    def our_side(self, provider: IdentityProvider) -> SafeString:
        """What the vendor's console asks for."""
        if provider.protocol == ProtocolName.OIDC:
            return facts([(_("Redirect URI"), to_copy(redirect_uri(provider)))])
        entity_id = sp_entity_id(provider, saml_settings_of(provider))
        return facts(
            [
                (_("Redirect URL (ACS, sign-on URL)"), to_copy(redirect_url(provider))),
                (_("Entity ID"), to_copy(entity_id)),
            ]
        )

    @display(description=gettext_lazy("settings"))
    def their_side(self, provider: IdentityProvider) -> SafeString:
        """What the vendor's console gave."""
        if provider.protocol == ProtocolName.OIDC:
            oidc = oidc_settings_of(provider)
            secret = _("stored, not shown") if oidc.client_secret else _("none")
            return facts(
                [
                    (_("Issuer"), oidc.issuer),
                    (_("Client id"), oidc.client_id),
                    (_("Client secret"), secret),
                    (_("Flow"), oidc.get_flow_display()),
                    (_("Further scopes"), oidc.extra_scopes),
                ]
            )
        saml = saml_settings_of(provider)
        return facts(
            [
                (_("IdP Issuer URI / Entity ID"), saml.idp_entity_id),
                (_("Single Sign-On URL"), saml.sso_url),
                (_("Single Logout URL"), saml.slo_url),
                (_("IdP-initiated sign-in"), saml.get_idp_initiated_display()),
            ]
        )

    @display(description=gettext_lazy("X.509 certificates"))
    def certificates(self, provider: IdentityProvider) -> SafeString:
        """The keys that its answers may be signed with, and until when (A-7)."""
        rows = SamlSettings.objects.filter(provider=provider).values_list(
            "certificates__subject",
            "certificates__fingerprint",
            "certificates__not_before",
            "certificates__not_after",
        )
        now = timezone.now()
        return table(
            (_("Subject"), _("SHA-256"), _("From"), _("Until")),
            [
                (
                    subject,
                    f"{fingerprint[:16]}…",
                    moment(begins),
                    badge(moment(ends), "success" if ends > now else "danger"),
                )
                for subject, fingerprint, begins, ends in rows
                if fingerprint
            ],
        )

    @display(description=gettext_lazy("claim names"))
    def claim_names_shown(self, provider: IdentityProvider) -> SafeString:
        """What differs from the vendor's preset."""
        return facts(sorted(provider.claim_names.items())) if provider.claim_names else lines([])
