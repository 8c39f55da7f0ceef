"""Our key pairs towards a provider: they sign client assertions (private_key_jwt, O-1)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from sso.models import IdentityProvider, KeyRole, ProviderKeyPair


class ClientKeyPair(ProviderKeyPair):
    """Our RSA key towards one provider, with the self-signed certificate that Entra wants uploaded (O-3).

    The public halves of all live pairs stand in our key set; only the current one signs.
    """

    provider = models.ForeignKey(IdentityProvider, on_delete=models.CASCADE, related_name="client_key_pairs")

    class Meta(ProviderKeyPair.Meta):
        verbose_name = _("client key")
        constraints = (
            models.UniqueConstraint(fields=["provider", "role"], name="client_key_once_per_role"),
            models.CheckConstraint(condition=models.Q(role__in=KeyRole.values), name="client_key_role_known"),
        )
