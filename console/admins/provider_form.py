"""The forms of a provider: the one that makes a draft, and what both protocols' settings pages share."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from accounts.models import Account
from accounts.models.account import slug_validator
from console.admins.refusals import RefusableForm
from sso.claim_names import CLAIMS
from sso.models import IdentityProvider, ProtocolName, Vendor

_MAX_SLUG = 64


def why_no_provider(account: Account) -> str:
    """Return why an account can't have a provider yet, "" when it can (A-2)."""
    if account.closed_at is not None:
        return _("The account is closed.")
    if not account.sso_module:
        return _("The SSO module of the account is off; an operator switches it on.")
    return ""


class ProviderForm(RefusableForm):
    """What both protocols share."""

    def clean_claim_names(self) -> dict[str, str]:
        """Take an object of claims that we know, each with the name that the provider uses for it (J-1)."""
        names = self.cleaned_data["claim_names"] or {}
        if not isinstance(names, dict) or not all(isinstance(name, str) for name in names.values()):
            raise forms.ValidationError(_('Give an object such as {"email": "mail"}.'))
        if unknown := sorted(set(names) - set(CLAIMS)):
            raise forms.ValidationError(
                _("Unknown claims: %(unknown)s. Known are %(known)s."),
                params={"unknown": ", ".join(unknown), "known": ", ".join(CLAIMS)},
            )
        return names


class NewProviderForm(RefusableForm):
    """A draft: whose it is, how it is called, and which vendor's words its page speaks."""

    slug = forms.CharField(
        label=gettext_lazy("Slug"),
        max_length=_MAX_SLUG,
        required=False,
        validators=[slug_validator],
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy(
            "Part of its addresses, so it can't be changed later. Left empty, it is made from the name."
        ),
    )
    protocol = forms.ChoiceField(
        label=gettext_lazy("Protocol"),
        choices=ProtocolName.choices,
        widget=UnfoldAdminSelectWidget,
    )
    vendor = forms.ChoiceField(
        label=gettext_lazy("Vendor"),
        choices=Vendor.choices,
        widget=UnfoldAdminSelectWidget,
        help_text=gettext_lazy("Its page then names every value as the vendor's console does."),
    )

    own_account: Account | None = None  # of an account's own admin, who isn't asked

    def clean_account(self) -> Account | None:
        """Refuse an account that can't have one."""
        account: Account | None = self.cleaned_data["account"]
        if account is not None and (reason := why_no_provider(account)):
            raise forms.ValidationError(reason)
        return account

    def clean(self) -> dict[str, Any] | None:
        """Propose a slug where none was given."""
        cleaned = super().clean() or self.cleaned_data
        if not cleaned.get("slug") and cleaned.get("name"):
            account = cleaned.get("account")
            known = account if isinstance(account, Account) else self.own_account
            cleaned["slug"] = self._free_slug(str(cleaned["name"]), known)
        if "account" in self.fields and "account" not in self.errors:
            self._check_level(cleaned)
        return cleaned

    def _check_level(self, cleaned: dict[str, Any]) -> None:
        """Whose it is: an account's; or a partner's or, without one, the deployment's, where few kinds can be."""
        account, partner = cleaned.get("account"), cleaned.get("partner")
        if account is not None:
            if partner is not None:
                self.add_error("partner", _("Choose an account or a partner, not both."))
        elif cleaned.get("protocol") == ProtocolName.OIDC and cleaned.get("vendor") != Vendor.ENTRA:
            self.add_error(  # O-3: no other vendor's tokens say which customer somebody belongs to
                "account",
                _(
                    "Choose the account. Above accounts OpenID Connect is possible with Microsoft Entra ID only."
                ),
            )
        elif cleaned.get("protocol") == ProtocolName.SAML and partner is None:
            self.add_error("account", _("Choose the account, or for SAML above accounts the partner."))

    def _free_slug(self, name: str, account: Account | None) -> str:
        stem = slugify(name)[: _MAX_SLUG - 4].strip("-") or "sso"
        if account is not None and not stem.startswith(account.slug):
            stem = f"{account.slug}-{stem}"[: _MAX_SLUG - 4].strip("-")
        taken = set(IdentityProvider.objects.filter(slug__startswith=stem).values_list("slug", flat=True))
        return next(slug for slug in (stem, *(f"{stem}-{n}" for n in range(2, 1000))) if slug not in taken)
