"""The form of an OpenID Connect provider: what the vendor's console gives, and under Advanced what few need (O-1, O-3).

Its fields are the columns of ``OidcSettings``. Two are not: Entra's tenant id, from which the issuer follows, and the
secret, which goes in and never comes out. Usual mistakes are told at their field before anything is saved; so is that
a new issuer or client id makes us forget the secret (V-23). What only saving finds out comes back on top of the form.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.overrides import FORMFIELD_OVERRIDES
from unfold.widgets import (
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from audit.actors import Actor
from console.admins.provider_form import ProviderForm
from console.admins.provider_graph import GraphFormPart
from console.oidc.callback_fields import CallbackFormPart
from console.oidc.helps import field_help, field_label
from console.oidc.texts import mistake_text, url_problem
from foundation import public_urls
from foundation.encryption import is_stored, is_unreadable
from foundation.outbound_target import OutboundError
from sso.models import IdentityProvider, State, Vendor
from sso.private_networks import check_provider_url
from sso.provider_urls import host_of
from sso_oidc import client_keys
from sso_oidc.client_authentication import ClientAuthentication
from sso_oidc.configuration import OidcValues, settings_of
from sso_oidc.models import OidcSettings
from sso_oidc.presets import ENTRA_SHARED_ISSUER, entra_issuer, preset_of, tenant_of
from sso_oidc.usual_mistakes import (
    Mistake,
    client_id_mistake,
    issuer_mistake,
    secret_mistake,
    tenant_in,
    tenant_mistake,
)

ASKING = ("extra_scopes", "pushed_requests", "max_age_seconds", "acr_values")
ACCEPTING = ("subject_claim",)
COLUMNS = ("issuer", "client_id", "flow", "client_authentication", *ASKING, *ACCEPTING)
ENABLE, TEST = "_enable", "_test"
_SECRET_METHODS = frozenset({ClientAuthentication.BASIC.value, ClientAuthentication.POST.value})


def main_fields(provider: IdentityProvider) -> tuple[str, ...]:
    """Return the fields in which the vendor's own values go."""
    if provider.is_shared:
        return ("issuer", "client_id")
    preset = preset_of(provider.vendor)
    if preset.by_tenant:
        return ("tenant_id", "client_id")
    return ("client_id",) if preset.issuer_template else ("issuer", "client_id")


def _form_field(column: models.Field[Any, Any], **kwargs: Any) -> forms.Field | None:
    """Return the form's field for a column, looking like unfold's own."""
    kwargs |= FORMFIELD_OVERRIDES.get(type(column), {})
    if column.choices:
        kwargs["widget"] = UnfoldAdminSelectWidget
    elif isinstance(column, models.PositiveIntegerField):
        kwargs["widget"] = FORMFIELD_OVERRIDES[models.IntegerField]["widget"]
    return column.formfield(**kwargs)


class OidcFields(forms.Form):
    """The columns of ``OidcSettings``, Entra's tenant id, and the secret."""

    tenant_id = forms.CharField(
        required=False, max_length=300, widget=UnfoldAdminTextInputWidget(attrs={"spellcheck": "false"})
    )
    client_secret = forms.CharField(
        label=gettext_lazy("Client secret"),
        required=False,
        max_length=4000,
        # Nothing that is stored goes to the browser, and no browser offers the admin's own password.
        widget=UnfoldAdminPasswordWidget(render_value=False, attrs={"autocomplete": "new-password"}),
    )
    remove_secret = forms.BooleanField(
        label=gettext_lazy("Remove the stored client secret"),
        required=False,
        widget=UnfoldBooleanSwitchWidget,
    )
    forget_keys = forms.BooleanField(
        label=gettext_lazy("Forget our keys"), required=False, widget=UnfoldBooleanSwitchWidget
    )


OidcFields.declared_fields.update(
    forms.models.fields_for_model(OidcSettings, fields=COLUMNS, formfield_callback=_form_field)
)


