"""What was said already about a certificate that is about to expire (A-7); see ``sso.certificate_alerts``."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from sso.models.provider import IdentityProvider


class CertificateAlert(models.Model):
    """The nearest of the days before expiry for which the admins were told. It outlives a certificate saved anew."""

    id = models.BigAutoField(primary_key=True)
    provider = models.ForeignKey(
        IdentityProvider, on_delete=models.CASCADE, related_name="certificate_alerts"
    )
    fingerprint = models.CharField(max_length=64)  # SHA-256 of the DER form
    days = models.PositiveSmallIntegerField()
    told_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["provider", "fingerprint"], name="certificate_alert_once"),
        )

    def __str__(self) -> str:
        return f"{self.fingerprint[:16]}…: {self.days}"
