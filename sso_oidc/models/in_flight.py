"""Logout tokens that were used, and logouts that wait for the provider's answer (O-7, L-12)."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from accounts.models import Account
from accounts.scoping import AccountScopedManager
from foundation.ids import new_id
from sso.models import IdentityProvider


class SpentLogoutToken(models.Model):
    """A logout token that was used; the unique insert makes using it again impossible (Back-Channel Logout §2.6).

    Kept until it could no longer be accepted anyway: its ``exp`` plus the skew.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    provider = models.ForeignKey(
        IdentityProvider, on_delete=models.CASCADE, related_name="spent_logout_tokens"
    )
    jti_digest = models.CharField(max_length=64)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["provider", "jti_digest"], name="logout_token_used_once"),
        )

    def __str__(self) -> str:
        return self.jti_digest


class ProviderLogout(models.Model):
    """A browser that we sent to the provider's end_session_endpoint. The session here ended before that."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    provider = models.ForeignKey(IdentityProvider, on_delete=models.CASCADE, related_name="oidc_logouts")
    account = models.ForeignKey(
        Account, null=True, blank=True, on_delete=models.CASCADE, related_name="oidc_logouts"
    )
    state_digest = models.CharField(max_length=64, unique=True)
    browser_digest = models.CharField(max_length=64)
    host = models.CharField(max_length=260)
    track_id = models.CharField(max_length=20)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(db_index=True)
    returned_at = models.DateTimeField(null=True, blank=True)

    objects = AccountScopedManager()

    def __str__(self) -> str:
        return self.track_id
