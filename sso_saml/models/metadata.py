"""A provider's metadata that waits for an admin's word, because it changes whom we trust (V-1, V-22)."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.scoping import AccountScopedManager
from foundation.ids import new_id
from sso_saml.models.settings import SamlSettings


class MetadataProposal(models.Model):
    """What the metadata URL said last, when it was too great a change to take by itself; one per provider.

    ``values`` are the names of ``SamlValues`` with what they would become; ``reasons`` are codes.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    settings = models.OneToOneField(SamlSettings, on_delete=models.CASCADE, related_name="metadata_proposal")
    reasons = models.JSONField(default=list)
    values = models.JSONField(default=dict)
    digest = models.CharField(max_length=64)  # SHA-256 of the values: the same again is no news
    declined_at = models.DateTimeField(null=True, blank=True)  # the same values are not brought up again
    fetched_at = models.DateTimeField(default=timezone.now)

    account_lookup = "settings__provider__account"
    objects = AccountScopedManager()

    class Meta:
        verbose_name = _("metadata waiting for approval")

    def __str__(self) -> str:
        return f"metadata of {self.settings_id}"
