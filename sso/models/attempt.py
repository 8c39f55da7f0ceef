"""A sign-in in flight, and the answers parked for it (design rule 7, V-16 to V-18).

A ``SignInAttempt`` is made when a browser leaves for a provider. What it is for, with which provider, for which
account, on which host and by whom is fixed then. It is named by 128 random bits (state, RelayState), of which only the
digest is stored, is bound to the browser by the digest of a cookie, and moves one way: OPEN → SPENT, with CONFIRMING
after it while the browser holds another person's session. An answer that arrives by a cross-site POST is parked under a
one-time code of its own and waits for the same-site GET that has both code and cookie.
"""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, User
from accounts.scoping import AccountScopedManager
from foundation.encryption import EncryptedTextField
from foundation.ids import new_id
from sso.models.provider import IdentityProvider


class Purpose(models.TextChoices):
    """What an attempt may end in."""

    SIGN_IN = "sign_in", _("sign in")
    TEST = "test", _("test the connection")
    LINK = "link", _("connect SSO")
    REAUTHENTICATE = "reauthenticate", _("prove it is you")


class Stage(models.TextChoices):
    """Where an attempt stands."""

    OPEN = "open", _("under way")
    CONFIRMING = "confirming", _("asks whether to switch person")
    SPENT = "spent", _("finished")


class SignInAttempt(models.Model):
    """One try to sign in through a provider."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    handle_digest = models.CharField(max_length=64, unique=True, editable=False)
    purpose = models.CharField(max_length=15, choices=Purpose.choices, default=Purpose.SIGN_IN)
    provider = models.ForeignKey(IdentityProvider, on_delete=models.CASCADE, related_name="attempts")
    provider_version = models.PositiveIntegerField()
    account = models.ForeignKey(
        Account, null=True, blank=True, on_delete=models.CASCADE, related_name="attempts"
    )
    host = models.CharField(max_length=260)
    starter = models.ForeignKey(User, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    browser_digest = models.CharField(max_length=64)
    request_id = models.CharField(max_length=64, blank=True, db_index=True)  # SAML AuthnRequest ID
    nonce = EncryptedTextField(blank=True)
    code_verifier = EncryptedTextField(blank=True)
    next_url = models.CharField(max_length=2000, blank=True)
    login_hint = models.CharField(max_length=254, blank=True)
    stage = models.CharField(max_length=12, choices=Stage.choices, default=Stage.OPEN)
    track_id = models.CharField(max_length=20, db_index=True)
    address = models.GenericIPAddressField(null=True, blank=True)
    unsolicited = models.BooleanField(default=False)
    displayed_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    finished_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=64, blank=True)  # "signed_in" or a refusal's code
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="sign_ins")
    report = models.JSONField(default=dict)  # steps, rules, warnings, changes: what the debugger shows
    claims = EncryptedTextField(
        blank=True
    )  # decoded claims, JSON; only once the whole sign-in validated (V-20)

    objects = AccountScopedManager()

    class Meta:
        ordering = ("-created_at",)
        verbose_name = "sign-in attempt"
        indexes = (
            models.Index(fields=["account", "-created_at"], name="attempt_by_account"),
            models.Index(fields=["address", "-created_at"], name="attempt_by_address"),
        )

    def __str__(self) -> str:
        return f"{self.get_purpose_display()} {self.track_id}"


class ParkedAnswer(models.Model):
    """A verified answer that waits at most two minutes for its browser; erased when spent (V-17)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    attempt = models.ForeignKey(SignInAttempt, on_delete=models.CASCADE, related_name="parked_answers")
    code_digest = models.CharField(max_length=64, unique=True, editable=False)
    host = models.CharField(max_length=260)
    payload = EncryptedTextField(blank=True)
    is_claims = models.BooleanField(
        default=False
    )  # claims already: parked again to ask about switching person
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(db_index=True)
    spent_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return str(self.id)
