"""Buttons on a provider's page: on, off, and "it is the same directory" after its issuer changed (S-3, V-1)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Account
from audit.actors import Actor
from console.admins.columns import facts
from console.admins.confirmed import ask_and_act, button
from console.admins.setup_links import set_up_by_link
from console.policy_impact_page import if_disabled, if_disabled_for_all, joined, note
from console.scoping import require_viewer
from sso import providers
from sso.models import FederatedIdentity, IdentityProvider, ProtocolName, State
from sso_oidc.configuration import settings_of as oidc_settings_of
from sso_saml.provider_config import settings_of as saml_settings_of

_SHOWN = 5  # former issuers on the page that asks


def issuer_of(provider: IdentityProvider) -> str:
    """Return what the provider's answers name as their issuer, by its settings."""
    if provider.protocol == ProtocolName.SAML:
        return saml_settings_of(provider).idp_entity_id
    return oidc_settings_of(provider).issuer


def _version_in(request: HttpRequest) -> int | None:
    text = request.POST.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _disable(actor: Actor, provider: IdentityProvider) -> bool:
    return providers.disable_provider(provider=provider, actor=actor)


def _confirm_directory(actor: Actor, provider: IdentityProvider) -> bool:
    suspended = provider.identities_suspended_at is not None
    providers.confirm_same_directory(provider=provider, actor=actor, issuer=issuer_of(provider))
    return suspended


def _issuers(provider: IdentityProvider) -> SafeString:
    identities = FederatedIdentity.objects.filter(provider=provider, closed_at=None)
    before = identities.order_by("issuer").values_list("issuer", flat=True).distinct()[:_SHOWN]
    rows: list[tuple[Any, Any]] = [
        (_("Issuer before"), ", ".join(before)),
        (_("Issuer now"), issuer_of(provider)),
    ]
    return facts([*rows, (_("Identities"), identities.count())])


def _other_ways(provider: IdentityProvider, request: HttpRequest) -> SafeString | str:
    account: Account | None = provider.account
    if account is None:
        return if_disabled_for_all(provider)
    return joined(
        [
            note(_what_is_left(provider, account)),
            if_disabled(provider, account, require_viewer(request).user.pk),
        ]
    )


def _what_is_left(provider: IdentityProvider, account: Account) -> str:
    others = IdentityProvider.objects.for_account(account).filter(state=State.ENABLED).exclude(pk=provider.pk)
    if others.exists():
        return _("Another provider of the account stays enabled.")
    if account.password_sign_in_allowed:
        return _(
            "It is the account's only enabled provider; people without a password can't sign in afterwards."
        )
    return _(
        "It is the account's only enabled provider and passwords aren't allowed: nobody can sign in afterwards."
    )


class ProviderActions:
    """Mixed into the admin of providers."""

    actions_detail: Sequence[str] = ("enable", "disable", "confirm_directory")

    has_change_permission: Callable[..., bool]
    confirmed: Callable[..., HttpResponse]

    def offered(self, request: HttpRequest, obj: IdentityProvider) -> frozenset[str]:
        """On or off, whichever it isn't, and the confirmation while identities wait for it."""
        if not self.has_change_permission(request, obj):
            return frozenset()
        suspended = obj.identities_suspended_at is not None and not obj.is_shared
        switch = "disable" if obj.state == State.ENABLED else "enable"
        return frozenset({switch, "confirm_directory"} if suspended else {switch})

    @button(description=gettext_lazy("Enable"), url_path="enable", icon="check_circle")
    def enable(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Switch on; what a setup link filled in is shown first, and exactly that is enabled (V-22)."""
        return self.confirmed(
            request,
            object_id,
            name="enable",
            question=_("Let people sign in through %(name)s?"),
            button=_("Enable"),
            change=lambda actor, provider: providers.enable_provider(
                provider=provider, actor=actor, seen_version=_version_in(request)
            ),
            done=_("Enabled. It has a button on the account's login page now."),
            details=set_up_by_link,
            hidden=lambda provider: {"version": str(provider.version)},
        )

    @button(description=gettext_lazy("Disable"), url_path="disable", icon="block")
    def disable(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Switch off, after showing whom that leaves without a way in (L-8)."""
        return self.confirmed(
            request,
            object_id,
            name="disable",
            question=_("Stop people from signing in through %(name)s? Open sessions go on."),
            button=_("Disable"),
            change=_disable,
            done=_("Disabled."),
            details=lambda provider: _other_ways(provider, request),
        )

    confirm_directory = ask_and_act(  # V-1
        "confirm_directory",
        label=gettext_lazy("Same directory"),
        icon="how_to_reg",
        question=gettext_lazy(
            "The issuer of %(name)s changed, so nobody signs in through it. Is it the same directory with the same "
            "people? If not, whoever has a person's identifier there would sign in as that person here."
        ),
        change=_confirm_directory,
        done=gettext_lazy("Confirmed. Its people can sign in again."),
        details=_issuers,
    )
