"""The SAML half of a provider: the three values of S-2 and what may differ (S-1 to S-3, S-5, S-7, L-4)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.scoping import AccountScopedManager
from sso.models import IdentityProvider


class IdpInitiated(models.TextChoices):
    """What happens to a response that nobody asked for (S-5, V-19)."""

    REFUSE = "refuse", _("refuse")
    RESTART = "restart", _("restart as SP-initiated")
    ACCEPT = "accept", _("accept")


class Binding(models.TextChoices):
    """How a message travels through the browser (SAML Bindings §3.4, §3.5)."""

    REDIRECT = "redirect", _("HTTP redirect")
    POST = "post", _("HTTP POST")


class HintStyle(models.TextChoices):
    """How the e-mail that was typed travels to the provider (L-4)."""

    VENDOR = "vendor", _("as the vendor understands it")
    PARAMETER = "parameter", _("login_hint in the address")
    SUBJECT = "subject", _("Subject of the AuthnRequest")
    NONE = "none", _("not at all")


class ContextComparison(models.TextChoices):
    """How a provider is to read the requested authentication contexts (SAML Core §3.3.2.2.1)."""

    EXACT = "exact", _("exactly one of these")
    MINIMUM = "minimum", _("at least as strong as one of these")


class SamlSettings(models.Model):
    """Settings of one provider. Everything but the three values has a default that works with every vendor."""

    provider = models.OneToOneField(
        IdentityProvider, primary_key=True, on_delete=models.CASCADE, related_name="saml_settings"
    )
    # what the vendor's console gave
    idp_entity_id = models.CharField(_("IdP Issuer URI / Entity ID"), max_length=1024, blank=True)
    sso_url = models.CharField(_("Single Sign-On URL"), max_length=2000, blank=True)
    sso_post_url = models.CharField(  # empty: the same address takes both
        _("Single Sign-On URL for HTTP POST"), max_length=2000, blank=True
    )
    slo_url = models.CharField(_("Single Logout URL"), max_length=2000, blank=True)
    slo_response_url = models.CharField(  # empty: answers go to the Single Logout URL (Metadata §2.2.2)
        _("Single Logout response URL"), max_length=2000, blank=True
    )
    slo_binding = models.CharField(
        _("Single Logout binding"), max_length=10, choices=Binding.choices, default=Binding.REDIRECT
    )
    # how we ask
    sp_entity_id = models.CharField(  # null: the Redirect URL is the entity ID (S-1)
        _("own entity ID"), max_length=1024, null=True, blank=True, unique=True
    )
    request_binding = models.CharField(
        _("request binding"), max_length=10, choices=Binding.choices, default=Binding.REDIRECT
    )
    sign_requests = models.BooleanField(_("sign requests"), default=False)
    force_authn = models.BooleanField(_("ask to sign in afresh (ForceAuthn)"), default=False)
    authn_contexts = models.TextField(_("requested authentication contexts"), blank=True)  # a URI per line
    authn_context_comparison = models.CharField(
        _("comparison of contexts"),
        max_length=10,
        choices=ContextComparison.choices,
        default=ContextComparison.EXACT,
    )
    name_id_format = models.CharField(_("requested NameID format"), max_length=255, blank=True)
    hint_style = models.CharField(
        _("how the e-mail travels"), max_length=10, choices=HintStyle.choices, default=HintStyle.VENDOR
    )
    # what we accept
    idp_initiated = models.CharField(
        _("IdP-initiated sign-in"), max_length=10, choices=IdpInitiated.choices, default=IdpInitiated.RESTART
    )
    subject_attribute = models.CharField(  # J-11: the configured attribute
        _("subject attribute"), max_length=254, blank=True
    )
    require_encryption = models.BooleanField(_("accept encrypted assertions only"), default=False)
    allow_rsa_1_5 = models.BooleanField(_("accept RSA 1.5 key transport"), default=False)
    # where the values come from by themselves
    metadata_url = models.CharField(_("metadata URL"), max_length=2000, blank=True)
    metadata_entity_id = models.CharField(  # which one of an aggregate
        _("entity ID in the metadata"), max_length=1024, blank=True
    )
    metadata_certificate = models.TextField(  # PEM; empty: the metadata's signature is not looked at
        _("certificate of the metadata's signature"), blank=True
    )
    metadata_refreshed_at = models.DateTimeField(null=True, blank=True, editable=False)
    metadata_problem = models.CharField(max_length=300, blank=True, editable=False)  # of the last try
    metadata_tried_at = models.DateTimeField(null=True, blank=True, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    account_lookup = "provider__account"
    objects = AccountScopedManager()

    class Meta:
        verbose_name = _("SAML settings")
        verbose_name_plural = _("SAML settings")

    def __str__(self) -> str:
        return f"SAML: {self.provider}"

    @property
    def requested_contexts(self) -> tuple[str, ...]:
        """The authentication context classes to ask for, none by default: many providers refuse such a request."""
        return tuple(line.strip() for line in self.authn_contexts.splitlines() if line.strip())
