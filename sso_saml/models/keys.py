"""Keys of both sides: the provider's signing certificates, and our own key pairs towards it (S-2, S-7)."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.scoping import AccountScopedManager
from foundation.encryption import EncryptedTextField
from foundation.ids import new_id
from sso.models import IdentityProvider
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


class KeyRole(models.TextChoices):
    """Where a key pair of ours stands in its rollover: next → current → previous → gone."""

    NEXT = "next", _("next: published, not used yet")
    CURRENT = "current", _("current: signs and decrypts")
    PREVIOUS = "previous", _("previous: still decrypts")


class SpKeyPair(models.Model):
    """Our RSA key towards one provider, with the self-signed certificate that carries it to them (S-7).

    Every provider has its own, so that a rollover concerns one customer. All live keys decrypt; only the current one
    signs.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    provider = models.ForeignKey(IdentityProvider, on_delete=models.CASCADE, related_name="sp_key_pairs")
    role = models.CharField(max_length=10, choices=KeyRole.choices)
    private_key = EncryptedTextField()  # PEM, PKCS #8
    certificate = models.TextField()  # PEM
    fingerprint = models.CharField(max_length=64, editable=False)  # SHA-256 of the DER form
    not_after = models.DateTimeField(editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    account_lookup = "provider__account"
    objects = AccountScopedManager()

    class Meta:
        ordering = ("-created_at",)
        verbose_name = _("service provider key")
        constraints = (
            models.UniqueConstraint(fields=["provider", "role"], name="sp_key_once_per_role"),
            models.CheckConstraint(condition=models.Q(role__in=KeyRole.values), name="sp_key_role_known"),
        )

    def __str__(self) -> str:
        return f"{self.get_role_display()} ({self.fingerprint[:16]}…)"
