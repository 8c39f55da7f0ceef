"""Partner → accounts, and the names that belong to one account alone (X-1, V-6, V-7).

Host names and e-mail domains have no effect anywhere until they are verified; a verified one belongs to one account in
the deployment, which a partial unique index keeps.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.scoping import AccountScopedManager
from foundation.folding import fold_domain
from foundation.ids import new_id

slug_validator = RegexValidator(
    r"\A[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?\Z", _("Lower-case letters, digits, hyphens.")
)
host_validator = RegexValidator(
    r"\A(?=.{1,253}\Z)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*\Z",
    _("A host name without scheme, port or path."),
)


class SsoPolicy(models.TextChoices):
    """May people of the account still sign in with a password (L-2, L-3)?"""

    OPTIONAL = "optional", _("optional")
    MANDATORY = "mandatory", _("mandatory")


class Partner(models.Model):
    """A reseller above several accounts."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    slug = models.CharField(max_length=64, unique=True, validators=[slug_validator])
    name = models.CharField(max_length=200)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class PartnerKey(models.Model):
    """A partner's 32-character key for SAML at partner level (S-6); two may be valid while one replaces the other."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="keys")
    digest = models.CharField(max_length=64, unique=True, editable=False)  # SHA-256; the key is shown once
    hint = models.CharField(max_length=4, editable=False)  # its first four characters, to tell two keys apart
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.hint}…"


class Account(models.Model):
    """One customer: the boundary of every query, every provider and every person."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    slug = models.CharField(max_length=64, unique=True, validators=[slug_validator])
    name = models.CharField(max_length=200)
    partner = models.ForeignKey(
        Partner, null=True, blank=True, on_delete=models.PROTECT, related_name="accounts"
    )
    region = models.CharField(
        max_length=40, blank=True, help_text=_("One of the deployment's regions, or empty.")
    )
    landing_url = models.CharField(
        _("landing URL"), max_length=500, default="/", help_text=_("Where people arrive after signing in.")
    )
    support_contact = models.CharField(max_length=254, blank=True)
    sso_policy = models.CharField(
        _("SSO policy"), max_length=10, choices=SsoPolicy.choices, default=SsoPolicy.OPTIONAL
    )
    sso_module = models.BooleanField(
        _("SSO module"), default=False, help_text=_("Precedes any SSO set-up; switched by an operator.")
    )
    sso_authorization = models.BooleanField(_("Enable Single Sign-On Authorization"), default=False)
    sso_ready = (
        models.BooleanField(  # kept by `sso`: has an enabled provider; read by `scim` and the admin (P-3)
            _("SSO works"), default=False, editable=False
        )
    )
    max_session_hours = models.PositiveIntegerField(
        _("maximum session age in hours"),
        default=12,
        validators=[MinValueValidator(1), MaxValueValidator(24 * 30)],
    )
    # P-13; 0 does not count, and with both 0 nothing is ever held.
    hold_above_percent = models.PositiveSmallIntegerField(
        _("hold deletions when more than this share of the people leaves within an hour (%)"),
        default=0,
        validators=[MaxValueValidator(100)],
        help_text=_("0: the share does not matter. If both are given, both must be exceeded."),
    )
    hold_above_number = models.PositiveIntegerField(
        _("hold deletions when more people than this leave within an hour"),
        default=0,
        help_text=_("0: the number does not matter. If both are 0, deletions by the directory never wait."),
    )
    closed_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("name",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(sso_policy__in=SsoPolicy.values), name="account_policy_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(max_session_hours__gte=1), name="account_session_age_positive"
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def max_session_age(self) -> timedelta:
        """The longest that a session in this account may last (L-13)."""
        return timedelta(hours=self.max_session_hours)

    @property
    def holds_mass_leaving(self) -> bool:
        """Tell whether deletions may have to wait when many people leave at once (P-13)."""
        return self.hold_above_percent > 0 or self.hold_above_number > 0

    @property
    def password_sign_in_allowed(self) -> bool:
        """Fails closed: anything but a plain "optional" means single sign-on only (L-3)."""
        return self.sso_policy == SsoPolicy.OPTIONAL


class AccountHostName(models.Model):
    """A host name under which an account's people reach us; the first by position is canonical."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="host_names")
    host = models.CharField(max_length=253, validators=[host_validator])
    position = models.PositiveSmallIntegerField(default=0)
    verified_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = AccountScopedManager()

    class Meta:
        ordering = ("position", "id")
        constraints = (
            models.UniqueConstraint(
                fields=["host"],
                condition=models.Q(verified_at__isnull=False),
                name="verified_host_belongs_to_one",
            ),
            models.UniqueConstraint(fields=["account", "host"], name="host_once_per_account"),
        )

    def __str__(self) -> str:
        return self.host

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep host names folded, so that comparing them is comparing bytes."""
        self.host = fold_domain(self.host)
        super().save(*args, **kwargs)


class EmailDomain(models.Model):
    """An e-mail domain of an account; verified by DNS TXT or by an operator (V-6)."""

    class Method(models.TextChoices):
        DNS = "dns", _("DNS TXT record")
        OPERATOR = "operator", _("operator")

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="email_domains")
    domain = models.CharField(max_length=253, validators=[host_validator])
    verified_at = models.DateTimeField(null=True, blank=True, editable=False)
    verified_by = models.CharField(max_length=10, choices=Method.choices, blank=True, editable=False)
    checked_at = models.DateTimeField(null=True, blank=True, editable=False)
    missing_since = models.DateTimeField(
        null=True, blank=True, editable=False
    )  # the first look that missed the record

    objects = AccountScopedManager()

    class Meta:
        ordering = ("domain",)
        constraints = (
            models.UniqueConstraint(
                fields=["domain"],
                condition=models.Q(verified_at__isnull=False),
                name="verified_domain_belongs_to_one",
            ),
            models.UniqueConstraint(fields=["account", "domain"], name="domain_once_per_account"),
        )

    def __str__(self) -> str:
        return self.domain

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep domains folded."""
        self.domain = fold_domain(self.domain)
        super().save(*args, **kwargs)
