"""Messages that were used, and logouts that wait for the provider's answer (S-7, S-8, L-12)."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from accounts.models import Account, User
from accounts.scoping import AccountScopedManager
from foundation.ids import new_id
from sso.models import IdentityProvider


class SpentAssertion(models.Model):
    """An assertion (or LogoutRequest) that was used; the unique insert makes using it again impossible (S-8).

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


class LogoutInFlight(models.Model):
    """A LogoutRequest of ours that the provider has not answered yet. The session here ended before it was sent."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    provider = models.ForeignKey(IdentityProvider, on_delete=models.CASCADE, related_name="logouts")
    account = models.ForeignKey(
        Account, null=True, blank=True, on_delete=models.CASCADE, related_name="saml_logouts"
    )
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    request_id = models.CharField(max_length=64, unique=True)
    handle_digest = models.CharField(max_length=64, unique=True)  # of the RelayState
    browser_digest = models.CharField(max_length=64)
    host = models.CharField(max_length=260)
    track_id = models.CharField(max_length=20)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(db_index=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=64, blank=True)  # "success", "partial", or a refusal's code

    objects = AccountScopedManager()

    def __str__(self) -> str:
        return self.track_id