class OidcProviderForm(CallbackFormPart, GraphFormPart, OidcFields, ProviderForm):
    """A provider and its OpenID Connect half. ``actor`` is set on the class, which the admin makes for each request."""

    actor: Actor

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.oidc = settings_of(self.instance)
        self.keys = client_keys.pairs_of(self.instance)
        self.preset = preset_of(self.instance.vendor)
        self.begin_callback()
        for name, value in self._initial().items():
            if name in self.fields:
                self.initial.setdefault(name, value)
        for name, field in self.fields.items():
            if label := field_label(name, self.preset, self.instance):
                field.label = label
            if text := field_help(name, self.preset, self.instance):
                field.help_text = text
        self.holds_secret = is_stored(self.oidc, "client_secret")
        self.secret_is_lost = is_unreadable(self.oidc, "client_secret")
        if "client_secret" in self.fields and self.holds_secret and not self.secret_is_lost:
            self.fields["client_secret"].widget.attrs["placeholder"] = _("stored; leave empty to keep it")

    def _initial(self) -> dict[str, Any]:
        shown = {name: getattr(self.oidc, name) for name in COLUMNS}
        if self.oidc._state.adding:
            shown["flow"] = self.preset.flow.value
            if self.instance.is_shared:
                shown["issuer"] = ENTRA_SHARED_ISSUER
        elif self.preset.by_tenant and not self.instance.is_shared:
            shown["tenant_id"] = tenant_of(self.oidc.issuer)
        # An issuer that follows from the vendor or the tenant id isn't shown as one that was entered.
        if "issuer" not in main_fields(self.instance) and self.oidc.issuer == self._implied(shown):
            shown["issuer"] = ""
        return shown

    def _implied(self, values: dict[str, Any]) -> str:
        """Return the issuer where none was entered."""
        if self.instance.is_shared or not self.preset.issuer_template:
            return ""
        if not self.preset.by_tenant:
            return self.preset.issuer_template
        tenant = values.get("tenant_id")
        return entra_issuer(tenant) if tenant else ""

    # --- cleaning -----------------------------------------------------------------------------------------------------

    def clean_tenant_id(self) -> str:
        """Take the id alone, or an address of Microsoft's that holds it."""
        text = str(self.cleaned_data["tenant_id"] or "").strip()
        if text and (mistake := tenant_mistake(text)):
            raise self._mistake(mistake, text)
        return tenant_in(text)

    def clean_issuer(self) -> str:
        """Catch what is usually mistaken for an issuer; complete Okta's bare domain."""
        text = str(self.cleaned_data["issuer"] or "").strip()
        if not text:
            return ""
        if self.instance.vendor == Vendor.OKTA and "://" not in text and "." in text:
            text = f"https://{text}"
        if self.instance.vendor == Vendor.OKTA:
            text = text.rstrip("/")  # as browsers show the domain; Okta's own issuers end without
        ours = public_urls.origin(host_of(self.instance))
        if mistake := issuer_mistake(text, ours=ours, shared=self.instance.is_shared):
            raise self._mistake(mistake, text)
        return text

    def clean(self) -> dict[str, object] | None:
        """Work out the issuer, then look at what belongs together."""
        cleaned = super().clean() or self.cleaned_data
        tenant = str(cleaned.get("tenant_id") or "")
        issuer = str(cleaned.get("issuer") or "")
        if issuer and tenant and tenant not in issuer.lower():
            self.add_error(
                "tenant_id", _("This contradicts the issuer under Advanced; leave one of them empty.")
            )
        issuer = issuer or self._implied(cleaned)
        if issuer and not {"issuer", "tenant_id"} & set(self.errors) and issuer != self.oidc.issuer:
            try:
                check_provider_url(issuer, self.instance, self.actor)
            except OutboundError as error:
                self.add_error(self._issuer_field(), url_problem(error))
        cleaned["issuer"] = issuer
        client_id = str(cleaned.get("client_id") or "")
        if client_id and (mistake := client_id_mistake(client_id, issuer=issuer, tenant_id=tenant)):
            self.add_error("client_id", self._mistake(mistake, client_id))
        self._check_secret(cleaned, client_id)
        self._check_complete(cleaned)
        self.clean_graph()
        self.clean_callback()
        if TEST in self.data and self.instance.state == State.ENABLED and self.has_changed():
            raise forms.ValidationError(
                _("A test runs with what is saved, and this provider is in use: save your changes first.")
            )
        return cleaned

    def _check_secret(self, cleaned: dict[str, Any], client_id: str) -> None:
        secret, remove = str(cleaned.get("client_secret") or ""), bool(cleaned.get("remove_secret"))
        if secret and (mistake := secret_mistake(secret, vendor=self.instance.vendor, client_id=client_id)):
            self.add_error("client_secret", self._mistake(mistake))
        if secret and remove:
            self.add_error("remove_secret", _("Either enter a new client secret or remove the stored one."))
        moved = cleaned["issuer"] != self.oidc.issuer or client_id != self.oidc.client_id
        settled = not {"issuer", "tenant_id", "client_id"} & set(self.errors)
        if self.holds_secret and moved and settled and not secret and not remove:  # V-23
            self.add_error(
                "client_secret",
                _(
                    "A new issuer or client id makes us forget the stored client secret. Enter the new one here, or "
                    "switch on “Remove the stored client secret” to go on without."
                ),
            )
        moved_away = moved and bool(self.oidc.issuer or self.oidc.client_id)
        if moved_away and settled and self.keys and not cleaned.get("forget_keys"):  # V-23
            self.add_error(
                "forget_keys",
                _(
                    "A new issuer or client id makes us forget our keys: the new certificate has to be handed over "
                    "again. Switch this on to go on."
                ),
            )
        keeps = bool(secret or (self.holds_secret and not remove))
        if keeps and cleaned.get("client_authentication") == ClientAuthentication.NONE:
            self.add_error(
                "client_authentication", _("A public client has no client secret: remove it, too.")
            )

    def has_own_credential(self) -> bool:
        """Tell whether the provider's own client has anything to ask Microsoft Graph with (G-5)."""
        cleaned, method = self.cleaned_data, self.cleaned_data.get("client_authentication")
        if method == ClientAuthentication.PRIVATE_KEY_JWT:
            return True
        kept = self.holds_secret and not cleaned.get("remove_secret")
        return method != ClientAuthentication.NONE and bool(cleaned.get("client_secret") or kept)

    def _check_complete(self, cleaned: dict[str, Any]) -> None:
        """Ask for what is needed: to enable, to test, and while enabled."""
        if not (self.instance.state == State.ENABLED or ENABLE in self.data or TEST in self.data):
            return
        for name, value in (
            (self._issuer_field(), cleaned["issuer"]),
            ("client_id", cleaned.get("client_id")),
        ):
            if not value and name not in self.errors:
                self.add_error(name, _("This value is needed."))
        keeps = cleaned.get("client_secret") or (self.holds_secret and not cleaned.get("remove_secret"))
        needs = cleaned.get("client_authentication") in _SECRET_METHODS
        kept = not cleaned.get("client_secret") and not cleaned.get("remove_secret")
        used = needs or cleaned.get("client_authentication") == ""
        if self.secret_is_lost and kept and used and {ENABLE, TEST} & set(self.data):
            self.add_error(
                "client_secret", _("The stored one can't be read any more. Enter the client secret again.")
            )
        if needs and not keeps and "client_secret" not in self.errors:
            self.add_error("client_secret", _("This client authentication needs a client secret."))

    def _issuer_field(self) -> str:
        """Return the field at which a problem with the issuer is told."""
        by_tenant = "tenant_id" in main_fields(self.instance) and not self.cleaned_data.get("issuer")
        return "tenant_id" if by_tenant else "issuer"

    def _mistake(self, mistake: Mistake, value: str = "") -> forms.ValidationError:
        return forms.ValidationError(mistake_text(mistake, self.preset, value), code=mistake.value)

    # --- what to save -------------------------------------------------------------------------------------------------

    def oidc_values(self) -> OidcValues:
        """Return what was changed; before the first save everything, since the defaults are the vendor's."""
        cleaned = self.cleaned_data
        changed: dict[str, Any] = {
            name: cleaned[name]
            for name in COLUMNS
            if name in cleaned and (self.oidc._state.adding or cleaned[name] != getattr(self.oidc, name))
        }
        if changed.get("max_age_seconds", 0) is None:
            changed["max_age_seconds"] = ""
        if cleaned.get("client_secret") or cleaned.get("remove_secret"):
            changed["client_secret"] = cleaned.get("client_secret") or ""
        return OidcValues(**changed, **self.callback_values())
