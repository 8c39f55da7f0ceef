"""Reading groups from Microsoft Graph, and asking an organization's administrator for consent (G-5, O-4)."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.scoping import AccountScopedManager
from foundation.encryption import EncryptedTextField
from foundation.ids import new_id
from sso.models.provider import IdentityProvider


class GraphAccess(models.Model):
    """What an Entra provider's overage is resolved with (G-5); without a row it is not resolved.

    With OpenID Connect, ``client_id`` may be empty: then it is the provider's own client that asks, and the tenant is
    the token's. With SAML there is no client, so tenant, client and secret are an app registration made for this.
    """

    provider = models.OneToOneField(
        IdentityProvider, primary_key=True, on_delete=models.CASCADE, related_name="graph_access"
    )
    tenant_id = models.CharField(_("tenant ID"), max_length=36, blank=True)
    client_id = models.CharField(_("client id"), max_length=254, blank=True)
    client_secret = EncryptedTextField(_("client secret"), blank=True)
    # Entra's groups claim holds "security groups" or "all groups"; what is read must be what would have been sent.
    all_groups = models.BooleanField(_("all groups, not only security groups"), default=False)
    updated_at = models.DateTimeField(auto_now=True)

    account_lookup = "provider__account"
    objects = AccountScopedManager()

    class Meta:
        verbose_name = _("access to Microsoft Graph")
        verbose_name_plural = _("access to Microsoft Graph")

    def __str__(self) -> str:
        return f"Microsoft Graph: {self.provider}"


class AdminConsent(models.Model):
    """An admin of ours who was sent to Entra to consent for their organization (O-4).

    The state belongs to the session that began, and is good for one return.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    provider = models.ForeignKey(IdentityProvider, on_delete=models.CASCADE, related_name="admin_consents")
    starter = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    session_id = models.UUIDField()
    state_digest = models.CharField(max_length=64, unique=True, editable=False)
    track_id = models.CharField(max_length=20)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(db_index=True)
    returned_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=64, blank=True)  # "granted" or a code

    account_lookup = "provider__account"
    objects = AccountScopedManager()

    def __str__(self) -> str:
        return self.track_id
