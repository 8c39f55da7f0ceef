"""A key pair of ours towards one provider, and where it stands in its rollover (S-7, O-1)."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.scoping import AccountScopedManager
from foundation.encryption import EncryptedTextField
from foundation.ids import new_id


class KeyRole(models.TextChoices):
    """Where a key pair of ours stands in its rollover: next → current → previous → gone."""

    NEXT = "next", _("next: published, not used yet")
    CURRENT = "current", _("current: in use")
    PREVIOUS = "previous", _("previous: still accepted")


class ProviderKeyPair(models.Model):
    """An RSA key with the self-signed certificate that carries it to the provider; each protocol has its own table.

    Every provider has its own pairs, so that a rollover concerns one customer.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    provider: Any  # a foreign key to IdentityProvider, with the related name of the protocol
    role = models.CharField(max_length=10, choices=KeyRole.choices)
    private_key = EncryptedTextField()  # PEM, PKCS #8
    certificate = models.TextField()  # PEM
    fingerprint = models.CharField(max_length=64, editable=False)  # SHA-256 of the DER form
    not_after = models.DateTimeField(editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    account_lookup = "provider__account"
    objects = AccountScopedManager()

    class Meta:
        abstract = True
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"{self.get_role_display()} ({self.fingerprint[:16]}…)"
