"""SAML settings of a provider, its certificates, and the assertions that were used (S-1 to S-3, S-7)."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.scoping import AccountScopedManager
from foundation.ids import new_id
from sso.models import IdentityProvider


class IdpInitiated(models.TextChoices):
    """What happens to a response that nobody asked for (S-5, V-19)."""

    REFUSE = "refuse", _("refuse")
    RESTART = "restart", _("restart as SP-initiated")
    ACCEPT = "accept", _("accept")


class SamlSettings(models.Model):
    """The SAML half of a provider; the three values of S-2 and what may differ."""

    provider = models.OneToOneField(
        IdentityProvider, primary_key=True, on_delete=models.CASCADE, related_name="saml_settings"
    )
    idp_entity_id = models.CharField(_("IdP Issuer URI / Entity ID"), max_length=1024, blank=True)
    sso_url = models.CharField(_("Single Sign-On URL"), max_length=2000, blank=True)
    slo_url = models.CharField(_("Single Logout URL"), max_length=2000, blank=True)
    sp_entity_id = models.CharField(  # null: the Redirect URL is the entity ID (S-1)
        _("own entity ID"), max_length=1024, null=True, blank=True, unique=True
    )
    idp_initiated = models.CharField(
        _("IdP-initiated sign-in"), max_length=10, choices=IdpInitiated.choices, default=IdpInitiated.RESTART
    )
    subject_attribute = models.CharField(max_length=254, blank=True)  # J-11: the configured attribute
    metadata_url = models.CharField(max_length=2000, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    account_lookup = "provider__account"
    objects = AccountScopedManager()

    class Meta:
        verbose_name = _("SAML settings")
        verbose_name_plural = _("SAML settings")

    def __str__(self) -> str:
        return f"SAML: {self.provider}"


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


class SpentAssertion(models.Model):
    """An assertion that was used; the unique insert makes using it again impossible in any process (S-8).

    Kept until it could no longer be accepted anyway: its NotOnOrAfter plus the skew.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    provider = models.ForeignKey(IdentityProvider, on_delete=models.CASCADE, related_name="spent_assertions")
    assertion_digest = models.CharField(max_length=64)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["provider", "assertion_digest"], name="assertion_used_once"),
        )

    def __str__(self) -> str:
        return self.assertion_digest
