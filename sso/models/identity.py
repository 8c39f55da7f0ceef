"""Who a person is at a provider: looked up by (provider, account, subject) and by nothing else (V-1)."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from accounts.models import Account, User
from accounts.scoping import AccountScopedManager
from foundation.encryption import EncryptedTextField
from foundation.ids import new_id
from sso.models.provider import IdentityProvider


class FederatedIdentity(models.Model):
    """A provider's immutable subject bound to a person of an account.

    ``issuer`` and ``tenant_id`` are what the provider said at the first link; they are compared at each sign-in and
    never searched by, since any tenant may type any of them. A closed identity (V-13) keeps its row, so that somebody
    who was deprovisioned is recognised and stays out.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    provider = models.ForeignKey(IdentityProvider, on_delete=models.PROTECT, related_name="identities")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="identities")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="identities")
    subject = models.CharField(max_length=512)
    subject_source = models.CharField(max_length=30, blank=True)
    issuer = models.CharField(max_length=1024)
    tenant_id = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_seen_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    last_claims = EncryptedTextField(
        blank=True
    )  # JSON as sent, for the debugger and previews; kept for a while
    last_claims_at = models.DateTimeField(null=True, blank=True)

    objects = AccountScopedManager()

    class Meta:
        verbose_name_plural = "federated identities"
        constraints = (
            models.UniqueConstraint(
                fields=["provider", "account", "subject"],
                condition=models.Q(closed_at=None),
                name="identity_once_per_provider_account",
            ),
        )
        indexes = (
            models.Index(fields=["provider", "account", "subject"], name="identity_by_subject"),
            models.Index(fields=["user"], name="identity_by_user"),
        )

    def __str__(self) -> str:
        return f"{self.subject} at {self.provider}"
