"""The form of a SAML provider: three values, and under Advanced whatever else a customer's provider may need (S-2).

Its fields are the columns of ``SamlSettings``; what was changed becomes ``SamlValues``. Everything that can be told
beforehand is told at its field; what only saving finds out comes back on top of the form, with what was typed.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.overrides import FORMFIELD_OVERRIDES
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from audit.actors import Actor
from console.admins.provider_form import ProviderForm
from console.admins.provider_graph import GraphFormPart
from console.saml.held_certificates import RemoveCertificates
from console.saml.uploads import CertificateField, Entered
from foundation.outbound_target import OutboundError
from sso.models import State
from sso.private_networks import check_provider_url
from sso_saml.certificates import CertificateError, parse_certificates
from sso_saml.configuration import SamlValues
from sso_saml.metadata_refresh import values_from
from sso_saml.models import SamlSettings
from sso_saml.provider_config import redirect_url, settings_of
from sso_saml.vendor_words import VendorWords, words_of

MAIN = ("idp_entity_id", "sso_url")
METADATA = ("metadata_url",)
ADVANCED_ASKING = (
    "sign_requests",
    "request_binding",
    "sso_post_url",
    "force_authn",
    "authn_contexts",
    "authn_context_comparison",
    "name_id_format",
    "hint_style",
    "sp_entity_id",
)
ADVANCED_ACCEPTING = ("idp_initiated", "subject_attribute", "require_encryption", "allow_rsa_1_5")
ADVANCED_LOGOUT = ("slo_url", "slo_response_url", "slo_binding")
ADVANCED_METADATA = ("metadata_entity_id", "metadata_certificate")
COLUMNS = (
    *MAIN,
    *METADATA,
    *ADVANCED_ASKING,
    *ADVANCED_ACCEPTING,
    *ADVANCED_LOGOUT,
    *ADVANCED_METADATA,
)
_URLS = ("sso_url", "sso_post_url", "slo_url", "slo_response_url", "metadata_url")
ENABLE, TEST = "_enable", "_test"


def _form_field(column: models.Field[Any, Any], **kwargs: Any) -> forms.Field | None:
    """Return the form's field for a column, looking like unfold's own."""
    if column.choices:
        kwargs["widget"] = UnfoldAdminSelectWidget
    elif isinstance(column, models.TextField):
        kwargs["widget"] = UnfoldAdminTextareaWidget(attrs={"rows": 3, "spellcheck": "false"})
    else:
        kwargs |= FORMFIELD_OVERRIDES.get(type(column), {})
    return column.formfield(**kwargs)


class SamlFields(forms.Form):
    """The columns of ``SamlSettings``, and what is pasted or uploaded."""

    certificate = CertificateField(label=gettext_lazy("X.509 Certificate"), required=False)
    remove_certificates = forms.MultipleChoiceField(
        label=gettext_lazy("Certificates now"), required=False, widget=RemoveCertificates
    )


SamlFields.declared_fields.update(
    forms.models.fields_for_model(SamlSettings, fields=COLUMNS, formfield_callback=_form_field)
)


class SamlProviderForm(GraphFormPart, SamlFields, ProviderForm):
    """A provider and its SAML half. ``actor`` is set on the class, which the admin makes for each request."""

    actor: Actor

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.saml = settings_of(self.instance)
        self.held = [] if self.saml._state.adding else list(self.saml.certificates.all())
        for name in COLUMNS:
            if name in self.fields:
                self.initial.setdefault(name, getattr(self.saml, name) or "")
        if (remove := self.fields.get("remove_certificates")) is not None:
            remove.choices = [(row.fingerprint, row.fingerprint) for row in self.held]  # type: ignore[attr-defined]
            remove.widget.rows = self.held
        if (certificate := self.fields.get("certificate")) is not None:
            certificate.preferred = self.saml.idp_entity_id  # type: ignore[attr-defined]
        self._explain()

    def _explain(self) -> None:
        """Say where each value stands in the vendor's console."""
        words = words_of(self.instance.vendor)
        for name, text in helps(words).items():
            if name in self.fields:
                self.fields[name].help_text = text
        if words.metadata_url and "metadata_url" in self.fields:
            self.fields["metadata_url"].help_text = _(
                "At the provider: “%(name)s”. It is read once a day; what changes whom we trust waits for your word."
            ) % {"name": words.metadata_url}

    # --- cleaning -----------------------------------------------------------------------------------------------------

    def clean_idp_entity_id(self) -> str:
        """Catch our own Redirect URL, the value that is mistaken for the other most often (S-2)."""
        value = str(self.cleaned_data["idp_entity_id"] or "").strip()
        if value and value.rstrip("/") == redirect_url(self.instance).rstrip("/"):
            raise forms.ValidationError(
                _(
                    "This is our own Redirect URL, which goes into the provider's console. The value for this field is "
                    "called “%(name)s” there (in Entra “Microsoft Entra Identifier”, in Okta “Issuer”)."
                ),
                params={"name": words_of(self.instance.vendor).issuer},
                code="own_url",
            )
        return value

    def clean_metadata_certificate(self) -> str:
        """Take one certificate in any form."""
        text = str(self.cleaned_data["metadata_certificate"] or "").strip()
        if not text:
            return ""
        try:
            found = parse_certificates(text.encode("utf-8", "replace"))
        except CertificateError:
            found = ()
        if len(found) != 1:
            raise forms.ValidationError(_("Exactly one certificate is expected here."))
        return found[0].pem

    def clean(self) -> dict[str, object] | None:
        """Fill from metadata, then look at what belongs together."""
        cleaned = super().clean() or self.cleaned_data
        for name in _URLS:
            if name in self.changed_data and cleaned.get(name):
                self._check_url(name, str(cleaned[name]).strip())
        entered = self._entered()
        if entered.description is not None:
            # The metadata is the provider's own word, so it replaces what was typed and what was there.
            for name in MAIN:
                self.errors.pop(name, None)
            cleaned["idp_entity_id"] = entered.description.entity_id
            cleaned["sso_url"] = entered.description.sso_url
            self._check_url("sso_url", entered.description.sso_url)
        self._check_complete(cleaned)
        self.clean_graph()
        if TEST in self.data and self.instance.state == State.ENABLED and self.has_changed():
            raise forms.ValidationError(
                _("A test runs with what is saved, and this provider is in use: save your changes first.")
            )
        return cleaned

    def _check_url(self, name: str, url: str) -> None:
        try:
            check_provider_url(url, self.instance, self.actor)
        except OutboundError as error:
            self.add_error(name, _url_problem(error))

    def _check_complete(self, cleaned: dict[str, object]) -> None:
        """Ask for the three values where they are needed: to enable, to test, and while enabled."""
        enabled = self.instance.state == State.ENABLED
        if not (enabled or ENABLE in self.data or TEST in self.data):
            return
        if cleaned.get("metadata_url") and not enabled and "metadata_url" in self.changed_data:
            return  # read when saved, before anything else happens
        for name in MAIN:
            if not cleaned.get(name) and name not in self.errors:
                self.add_error(name, _("This value is needed."))
        if not self.certificate_texts() and "certificate" not in self.errors:
            self.add_error("certificate", _("A certificate is needed."))

    def _entered(self) -> Entered:
        entered = self.cleaned_data.get("certificate")
        return entered if isinstance(entered, Entered) else Entered()

    # --- what to save -------------------------------------------------------------------------------------------------

    def certificate_texts(self) -> tuple[str, ...]:
        """Return all certificates that the provider has after saving, as PEM."""
        entered = self._entered()
        if entered.description is not None:
            return tuple(certificate.pem for certificate in entered.description.certificates)
        gone = set(self.cleaned_data.get("remove_certificates") or ())
        kept = [row.pem for row in self.held if row.fingerprint not in gone]
        return (*kept, *(certificate.pem for certificate in entered.certificates))

    def saml_values(self) -> SamlValues:
        """Return what was changed."""
        changed: dict[str, Any] = {
            name: self.cleaned_data[name] for name in COLUMNS if name in self.changed_data
        }
        entered = self._entered()
        if entered.description is not None:
            said = values_from(entered.description)
            changed |= {name: value for name in COLUMNS if (value := getattr(said, name)) is not None}
        if entered.description is not None or {"certificate", "remove_certificates"} & set(self.changed_data):
            changed["certificates"] = self.certificate_texts()
        return SamlValues(**changed)


