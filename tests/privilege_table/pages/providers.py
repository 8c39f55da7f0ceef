"""Identity providers on the admin's pages: settings, state, keys, metadata, grants (V-1, V-5, V-8)."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

from sso.models import IdentityProvider, KeyRole, ProviderGrant, SetupLink, State
from sso_oidc import client_keys
from sso_oidc.configuration import settings_of as oidc_settings_of
from sso_oidc.models import EntraTenant, TenantOwner
from sso_saml import key_pairs
from sso_saml.models import MetadataProposal
from sso_saml.provider_config import settings_of as saml_settings_of
from tests.privilege_table.cast import Cast
from tests.privilege_table.functions import providers as calls
from tests.privilege_table.pages.forms import (
    OPERATORS,
    SSO_ADMINS,
    FormChange,
    Sent,
    added,
    chosen,
    edited,
    fresh,
    gone,
    pressed,
    row_added,
    row_removed,
)
from tests.privilege_table.things import TENANT
from tests.worlds import OPERATOR

Which = Callable[[Cast], IdentityProvider]
_TENANT = "22222222-2222-4333-8444-555555555555"


def _own(cast: Cast) -> IdentityProvider:
    return cast.acme.provider


def _saml(cast: Cast) -> IdentityProvider:
    return cast.things.saml


def _shared(cast: Cast) -> IdentityProvider:
    return cast.things.shared


def _grant(cast: Cast) -> ProviderGrant:
    return cast.things.grant


def _keys(module: ModuleType, which: Which, *buttons: str) -> list[FormChange]:
    """Return the buttons of a rollover, each pressed where the one before it leads."""
    steps = ("ensure_key_pair", "add_next_key", "roll_over", "drop_previous")

    def done(number: int) -> Callable[[Cast], None]:
        def prepare(cast: Cast) -> None:
            for step in steps[:number]:
                getattr(module, step)(provider=which(cast), actor=OPERATOR)

        return prepare

    def roles(cast: Cast) -> set[KeyRole]:
        return set(module.pairs_of(which(cast)))

    seen: dict[str, Callable[[Cast], bool]] = {
        "ensure_key_pair": lambda cast: KeyRole.CURRENT in roles(cast),
        "add_next_key": lambda cast: KeyRole.NEXT in roles(cast),
        "roll_over": lambda cast: KeyRole.PREVIOUS in roles(cast),
        "drop_previous": lambda cast: KeyRole.PREVIOUS not in roles(cast),
    }
    return [
        FormChange(
            f"{button} of {module.__name__}",
            SSO_ADMINS,
            seen[step],
            "provider.",
            pressed(which, button),
            prepare=done(number),
        )
        for number, (step, button) in enumerate(zip(steps, buttons, strict=True))
        if button
    ]


def _link_revoked(cast: Cast) -> Sent:
    link = cast.things.setup_link
    return pressed(lambda each: each.things.draft, "revoke_setup_link", link=str(link.pk))(cast)


_SETTINGS: tuple[FormChange, ...] = (
    FormChange(
        "make a provider",
        SSO_ADMINS,
        lambda cast: IdentityProvider.objects.filter(slug="mine", account=cast.acme.account).exists(),
        "provider.created",
        added(
            IdentityProvider,
            lambda cast: {
                "account": cast.acme.account.pk,
                "name": "Mine",
                "slug": "mine",
                "protocol": "oidc",
                "vendor": "okta",
            },
        ),
    ),
    FormChange(
        "change a provider",
        SSO_ADMINS,
        lambda cast: fresh(_own(cast)).name == "Mine",
        "provider.updated",
        edited(_own, name="Mine"),
    ),
    FormChange(
        "change a provider's claim names",
        SSO_ADMINS,
        lambda cast: fresh(_own(cast)).claim_names == {"email": "mail"},
        "provider.updated",
        edited(_own, claim_names='{"email": "mail"}'),
    ),
    FormChange(
        "change a provider's issuer",
        SSO_ADMINS,
        lambda cast: oidc_settings_of(_own(cast)).issuer == "https://mine.idp.example",
        "provider.updated",
        edited(_own, issuer="https://mine.idp.example", client_secret="mine"),
    ),
    FormChange(
        "change a SAML provider's address",
        SSO_ADMINS,
        lambda cast: saml_settings_of(_saml(cast)).sso_url == "https://mine.idp.example/sso",
        "provider.updated",
        edited(_saml, sso_url="https://mine.idp.example/sso"),
    ),
    FormChange(
        "change a provider above accounts",
        OPERATORS,
        lambda cast: fresh(_shared(cast)).name == "Mine",
        "provider.updated",
        edited(_shared, name="Mine"),
    ),
    FormChange(
        "let a tenant in",
        OPERATORS,
        lambda cast: EntraTenant.objects.filter(tenant_id=_TENANT).exists(),
        "provider.tenant_verified",
        row_added(_shared, "tenants", lambda cast: {"tenant_id": _TENANT, "account": cast.acme.account.pk}),
    ),
    FormChange(
        "keep a tenant out",
        OPERATORS,
        gone(lambda cast: cast.things.tenant),
        "provider.tenant_removed",
        row_removed(lambda cast: cast.things.granted, "tenants", lambda cast: cast.things.tenant),
    ),
)

_STEPS: tuple[FormChange, ...] = (
    FormChange(
        "enable a provider",
        SSO_ADMINS,
        lambda cast: fresh(cast.things.draft).state == State.ENABLED,
        "provider.enabled",
        pressed(lambda cast: cast.things.draft, "enable"),
    ),
    FormChange(
        "send a setup link",
        SSO_ADMINS,
        lambda cast: SetupLink.objects.filter(provider=cast.things.draft).count() > 1,
        "setup_link.made",
        pressed(lambda cast: cast.things.draft, "send_setup_link", address="", days="7"),
    ),
    FormChange(
        "revoke a setup link",
        SSO_ADMINS,
        lambda cast: fresh(cast.things.setup_link).ended_at is not None,
        "setup_link.revoked",
        _link_revoked,
    ),
    FormChange(
        "disable a provider",
        SSO_ADMINS,
        lambda cast: fresh(_own(cast)).state != State.ENABLED,
        "provider.disabled",
        pressed(_own, "disable"),
    ),
    FormChange(
        "say that it is the same directory",
        SSO_ADMINS,
        lambda cast: fresh(_own(cast)).identities_suspended_at is None,
        "provider.directory_confirmed",
        pressed(_own, "confirm_directory"),
        prepare=calls.suspended,
    ),
    FormChange(
        "release a tenant",
        OPERATORS,
        lambda cast: not TenantOwner.objects.filter(tenant_id=TENANT).exists(),
        "account.tenant_released",
        pressed(_own, "release_tenant"),
        prepare=calls.with_tenant,
    ),
    FormChange(
        "approve metadata",
        SSO_ADMINS,
        lambda cast: saml_settings_of(_saml(cast)).sso_url == "https://mine.idp.example/sso",
        "provider.metadata_approved",
        pressed(_saml, "approve_metadata", digest="d" * 64),
    ),
    FormChange(
        "decline metadata",
        SSO_ADMINS,
        lambda cast: MetadataProposal.objects.exclude(declined_at=None).exists(),
        "provider.metadata_declined",
        pressed(_saml, "decline_metadata", digest="d" * 64),
    ),
    *_keys(key_pairs, _saml, "", "add_next_key", "roll_over_key", "drop_previous_key"),
    *_keys(client_keys, _own, "make_client_key", "add_client_key", "roll_over_client_key", "drop_client_key"),
)

_GRANTS: tuple[FormChange, ...] = (
    FormChange(
        "allow a provider from above",
        SSO_ADMINS,
        lambda cast: ProviderGrant.objects.filter(provider=_shared(cast), account=cast.acme.account).exists(),
        "provider.granted",
        added(ProviderGrant, lambda cast: {"account": cast.acme.account.pk, "provider": _shared(cast).pk}),
    ),
    FormChange(
        "forbid a provider from above",
        SSO_ADMINS,
        gone(_grant),
        "provider.grant_revoked",
        pressed(_grant, "delete"),
    ),
    FormChange(
        "forbid a provider from above, from the list",
        SSO_ADMINS,
        gone(_grant),
        "provider.grant_revoked",
        chosen("delete_selected", _grant, ProviderGrant),
    ),
    FormChange(
        "let it sign in SSO account admins",
        SSO_ADMINS,
        lambda cast: fresh(_grant(cast)).allows_sso_admins,
        "provider.grant_changed",
        pressed(_grant, "allow_admins"),
    ),
    FormChange(
        "keep SSO account admins out of it",
        SSO_ADMINS,
        lambda cast: not fresh(_grant(cast)).allows_sso_admins,
        "provider.grant_changed",
        pressed(_grant, "keep_admins_out"),
        prepare=lambda cast: _allowing(cast),
    ),
)


def _allowing(cast: Cast) -> None:
    ProviderGrant.objects.filter(pk=_grant(cast).pk).update(allows_sso_admins=True)


CHANGES: tuple[FormChange, ...] = (*_SETTINGS, *_STEPS, *_GRANTS)
