"""A signed-in browser (design rule 10).

Django's own session holds the log-in; this row says on whose word it began and until when it may last, and lets an
admin, a logout request of the provider or a status change end it. It is checked on every request by
``accounts.sessions``.
"""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models.account import Account
from accounts.models.person import User
from accounts.models.role import GuestAccess
from accounts.scoping import AccountScopedManager
from foundation.encryption import EncryptedTextField
from foundation.ids import new_id


class EndReason(models.TextChoices):
    """Why a session ended."""

    LOGOUT = "logout", _("signed out")
    REPLACED = "replaced", _("another sign-in in the same browser")
    ADMIN = "admin", _("ended by an admin")
    PERSON = "person", _("ended by its person from another browser")
    PROVIDER_LOGOUT = "provider_logout", _("signed out at the identity provider")
    EXPIRED = "expired", _("reached its maximum age")
    STATUS = "status", _("the person may no longer sign in")
    ACCESS = "access", _("sign-in settings of the person changed")


class UserSession(models.Model):
    """One signed-in browser of one person; ``provider_id`` is plain because providers live a floor above."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sessions")
    account = models.ForeignKey(  # V-7: the account that it was opened in; none for people of the vendor
        Account, null=True, blank=True, on_delete=models.CASCADE, related_name="sessions"
    )
    guest_access = (
        models.ForeignKey(  # V-10: the account that its person is in as a guest, asked on every request
            GuestAccess,
            null=True,
            blank=True,
            on_delete=models.SET_NULL,
            related_name="sessions",
            db_index=False,
        )
    )
    key_digest = models.CharField(
        max_length=64, unique=True, editable=False
    )  # SHA-256 of Django's session key
    host = models.CharField(max_length=260, blank=True)  # V-7: a session lives on the host where it began
    provider_id = models.UUIDField(null=True, blank=True)
    provider_label = models.CharField(max_length=200, blank=True)
    subject = models.CharField(max_length=512, blank=True)
    sid = models.CharField(max_length=255, blank=True)
    session_index = models.CharField(max_length=255, blank=True)
    name_id = models.CharField(max_length=512, blank=True)  # OIDC: `sub`, which `subject` need not be
    name_id_format = models.CharField(max_length=255, blank=True)
    name_qualifier = models.CharField(max_length=1024, blank=True)  # the provider wants its NameID back whole
    sp_name_qualifier = models.CharField(max_length=1024, blank=True)
    id_token = EncryptedTextField(blank=True)
    context = models.CharField(max_length=255, blank=True)  # AuthnContextClassRef or acr
    in_recovery = models.BooleanField(default=False)  # V-15: began with a recovery link
    address = models.GenericIPAddressField(null=True, blank=True)
    agent = models.CharField(max_length=300, blank=True)
    track_id = models.CharField(max_length=20, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    end_reason = models.CharField(max_length=16, choices=EndReason.choices, blank=True)

    account_lookup = "user__account"
    objects = AccountScopedManager()

    class Meta:
        ordering = ("-created_at",)
        indexes = (
            models.Index(fields=["user", "ended_at"], name="session_by_user"),
            models.Index(fields=["provider_id", "sid"], name="session_by_sid"),
            models.Index(fields=["provider_id", "session_index"], name="session_by_index"),
            models.Index(fields=["provider_id", "name_id"], name="session_by_name_id"),
            models.Index(fields=["expires_at"], name="session_by_expiry"),
        )

    def __str__(self) -> str:
        return f"{self.user} since {self.created_at:%Y-%m-%d %H:%M}"
