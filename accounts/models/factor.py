"""What a person has besides a password, and a sign-in that waits for it (V-11, A-9).

SecondFactor   an authenticator app (TOTP, RFC 6238) or a passkey (WebAuthn): what was enrolled
RecoveryCode   one of the codes for the day when the phone is lost: shown once, stored as a digest
SecondStep     a browser between its right password and its session, or one that is enrolling
"""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models.person import User
from foundation.encryption import EncryptedTextField
from foundation.ids import new_id


class FactorKind(models.TextChoices):
    """What can be enrolled."""

    TOTP = "totp", _("authenticator app")
    PASSKEY = "passkey", _("passkey or security key")


class SecondFactor(models.Model):
    """One enrolled factor. Change one only through ``accounts.lifecycle.factors``."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="second_factors")
    kind = models.CharField(max_length=10, choices=FactorKind.choices)
    name = models.CharField(max_length=80)
    secret = EncryptedTextField(blank=True)  # TOTP: the shared secret in Base32
    last_step = models.BigIntegerField(default=-1)  # TOTP: no code of this time step or an older one is taken
    credential = models.TextField(blank=True)  # passkey: attested credential data (WebAuthn §6.5.1), Base64
    # Passkey: SHA-256 of its credential id; null for an app.
    credential_digest = models.CharField(max_length=64, null=True, blank=True, unique=True)
    rp_id = models.CharField(max_length=255, blank=True)  # passkey: the host name it works on (V-7)
    sign_count = models.BigIntegerField(default=0)  # passkey: WebAuthn §6.1.1; 0 where it has no counter
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("created_at", "id")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(kind__in=FactorKind.values), name="second_factor_kind_is_known"
            ),
        )

    def __str__(self) -> str:
        return self.name


class RecoveryCode(models.Model):
    """80 random bits that stand in for a factor once; a fast hash is right for what can't be guessed."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="recovery_codes")
    digest = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "digest"], name="recovery_code_once"),)

    def __str__(self) -> str:
        return f"recovery code {self.pk}"


class SecondStep(models.Model):
    """One-time state of a browser that proved the first thing and still owes the second; it is no session.

    Found by the digest of a handle that only that browser was told, and only together with its cookie (V-16).
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="second_steps")
    way = models.CharField(max_length=20)  # what goes on afterwards: sso.second_step
    enrolling = models.BooleanField(default=False)
    handle_digest = models.CharField(max_length=64, unique=True, editable=False)
    browser_digest = models.CharField(max_length=64, editable=False)
    host = models.CharField(max_length=260)
    proof = models.CharField(
        max_length=64, editable=False
    )  # digest of the session hash: a new password ends it
    next_url = models.CharField(max_length=2000, blank=True)
    awaits_mailed_code = models.BooleanField(default=False)  # V-11: before the first factor can be enrolled
    mailed_digest = models.CharField(
        max_length=64, blank=True, editable=False
    )  # of that code, once it was sent
    secret = EncryptedTextField(blank=True)  # of the authenticator app that is being enrolled
    challenge = models.CharField(max_length=64, blank=True)  # WebAuthn's, spent with the first answer
    failures = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    spent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = (
            models.Index(fields=["user", "created_at"], name="second_step_by_user"),
            models.Index(fields=["expires_at"], name="second_step_by_expiry"),
        )

    def __str__(self) -> str:
        return f"second step of {self.user}"
