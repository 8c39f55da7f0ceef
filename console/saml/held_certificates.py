"""The provider's certificates as a table, each with a box to remove it (S-7, A-7)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from console.admins.columns import badge, moment
from sso.certificate_alerts import HORIZON
from sso_saml.models import SamlCertificate

_SOON = HORIZON  # when its admins are told first


def dates_badge(not_before: datetime, not_after: datetime) -> SafeString:
    """Return the badge of a certificate's dates: valid, about to expire, expired, not yet valid (A-7)."""
    now = timezone.now()
    if not_after <= now:
        return badge(_("expired"), "danger")
    if not_before > now:
        return badge(_("not yet valid"), "info")
    if not_after - now <= _SOON:
        return badge(_("expires in %(days)d days") % {"days": (not_after - now).days}, "warning")
    return badge(_("valid"), "success")


def grouped(fingerprint: str) -> str:
    """Return a fingerprint as vendors show it, in pairs."""
    return ":".join(fingerprint[at : at + 2] for at in range(0, len(fingerprint), 2)).upper()


def described(rows: list[SamlCertificate]) -> list[dict[str, Any]]:
    """Return what the table shows of each certificate."""
    return [
        {
            "fingerprint": row.fingerprint,
            "shown": grouped(row.fingerprint),
            "subject": row.subject,
            "begins": moment(row.not_before),
            "ends": moment(row.not_after),
            "badge": dates_badge(row.not_before, row.not_after),
        }
        for row in rows
    ]


def drawn(rows: list[SamlCertificate], *, name: str = "", ticked: frozenset[str] = frozenset()) -> SafeString:
    """Return the table; with boxes to remove when it has a ``name``."""
    context = {"rows": described(rows), "name": name, "ticked": ticked}
    return render_to_string("admin/console/certificates.html", context)


class RemoveCertificates(forms.CheckboxSelectMultiple):
    """Boxes beside the certificates that a provider has; ``rows`` are set by the form."""

    rows: list[SamlCertificate]

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """Draw the table with its boxes."""
        return drawn(self.rows, name=name, ticked=frozenset(value or ()))
