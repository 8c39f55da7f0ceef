"""The settings page of a SAML provider: what stands on it in which order, and what its buttons do (S-2, S-3).

First what goes into the vendor's console, then the three values that come from there, then the metadata address. All
that a customer may need beyond that is under Advanced, folded. “Save” keeps what was typed and changes nothing about
who signs in with a draft; “Enable SAML SSO” and “Test connection” save first, and say at the field what is missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.admin import display
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.actors import Actor
from console.admins import refusals
from console.admins.columns import facts
from console.admins.confirmed import button
from console.admins.key_table import Link
from console.admins.provider_testing import ProviderTesting
from console.saml import columns, form
from console.saml.actions import SamlActions
from console.saml.held_certificates import drawn
from console.scoping import actor_of
from sso import providers
from sso.models import IdentityProvider, KeyRole, ProtocolName, State
from sso.setup_link_changes import waiting
from sso_saml.configuration import save_saml_settings
from sso_saml.key_pairs import pairs_of
from sso_saml.metadata_refresh import pending
from sso_saml.models import SamlSettings
from sso_saml.provider_config import settings_of

_SAVED = "_console_saved_saml"
Fieldsets = list[tuple[Any, dict[str, Any]]]


def is_saml(obj: Any) -> bool:
    """Tell whether a row is a SAML provider."""
    return obj is not None and obj.protocol == ProtocolName.SAML


class SamlPage(SamlActions, ProviderTesting):
    """Mixed into the admin of providers."""

    submit_saml = ("enable_saml", "test_saml")
    saml_columns = (
        *("saml_our_side", "saml_their_side", "saml_certificates"),
        *("saml_waiting", "saml_metadata_state", "saml_keys"),
    )
    if TYPE_CHECKING:
        admin_site: Any

        def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool: ...
        def _get_base_actions_submit_line(self) -> list[Any]: ...

    # --- what stands on it --------------------------------------------------------------------------------------------

    def saml_fieldsets(self, obj: IdentityProvider, *, may_change: bool) -> Fieldsets:
        """Return the sections between the head and what both protocols share."""
        ours = (_("1. Copy these values into the provider's console"), {"fields": ["saml_our_side"]})
        waits: Fieldsets = []
        if pending(obj) is not None:
            waits = [(_("Waiting for you"), {"fields": ["saml_waiting"]})]
        theirs = _("2. Enter the values from the provider's console")
        if not may_change:
            return [*waits, ours, (theirs, {"fields": ["saml_their_side", "saml_certificates"]})]
        settings = settings_of(obj)
        held = not settings._state.adding and settings.certificates.exists()
        values = [*form.MAIN, *(("remove_certificates",) if held else ()), "certificate"]
        state = ["saml_metadata_state"] if settings.metadata_url else []
        return [
            *waits,
            ours,
            (theirs, {"fields": values}),
            (_("Or let the values come from the provider's metadata"), {"fields": [*form.METADATA, *state]}),
        ]

    def saml_advanced(self, *, may_change: bool) -> Fieldsets:
        """Return the folded sections at the end."""
        keys = (_("Our keys"), {"fields": ["saml_keys"], "classes": ["collapse"]})
        if not may_change:
            return [keys]
        folded = {
            _("Advanced: how we ask"): form.ADVANCED_ASKING,
            _("Advanced: what we accept"): form.ADVANCED_ACCEPTING,
            _("Advanced: signing out"): form.ADVANCED_LOGOUT,
            _("Advanced: metadata"): form.ADVANCED_METADATA,
        }
        sections = [
            (title, {"fields": list(names), "classes": ["collapse"]}) for title, names in folded.items()
        ]
        return [*sections, keys]

    def saml_form(self, request: HttpRequest) -> type[form.SamlProviderForm]:
        """Return the form's class for this request."""
        return type("SamlProviderForm", (form.SamlProviderForm,), {"actor": actor_of(request)})

    @display(description=gettext_lazy("to copy"))
    def saml_our_side(self, provider: IdentityProvider) -> SafeString:
        """What the vendor's console asks for."""
        return columns.our_side(provider)

    @display(description=gettext_lazy("settings"))
    def saml_their_side(self, provider: IdentityProvider) -> SafeString:
        """The values, for those who only look."""
        saml = settings_of(provider)
        shown = ("idp_entity_id", "sso_url", "slo_url", "metadata_url")
        rows: list[tuple[object, object]] = [(_label(name), getattr(saml, name)) for name in shown]
        return facts([*rows, (_label("idp_initiated"), saml.get_idp_initiated_display())])

    @display(description=gettext_lazy("X.509 certificates"))
    def saml_certificates(self, provider: IdentityProvider) -> SafeString:
        """The keys that its answers may be signed with, and until when (A-7)."""
        saml = settings_of(provider)
        return drawn([] if saml._state.adding else list(saml.certificates.all()))

    @display(description=gettext_lazy("metadata"))
    def saml_waiting(self, provider: IdentityProvider) -> SafeString:
        """What the metadata wants to change."""
        links = self._links(provider, approve_metadata=_("Approve"), decline_metadata=_("Decline"))
        return columns.waiting_notice(provider, links)

    @display(description=gettext_lazy("state"))
    def saml_metadata_state(self, provider: IdentityProvider) -> SafeString:
        """When it was read."""
        return columns.metadata_state(
            settings_of(provider), self._links(provider, refresh_metadata=_("Refresh now"))
        )

    @display(description=gettext_lazy("service provider keys"))
    def saml_keys(self, provider: IdentityProvider) -> SafeString:
        """Our own key pairs."""
        links = self._links(
            provider,
            add_next_key=_("Add next key"),
            roll_over_key=_("Roll over"),
            drop_previous_key=_("Drop previous"),
        )
        return columns.our_keys(provider, links)

    def _links(self, provider: IdentityProvider, **labels: str) -> list[Link]:
        # Set by changeform_view: a column isn't told who looks.
        may = getattr(provider, "may_change", False)
        fitting = self.offered_saml(provider) if may else frozenset()
        return [(label, self.url_of(name, provider.pk)) for name, label in labels.items() if name in fitting]

    # --- saving, and then ---------------------------------------------------------------------------------------------

    def save_saml(self, request: HttpRequest, actor: Actor, obj: IdentityProvider, filled: Any) -> None:
        """Write the SAML half."""
        changed = save_saml_settings(provider=obj, actor=actor, values=filled.saml_values())
        setattr(request, _SAVED, (obj, changed))
        if filled.cleaned_data["certificate"].description is not None and changed:
            messages.success(request, _("The values were taken from the metadata."))

    def after_saving_saml(self, request: HttpRequest, answer: HttpResponse) -> HttpResponse:
        """Go on with what the pressed button asked for, now that the save is committed."""
        saved: tuple[IdentityProvider, frozenset[str]] | None = getattr(request, _SAVED, None)
        if saved is None or answer.status_code != 302:
            return answer
        provider, changed = saved
        if "metadata_url" in changed and settings_of(provider).metadata_url:
            self.refresh_and_tell(request, provider)
        if form.ENABLE in request.POST:
            if waiting(provider):  # V-22: the difference is shown first
                return redirect(self.url_of("enable", provider.pk))
            self.enable_saml(request, provider)
        if form.TEST in request.POST:
            return self.test_saml(request, provider)
        return redirect(self.url_of("change", provider.pk))

    @button(description=gettext_lazy("Enable SAML SSO"), url_path="", icon="check_circle")
    def enable_saml(self, request: HttpRequest, obj: IdentityProvider) -> None:
        """Let people sign in through it."""
        with refusals.as_message(request):
            if providers.enable_provider(provider=obj, actor=actor_of(request)):
                messages.success(request, _("Enabled. It has a button on the account's login page now."))

    @button(description=gettext_lazy("Test connection"), url_path="", icon="lab_profile")
    def test_saml(self, request: HttpRequest, obj: IdentityProvider) -> HttpResponse:
        """Begin a test."""
        return self.begin_test(request, obj)

    def get_actions_submit_line(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Offer the two buttons beside “Save” to those who may, “Enable” until it is."""
        obj = self.get_object(request, str(object_id))
        if not is_saml(obj) or not self.has_change_permission(request, obj):
            return []
        wanted = {"test_saml": form.TEST}
        if obj.state != State.ENABLED:
            wanted["enable_saml"] = form.ENABLE
        actions = [
            action for action in self._get_base_actions_submit_line() if action.method.__name__ in wanted
        ]
        for action in actions:
            action.attrs = {"name": wanted[action.method.__name__]}
        return actions

    # --- our certificate ----------------------------------------------------------------------------------------------

    def saml_urls(self) -> list[URLPattern]:
        """Return the addresses below a provider's own."""
        return [
            path(
                "<path:object_id>/sp-certificate/<slug:role>/",
                self.admin_site.admin_view(self.sp_certificate_view),
                name="sso_identityprovider_sp_certificate",
            )
        ]

    def sp_certificate_view(self, request: HttpRequest, object_id: str, role: str) -> HttpResponse:
        """Hand out a certificate of ours as a file for the provider's console; it is public."""
        provider = self.get_object(request, object_id)
        if not is_saml(provider) or role not in KeyRole.values:
            raise Http404
        pair = pairs_of(provider).get(KeyRole(role))
        if pair is None:
            raise Http404
        answer = HttpResponse(pair.certificate, content_type="application/x-pem-file")
        answer["Content-Disposition"] = f'attachment; filename="{provider.slug}-{role}.cer"'
        return answer


def _label(name: str) -> str:
    column: Any = SamlSettings._meta.get_field(name)
    return str(column.verbose_name)
