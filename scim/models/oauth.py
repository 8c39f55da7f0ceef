"""OAuth 2.0 clients of an account: their secrets, their access tokens, and the assertions that were used (V-25).

They stand in the places of django-oauth-toolkit's own tables (``broker.settings.oauth``), which would have one secret
per client, belong to a person, keep redirect URIs and more. What that library could issue beside an access token has
no table: ``NeverIssued`` fills those places.
"""

from __future__ import annotations

from typing import Any, NoReturn

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, User
from accounts.scoping import AccountScopedManager
from foundation.ids import new_id


class OAuthClient(models.Model):
    """A directory that gets access tokens at ``/oauth/token`` for one account. Its primary key is its client_id."""

    id = models.UUIDField(_("client ID"), primary_key=True, default=new_id, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="oauth_clients")
    # Views of the library that no address leads to name these while they are imported.
    CLIENT_CONFIDENTIAL = "confidential"
    CLIENT_PUBLIC = "public"
    GRANT_AUTHORIZATION_CODE = "authorization-code"
    GRANT_IMPLICIT = "implicit"
    GRANT_PASSWORD = "password"  # noqa: S105
    GRANT_CLIENT_CREDENTIALS = "client-credentials"
    GRANT_OPENID_HYBRID = "openid-hybrid"

    name = models.CharField(max_length=120)
    # Public keys for private_key_jwt as scim.oauth.client_keys writes them; read as a whole, never searched.
    public_keys = models.TextField(_("public keys (JWKS)"), blank=True)
    created_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    created_by_label = models.CharField(_("made by"), max_length=254, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)  # its last access token
    last_used_ip = models.GenericIPAddressField(null=True, blank=True, editable=False)

    objects = AccountScopedManager()

    class Meta:
        ordering = ("name", "created_at")
        verbose_name = _("OAuth client")

    def __str__(self) -> str:
        return self.name

    @property
    def client_id(self) -> str:
        """The client's public name in OAuth (RFC 6749 §2.2)."""
        return str(self.pk)


class OAuthClientSecret(models.Model):
    """One of a client's secrets, ``socs_<lookup>_<secret>``: shown once, stored as a digest, with an end of its own."""

    account_lookup = "client__account"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(OAuthClient, on_delete=models.CASCADE, related_name="secrets")
    lookup = models.CharField(max_length=16, unique=True, editable=False)
    digest = models.CharField(max_length=64, editable=False)
    created_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    created_by_label = models.CharField(_("made by"), max_length=254, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_ip = models.GenericIPAddressField(null=True, blank=True, editable=False)

    objects = AccountScopedManager()

    class Meta:
        ordering = ("-created_at",)
        verbose_name = _("OAuth client secret")

    def __str__(self) -> str:
        return f"{self.client} ({self.lookup})"

    @property
    def is_usable(self) -> bool:
        """Neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > timezone.now())


class OAuthAccessToken(models.Model):
    """An access token, ``soat_<lookup>_<secret>``, of which only the digest is kept.

    ``secret`` is the client secret that it was got with and ends with; None for one got with an assertion.
    """

    account_lookup = "client__account"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(OAuthClient, on_delete=models.CASCADE, related_name="access_tokens")
    secret = models.ForeignKey(
        OAuthClientSecret, null=True, on_delete=models.CASCADE, related_name="access_tokens"
    )
    lookup = models.CharField(max_length=16, unique=True)
    digest = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(db_index=True)

    objects = AccountScopedManager()

    class Meta:
        verbose_name = _("OAuth access token")

    def __str__(self) -> str:
        return self.lookup


class SpentClientAssertion(models.Model):
    """The ``jti`` of an assertion that was taken: the unique insert is the check that it comes once (RFC 7523 §3)."""

    account_lookup = "client__account"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(OAuthClient, on_delete=models.CASCADE, related_name="spent_assertions")
    jti_digest = models.CharField(max_length=64)
    forget_at = models.DateTimeField(db_index=True)  # from then on its ``exp`` refuses it

    objects = AccountScopedManager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["client", "jti_digest"], name="scim_client_assertion_once"),
        )

    def __str__(self) -> str:
        return self.jti_digest[:12]


class NeverIssued(models.Model):
    """Fills the library's places for grants, device grants, refresh tokens and ID tokens; always empty."""

    def __str__(self) -> str:
        return "never issued"

    def save(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse: reaching this is a defect."""
        raise NotImplementedError("only access tokens are issued here")
