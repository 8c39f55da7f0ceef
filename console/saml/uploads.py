"""What an admin pastes or uploads as “X.509 Certificate”: certificates in any form, or metadata that says all (S-2).

One field takes both, because people don't know which file they have: ``.cer`` in DER, PEM, bare base64, or Federation
Metadata XML. ``Entry`` is what the browser sent, ``Entered`` what it turned out to be.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from unfold.widgets import SELECT_CLASSES, TEXTAREA_CLASSES, UnfoldAdminFileFieldWidget

from sso_saml.certificates import (
    CertificateError,
    CertificateProblem,
    SigningCertificate,
    parse_certificates,
)
from sso_saml.idp_metadata import (
    LIMITS,
    IdpDescription,
    MetadataError,
    MetadataProblem,
    looks_like_metadata,
    parse_idp_metadata,
)
from sso_saml.metadata_texts import explain_problem

_SHOWN_AGAIN = 300_000  # characters of a file that the text area takes over when the form comes back
# unfold's own, which its script expects around every file input.
_FILE = UnfoldAdminFileFieldWidget(attrs={"accept": ".cer,.crt,.pem,.der,.xml"})


@dataclass(frozen=True, slots=True)
class Entry:
    """What came from the browser. ``entity_id`` is the choice in metadata of several providers."""

    text: str = ""
    upload: UploadedFile[Any] | None = None
    entity_id: str = ""

    def __bool__(self) -> bool:
        return bool(self.text.strip()) or self.upload is not None

    def documents(self) -> list[bytes]:
        """Return the file's content and the text, whichever there are. A form may ask twice."""
        found = []
        if self.upload is not None:
            self.upload.seek(0)
            found.append(self.upload.read(LIMITS.max_bytes + 1))
        if self.text.strip():
            found.append(self.text.encode("utf-8", "replace"))
        return found

    def text_to_show(self) -> str:
        """Return what the text area holds when the form comes back: no browser keeps a chosen file."""
        if self.upload is None:
            return self.text
        content = self.documents()[0]
        if looks_like_metadata(content) or content.isascii():
            shown = content.decode("utf-8", "replace")
        else:
            try:
                shown = "".join(certificate.pem for certificate in parse_certificates(content))
            except CertificateError:
                return self.text
        return shown if len(shown) <= _SHOWN_AGAIN else self.text


@dataclass(frozen=True, slots=True)
class Entered:
    """What was recognised: ``description`` is set when metadata was among it."""

    certificates: tuple[SigningCertificate, ...] = ()
    description: IdpDescription | None = None


class CertificateInput(forms.Widget):
    """A text area, a file input, and the question which entity when the metadata holds several."""

    needs_multipart_form = True
    choices: tuple[str, ...] = ()

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """Draw all of it; ``value`` is an ``Entry`` when the form comes back."""
        entry = value if isinstance(value, Entry) else Entry()
        shown_id = (attrs or {}).get("id") or f"id_{name}"
        context = {
            "name": name,
            "id": shown_id,
            "described_by": (attrs or {}).get("aria-describedby", ""),
            "text": entry.text_to_show(),
            "file": _FILE.render(f"{name}_file", None, {"id": f"{shown_id}_file"}),
            "choices": self.choices,
            "chosen": entry.entity_id,
            "area_class": " ".join(TEXTAREA_CLASSES),
            "select_class": " ".join(SELECT_CLASSES),
        }
        return render_to_string("admin/console/certificate_input.html", context)

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Entry:
        """Collect the parts."""
        return Entry(data.get(name, ""), files.get(f"{name}_file"), data.get(f"{name}_entity", "").strip())

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        """Tell whether neither part came."""
        return name not in data and f"{name}_file" not in files


class CertificateField(forms.Field):
    """Cleans to ``Entered``. ``preferred`` is the entity ID set already: an aggregate that has it needn't ask."""

    widget = CertificateInput
    preferred = ""

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Tell whether anything was pasted or uploaded."""
        return bool(data)

    def clean(self, value: Any) -> Entered:
        """Recognise what it is, or say what is wrong with it."""
        entered = Entered()
        for document in value.documents() if isinstance(value, Entry) else ():
            if looks_like_metadata(document):
                entered = Entered(entered.certificates, self._metadata(document, value.entity_id))
            else:
                entered = Entered((*entered.certificates, *_certificates(document)), entered.description)
        return entered

    def _metadata(self, document: bytes, entity_id: str) -> IdpDescription:
        try:
            return parse_idp_metadata(document, entity_id or None, preferred=self.preferred)
        except MetadataError as error:
            if error.entity_ids:
                self.widget.choices = error.entity_ids
            raise forms.ValidationError(metadata_problem(error.code.value), code=error.code.value) from None
        except CertificateError as error:
            raise forms.ValidationError(certificate_problem(error.code), code=error.code.value) from None


def _certificates(document: bytes) -> tuple[SigningCertificate, ...]:
    start = document.lstrip()[:8].lower()
    if start.startswith((b"http://", b"https://")):
        raise forms.ValidationError(
            _("This is an address. Enter it under metadata URL, or open it and upload what it shows.")
        )
    try:
        return parse_certificates(document)
    except CertificateError as error:
        raise forms.ValidationError(certificate_problem(error.code), code=error.code.value) from None


def certificate_problem(code: CertificateProblem) -> str:
    """Return what is wrong with a certificate, in words."""
    return {
        CertificateProblem.TOO_LARGE: _("This is too large to be a certificate."),
        CertificateProblem.TOO_MANY: _("These are more certificates than a provider can need."),
        CertificateProblem.NOT_A_CERTIFICATE: _(
            "This is no certificate that can be read. Paste the text from -----BEGIN CERTIFICATE----- to -----END "
            "CERTIFICATE-----, or upload the .cer, .pem or .crt file, or the Federation Metadata XML."
        ),
        CertificateProblem.PRIVATE_KEY: _(
            "This holds a private key, which must never leave the identity provider. Take the certificate alone, and "
            "replace the key if it has been sent around."
        ),
        CertificateProblem.WEAK_KEY: _("The key in this certificate is too short; RSA needs 2048 bits."),
        CertificateProblem.UNSUPPORTED_KEY: _(
            "The key in this certificate is of a kind that can't be used here."
        ),
    }[code]


def metadata_problem(code: str) -> str:
    """Return what is wrong with pasted or uploaded metadata, in words."""
    if code == MetadataProblem.SEVERAL_ENTITIES:
        return _("This metadata describes several identity providers. Which one is it?")
    if code == MetadataProblem.NO_IDENTITY_PROVIDER:
        return _(
            "This metadata describes no SAML 2.0 identity provider. If it is our own, it belongs into the provider's "
            "console."
        )
    return explain_problem(code)
