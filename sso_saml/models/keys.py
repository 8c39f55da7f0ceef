"""Keys of both sides: the provider's signing certificates, and our own key pairs towards it (S-2, S-7)."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.scoping import AccountScopedManager
from sso.models import IdentityProvider, KeyRole, ProviderKeyPair
from sso_saml.models.settings import SamlSettings


class SamlCertificate(models.Model):
    """A signing certificate of the IdP; several at once during rollover (S-7)."""

    settings = models.ForeignKey(SamlSettings, on_delete=models.CASCADE, related_name="certificates")
    pem = models.TextField(_("X.509 Certificate"))
    fingerprint = models.CharField(max_length=64, editable=False)  # SHA-256 of the DER form
    subject = models.CharField(max_length=500, editable=False)
    not_before = models.DateTimeField(editable=False)
    not_after = models.DateTimeField(editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    account_lookup = "settings__provider__account"
    objects = AccountScopedManager()

    class Meta:
        ordering = ("not_after",)
        verbose_name = _("X.509 Certificate")
        constraints = (
            models.UniqueConstraint(fields=["settings", "fingerprint"], name="certificate_once_per_provider"),
        )

    def __str__(self) -> str:
        return f"{self.subject} ({self.fingerprint[:16]}…)"


class SpKeyPair(ProviderKeyPair):
    """Our RSA key towards one provider (S-7). All live keys decrypt; only the current one signs."""

    provider = models.ForeignKey(IdentityProvider, on_delete=models.CASCADE, related_name="sp_key_pairs")

    class Meta(ProviderKeyPair.Meta):
        verbose_name = _("service provider key")
        constraints = (
            models.UniqueConstraint(fields=["provider", "role"], name="sp_key_once_per_role"),
            models.CheckConstraint(condition=models.Q(role__in=KeyRole.values), name="sp_key_role_known"),
        )
