"""An identity provider as one account (or partner, or the deployment) knows it.

What both protocols share stands here; SAML and OIDC keep their own settings one to one in ``sso_saml`` and
``sso_oidc``. ``version`` is raised whenever anything that decides whom the provider speaks for is saved; a test proves
L-8 only for the version it ran on (V-18).
"""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, AccountRole, Partner
from accounts.models.account import slug_validator
from accounts.scoping import AccountScopedManager
from foundation.ids import new_id
from spaces.models import Space, SpaceRole


class ProtocolName(models.TextChoices):
    """The protocols that are registered in ``sso.protocols``."""

    SAML = "saml", "SAML 2.0"
    OIDC = "oidc", "OpenID Connect"


class Vendor(models.TextChoices):
    """Whose product the provider is; decides claim names, defaults and labels (J-1, L-5)."""

    ENTRA = "entra", "Microsoft Entra ID"
    OKTA = "okta", "Okta"
    GOOGLE = "google", "Google Workspace"
    OTHER = "other", _("other")


class State(models.TextChoices):
    """A draft and a disabled provider sign nobody in; they accept only tests (V-18)."""

    DRAFT = "draft", _("draft")
    ENABLED = "enabled", _("enabled")
    DISABLED = "disabled", _("disabled")


class IdentityProvider(models.Model):
    """A provider: of an account, or of a partner, or (both empty) of the deployment (V-5)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    slug = models.CharField(max_length=64, unique=True, validators=[slug_validator])
    account = models.ForeignKey(
        Account, null=True, blank=True, on_delete=models.PROTECT, related_name="identity_providers"
    )
    partner = models.ForeignKey(
        Partner, null=True, blank=True, on_delete=models.PROTECT, related_name="identity_providers"
    )
    name = models.CharField(max_length=200)
    protocol = models.CharField(max_length=10, choices=ProtocolName.choices)
    vendor = models.CharField(max_length=10, choices=Vendor.choices, default=Vendor.OTHER)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    # When issuer, keys or endpoints last changed: an answer to an older attempt was verified under other ones.
    trust_changed_at = models.DateTimeField(null=True, blank=True, editable=False)
    proven_version = models.PositiveIntegerField(null=True, blank=True, editable=False)  # L-8
    proven_at = models.DateTimeField(null=True, blank=True, editable=False)
    button_label = models.CharField(max_length=80, blank=True)

    just_in_time = models.BooleanField(_("just-in-time users"), default=True)
    update_access_on_login = models.BooleanField(_("update access on login"), default=False)
    group_sync = models.BooleanField(_("group synchronization"), default=False)
    addresses_set_by_directory = models.BooleanField(
        _("addresses are set by the directory"),
        default=False,
        help_text=_(
            "People can't edit their own e-mail address at the provider, so it may match an existing user."
        ),
    )
    default_account_role = models.ForeignKey(
        AccountRole, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    default_space = models.ForeignKey(
        Space, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    default_space_role = models.ForeignKey(
        SpaceRole, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    claim_names = models.JSONField(
        default=dict, blank=True
    )  # only what differs from the vendor's preset (J-1)
    same_directory_as = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="sisters"
    )
    private_network = models.BooleanField(default=False, editable=False)  # V-23: marked by an operator
    identities_suspended_at = models.DateTimeField(null=True, blank=True, editable=False)  # V-1
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    objects = AccountScopedManager()

    class Meta:
        ordering = ("name",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(account=None) | models.Q(partner=None), name="provider_has_one_owner"
            ),
            models.CheckConstraint(condition=models.Q(state__in=State.values), name="provider_state_known"),
        )
        indexes = (models.Index(fields=["account", "state"], name="provider_by_account"),)

    def __str__(self) -> str:
        return self.name

    @property
    def is_enabled(self) -> bool:
        """Signs people in."""
        return self.state == State.ENABLED

    @property
    def is_shared(self) -> bool:
        """Stands above accounts: a partner's or the deployment's (V-5)."""
        return self.account_id is None

    @property
    def serves_many_by_name(self) -> bool:
        """Speaks for people of several accounts and has no tenant id that would say whose somebody is (S-6).

        What ties a person to one of the accounts is then a verified domain or an id that is unique in the world; a
        plain user name or an employee number may well exist in two.
        """
        return self.is_shared and self.protocol == ProtocolName.SAML

    def may_serve(self, account: Account) -> bool:
        """Tell whether the account stands below this provider at all; what it allowed is another question (V-5)."""
        if self.account_id is not None:
            return self.account_id == account.pk
        return self.partner_id is None or self.partner_id == account.partner_id


class ProviderGrant(models.Model):
    """An account lets a provider of the upper level sign its people in (V-5)."""

    provider = models.ForeignKey(IdentityProvider, on_delete=models.CASCADE, related_name="grants")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="provider_grants")
    allows_sso_admins = models.BooleanField(default=False)
    granted_by = models.CharField(max_length=254, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = AccountScopedManager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["provider", "account"], name="provider_grant_once"),)

    def __str__(self) -> str:
        return f"{self.provider} → {self.account}"
