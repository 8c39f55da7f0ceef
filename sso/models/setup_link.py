"""A link by which somebody without a login fills in one draft (V-22); see ``sso.setup_links``."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.scoping import AccountScopedManager
from foundation.ids import new_id
from sso.models.provider import IdentityProvider


class SetupLink(models.Model):
    """One link for one draft. Only the digest of its token is stored.

    ``changes`` is what became of the provider's settings since the link was made, ``{field: [then, now]}``, whoever
    changed them; of a secret it says only that it changed.
    """

    class Ending(models.TextChoices):
        """Why it ended before its time."""

        REVOKED = "revoked", _("revoked")
        APPROVED = "approved", _("the provider was enabled")
        MODULE_OFF = "module_off", _("the SSO module was switched off")

    account_lookup: ClassVar[str] = "provider__account"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    provider = models.ForeignKey(IdentityProvider, on_delete=models.CASCADE, related_name="setup_links")
    lookup = models.CharField(max_length=12, unique=True)
    digest = models.CharField(max_length=64)
    address = models.EmailField(max_length=254, blank=True)  # whom it was mailed to, "" when it was shown
    made_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    made_by_label = models.CharField(max_length=254)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    opened_at = models.DateTimeField(null=True, blank=True)
    saved_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ending = models.CharField(max_length=12, blank=True, choices=Ending.choices)
    approved_at = models.DateTimeField(null=True, blank=True)  # when an admin enabled what it set up
    changes = models.JSONField(default=dict, blank=True)

    objects = AccountScopedManager()

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"{self.provider} · {self.created_at:%Y-%m-%d %H:%M}"

    @property
    def is_open(self) -> bool:
        """Neither ended nor past its time."""
        return self.ended_at is None and self.expires_at > timezone.now()
