"""The Entra tenants whose people a provider above accounts signs in (O-3, V-6)."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

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
