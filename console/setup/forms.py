"""The forms behind a setup link: the admin's own, with their checks, less every field that a stranger has no part in.

Stored secrets aren't shown, here as there: a client secret that is left empty is kept.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django import forms
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from console.admins.columns import moment
from console.oidc.form import OidcProviderForm
from console.oidc.form import main_fields as main_oidc_fields
from console.saml.form import MAIN, SamlProviderForm
from console.saml.uploads import CertificateInput, Entry
from sso.models import IdentityProvider
from sso_oidc.configuration import OidcValues


class PlainCertificateInput(CertificateInput):
    """The same parts without the look of the admin."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """Draw a text area, a file input, and the choice that metadata of several providers asks for."""
        entry = value if isinstance(value, Entry) else Entry()
        context = {
            "name": name,
            "id": (attrs or {}).get("id") or f"id_{name}",
            "attrs": attrs or {},
            "text": entry.text_to_show(),
            "choices": self.choices,
            "chosen": entry.entity_id,
        }
        return render_to_string("sso/setup_certificate.html", context)


class _OfALink(forms.ModelForm):  # type: ignore[type-arg]  # before the admin's form
    """Keeps a few fields of an admin's form and gives them plain inputs."""

    class Meta:
        model = IdentityProvider
        fields = ()

    def keep(self, *names: str) -> None:
        """Leave out all other fields, in this order."""
        self.fields = {name: self.fields[name] for name in names if name in self.fields}
        for field in self.fields.values():
            _plain(field)

    def add_error(self, field: str | None, error: Any) -> None:
        """Say on top what concerns a field that isn't here."""
        super().add_error(field if field is None or field in self.fields else None, error)


def _plain(field: forms.Field) -> None:
    widget = field.widget
    if isinstance(widget, CertificateInput):
        field.widget = PlainCertificateInput()
    elif isinstance(widget, forms.CheckboxSelectMultiple):
        field.widget = forms.CheckboxSelectMultiple(choices=field.choices)  # type: ignore[attr-defined]
    elif isinstance(field, forms.BooleanField):
        field.widget = forms.CheckboxInput()
    elif isinstance(widget, forms.PasswordInput):
        told = {name: widget.attrs[name] for name in ("placeholder",) if name in widget.attrs}
        field.widget = forms.PasswordInput(attrs={"autocomplete": "new-password", **told})
    else:
        field.widget = forms.TextInput(attrs={"spellcheck": "false", "autocomplete": "off"})


class SetupSamlForm(_OfALink, SamlProviderForm):
    """The three values, or the metadata that says all of them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        held = ("remove_certificates",) if self.held else ()
        if "remove_certificates" in self.fields:
            remove: Any = self.fields["remove_certificates"]
            remove.label = _("Certificates now; tick those to remove")
            remove.choices = [
                (row.fingerprint, f"{row.subject}, {moment(row.not_after)}, SHA-256 {row.fingerprint[:16]}…")
                for row in self.held
            ]
        self.keep(*MAIN, *held, "certificate")


class SetupOidcForm(_OfALink, OidcProviderForm):
    """Issuer or tenant, client id, client secret."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        main = main_oidc_fields(self.instance)
        # One that doesn't follow from the vendor or the tenant would otherwise be lost with the next save.
        entered = ("issuer",) if "issuer" not in main and self.initial.get("issuer") else ()
        stored = ("remove_secret",) if self.holds_secret else ()
        keys = ("forget_keys",) if self.keys else ()
        self.keep(*main, *entered, "client_secret", *stored, *keys)

    def oidc_values(self) -> OidcValues:
        """Return what was changed; before the first save with the vendor's flow, which isn't asked here."""
        values = super().oidc_values()
        return replace(values, flow=self.preset.flow.value) if self.oidc._state.adding else values
