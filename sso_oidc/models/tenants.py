"""Entra tenants: whose they are, and which ones a provider above accounts signs in (O-3, V-6)."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from accounts.scoping import AccountScopedManager
from sso.models import IdentityProvider


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


class TenantOwner(models.Model):
    """The one account of the deployment that a tenant belongs to (V-6); how that was proven is ``tenant_claims``'s."""

    class Proof(models.TextChoices):
        OPERATOR = "operator", _("an operator said so")
        SIGN_IN = "sign_in", _("somebody of the tenant signed in during a test")

    # Of a stand-in for Microsoft the id, a blank and its origin (``tenant_claims.owned_as``).
    tenant_id = models.CharField(_("tenant ID"), max_length=320, primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="owned_tenants")
    proof = models.CharField(_("proof"), max_length=10, choices=Proof.choices)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = AccountScopedManager()

    def __str__(self) -> str:
        return self.tenant_id
