"""OpenID Connect settings of a provider (O-1)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.scoping import AccountScopedManager
from foundation.encryption import EncryptedTextField
from sso.models import IdentityProvider
from sso_oidc.authorization import Flow
from sso_oidc.client_authentication import ClientAuthentication

FLOW_CHOICES = [  # how the answer comes back (O-1)
    (Flow.CODE.value, _("code with PKCE")),
    (Flow.HYBRID.value, _("hybrid: code id_token with form_post")),
]

AUTHENTICATION_CHOICES = [  # how we prove to the token endpoint who we are (Core §9)
    ("", _("the best that the provider takes")),
    (ClientAuthentication.BASIC.value, _("client secret, basic")),
    (ClientAuthentication.POST.value, _("client secret, in the form")),
    (ClientAuthentication.PRIVATE_KEY_JWT.value, _("private key (private_key_jwt)")),
    (ClientAuthentication.NONE.value, _("none: public client with PKCE")),
]


class OidcSettings(models.Model):
    """The OIDC half of a provider."""

    provider = models.OneToOneField(
        IdentityProvider, primary_key=True, on_delete=models.CASCADE, related_name="oidc_settings"
    )
    issuer = models.CharField(_("issuer"), max_length=1024, blank=True)
    client_id = models.CharField(_("client id"), max_length=254, blank=True)
    client_secret = EncryptedTextField(_("client secret"), blank=True)
    flow = models.CharField(max_length=10, choices=FLOW_CHOICES, default=Flow.CODE.value)
    client_authentication = models.CharField(
        _("client authentication"), max_length=20, choices=AUTHENTICATION_CHOICES, blank=True
    )
    pushed_requests = models.BooleanField(  # RFC 9126
        _("push authorization requests where the provider offers it"), default=True
    )
    max_age_seconds = models.PositiveIntegerField(
        _("longest time since authentication"), null=True, blank=True
    )
    acr_values = models.CharField(
        _("authentication context"), max_length=300, blank=True
    )  # with blanks between
    extra_scopes = models.CharField(max_length=300, blank=True)  # beside openid, email and profile
    subject_claim = models.CharField(max_length=120, blank=True)  # J-11: overrides the vendor's preset
    shared_callback = models.BooleanField(default=False, editable=False)  # V-20: permitted by an operator
    updated_at = models.DateTimeField(auto_now=True)

    account_lookup = "provider__account"
    objects = AccountScopedManager()

    class Meta:
        verbose_name = _("OpenID Connect settings")
        verbose_name_plural = _("OpenID Connect settings")
        constraints = (
            models.UniqueConstraint(
                fields=["issuer", "client_id"],
                condition=~models.Q(client_id=""),
                name="issuer_client_belongs_to_one",
            ),
        )

    def __str__(self) -> str:
        return f"OIDC: {self.provider}"