def helps(words: VendorWords) -> dict[str, str]:
    """Return the help text of each field, with the vendor's names where the value is the vendor's."""
    certificate = _(
        "A certificate is added to those that are there, so that the provider can change its key without a break. "
        "“%(metadata)s” fills all three values."
    ) % {"metadata": words.metadata}
    return {
        "idp_entity_id": _found(
            words, words.issuer, _("Entra: “Microsoft Entra Identifier”. Okta: “Issuer”.")
        ),
        "sso_url": _found(words, words.login_url, _("Entra: “Login URL”. Okta: “Sign on URL”.")),
        "certificate": " ".join(
            (
                _found(
                    words,
                    words.certificate,
                    _("Entra: “Certificate (Base64)”. Okta: “Signing Certificate”."),
                ),
                certificate,
            )
        ),
        "metadata_url": _(
            "The address of the provider's metadata, if it has one. It is read once a day; what changes whom we trust "
            "waits for your word."
        ),
        "sign_requests": _("Only if the provider asks for it. Our certificate stands in our metadata."),
        "request_binding": _("HTTP redirect works with every vendor; POST is for long requests."),
        "sso_post_url": _("Only if the provider has another address for HTTP POST."),
        "force_authn": _(
            "The provider asks for the password even if it knows the browser. Many refuse this."
        ),
        "authn_contexts": _(
            "One URI per line. Leave it empty unless you know why: Entra refuses people who used another method."
        ),
        "name_id_format": _("Leave it empty to take what the provider is set up to send."),
        "hint_style": _("How the address typed on our login page reaches the provider."),
        "sp_entity_id": _(
            "Empty: our Redirect URL. Set it only if the provider knows us under another name."
        ),
        "idp_initiated": _(
            "A start from the provider's own tile. “Restart” begins it here again, which is safe; “accept” takes it as "
            "it comes."
        ),
        "subject_attribute": _(
            "The attribute that names a person for good, if it isn't the NameID; for instance an employee number."
        ),
        "require_encryption": _("Refuse assertions that aren't encrypted to our key."),
        "allow_rsa_1_5": _("Outdated and weak; only for a provider that can't do anything else."),
        "slo_url": _("If signing out here is to sign out at the provider as well. Entra: “Logout URL”."),
        "slo_response_url": _("Only if answers go to another address."),
        "metadata_entity_id": _("Which provider of the metadata it is, if it describes several."),
        "metadata_certificate": _("If given, metadata from the URL must be signed by its key."),
    }


def _found(words: VendorWords, name: str, elsewhere: str) -> str:
    """Say where a value stands in the vendor's console; of an unknown one, where it stands in the usual ones."""
    if not words.place:
        return elsewhere
    return _("In the provider's console under “%(place)s”: “%(name)s”.") % {
        "place": words.place,
        "name": name,
    }


def _url_problem(error: OutboundError) -> str:
    texts = {
        "http.not_https": _("The address must begin with https://."),
        "http.bad_url": _("This is no complete web address."),
        "http.blocked_address": _("This address isn't public. An operator can allow it."),
    }
    return texts.get(error.code.value, str(error))
