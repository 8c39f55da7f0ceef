"""OpenID Connect settings of a provider, and the Entra tenants of one above accounts (O-1, O-3, V-6)."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from accounts.scoping import AccountScopedManager
from foundation.encryption import EncryptedTextField
from sso.models import IdentityProvider
from sso_oidc.authorization import Flow

FLOW_CHOICES = [  # how the answer comes back (O-1)
    (Flow.CODE.value, _("code with PKCE")),
    (Flow.HYBRID.value, _("hybrid: code id_token with form_post")),
]


class OidcSettings(models.Model):
    """The OIDC half of a provider."""

    provider = models.OneToOneField(
        IdentityProvider, primary_key=True, on_delete=models.CASCADE, related_name="oidc_settings"
    )
    issuer = models.CharField(_("issuer"), max_length=1024, blank=True)
    client_id = models.CharField(_("client id"), max_length=254, blank=True)
    client_secret = EncryptedTextField(_("client secret"), blank=True)
    flow = models.CharField(max_length=10, choices=FLOW_CHOICES, default=Flow.CODE.value)
    extra_scopes = models.CharField(max_length=300, blank=True)  # beside openid, email and profile
    subject_claim = models.CharField(max_length=120, blank=True)  # J-11: overrides the vendor's preset
    shared_callback = models.BooleanField(default=False, editable=False)  # V-20: permitted by an operator
    updated_at = models.DateTimeField(auto_now=True)

    account_lookup = "provider__account"
    objects = AccountScopedManager()

    class Meta:
        verbose_name = _("OpenID Connect settings")
        verbose_name_plural = _("OpenID Connect settings")
        constraints = (
            models.UniqueConstraint(
                fields=["issuer", "client_id"],
                condition=~models.Q(client_id=""),
                name="issuer_client_belongs_to_one",
            ),
        )

    def __str__(self) -> str:
        return f"OIDC: {self.provider}"


class EntraTenant(models.Model):
    """A tenant whose people a provider above accounts signs into an account, once verified (O-3, V-6)."""

    provider = models.ForeignKey(IdentityProvider, on_delete=models.CASCADE, related_name="tenants")
    tenant_id = models.CharField(max_length=36)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="entra_tenants")
    verified_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = AccountScopedManager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["provider", "tenant_id"],
                condition=models.Q(verified_at__isnull=False),
                name="tenant_belongs_to_one_account",
            ),
            models.UniqueConstraint(
                fields=["provider", "tenant_id", "account"], name="tenant_once_per_account"
            ),
        )

    def __str__(self) -> str:
        return self.tenant_id
