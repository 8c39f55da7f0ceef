"""Identity providers of the account and above it: settings, state, keys, metadata, grants (V-1, V-5, V-8)."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from django.utils import timezone

from accounts.lifecycle.roles import account_role_named
from accounts.models import BuiltInAccountRole
from sso import provider_grants, providers, setup_links
from sso.graph.access import GraphValues, remove_graph_access, save_graph_access
from sso.models import GraphAccess, IdentityProvider, ProtocolName, Vendor
from sso_oidc import client_keys
from sso_oidc.configuration import OidcValues, release_tenant, remove_tenant, save_oidc_settings, save_tenant
from sso_oidc.models import OidcSettings, TenantOwner
from sso_saml import key_pairs, metadata_proposals, metadata_refresh
from sso_saml.configuration import SamlValues, save_saml_settings
from tests.privilege_table.cast import Cast, Role
from tests.privilege_table.functions.calls import FILE, LINK, OPERATORS, OTHER_LINK, SSO_ADMINS, Call, Given
from tests.privilege_table.things import TENANT
from tests.worlds import OPERATOR, add_identity

_SSO = BuiltInAccountRole.SSO_ACCOUNT_ADMIN
Which = Callable[[Cast], IdentityProvider]


def _own(cast: Cast) -> IdentityProvider:
    return cast.acme.provider


def _draft(cast: Cast) -> IdentityProvider:
    return cast.things.draft


def _saml(cast: Cast) -> IdentityProvider:
    return cast.things.saml


def _shared(cast: Cast) -> IdentityProvider:
    return cast.things.shared


def _provider(which: Which, **values: Any) -> Given:
    return lambda cast: {"provider": which(cast), **values}


def suspended(cast: Cast) -> dict[str, Any]:
    provider = _own(cast)
    add_identity(cast.member.present, provider)
    IdentityProvider.objects.filter(pk=provider.pk).update(identities_suspended_at=timezone.now())
    return {"provider": provider, "issuer": "https://mine.idp.example"}


def with_tenant(cast: Cast) -> dict[str, Any]:
    """Let the account's own provider be one of Entra, whose tenant the account owns (V-6)."""
    provider = _own(cast)
    IdentityProvider.objects.filter(pk=provider.pk).update(vendor=Vendor.ENTRA)
    issuer = f"https://login.microsoftonline.com/{TENANT}/v2.0"
    OidcSettings.objects.filter(provider=provider).update(issuer=issuer)
    TenantOwner.objects.get_or_create(
        tenant_id=TENANT, defaults={"account": cast.acme.account, "proof": TenantOwner.Proof.SIGN_IN}
    )
    return {"provider": IdentityProvider.objects.get(pk=provider.pk)}


def _graph(cast: Cast) -> dict[str, Any]:
    GraphAccess.objects.create(provider=_shared(cast))
    return {"provider": _shared(cast)}


def _keys(module: ModuleType, which: Which, of: str) -> list[Call]:
    """Return the steps of a rollover, each begun where the one before it ends."""

    def after(*steps: str) -> Given:
        def given(cast: Cast) -> dict[str, Any]:
            for step in steps:
                getattr(module, step)(provider=which(cast), actor=OPERATOR)
            return {"provider": which(cast)}

        return given

    return [
        Call(f"next {of}", SSO_ADMINS, module.add_next_key, after(), "provider."),
        Call(f"roll over {of}", SSO_ADMINS, module.roll_over, after("add_next_key"), "provider."),
        Call(
            f"drop {of}",
            SSO_ADMINS,
            module.drop_previous,
            after("add_next_key", "roll_over"),
            "provider.",
        ),
    ]


CALLS: tuple[Call, ...] = (
    Call(
        "make a provider",
        SSO_ADMINS,
        providers.create_provider,
        lambda cast: {
            "slug": "mine",
            "name": "Mine",
            "protocol": ProtocolName.OIDC,
            "vendor": Vendor.OKTA,
            "account": cast.acme.account,
        },
        "provider.created",
    ),
    Call(
        "make a provider above accounts",
        OPERATORS,
        providers.create_provider,
        lambda cast: {
            "slug": "mine",
            "name": "Mine",
            "protocol": ProtocolName.OIDC,
            "vendor": Vendor.ENTRA,
            "partner": cast.partner,
        },
        "provider.created",
    ),
    Call(
        "change a provider",
        SSO_ADMINS,
        providers.update_provider,
        _provider(_own, values={"name": "Mine"}),
        "provider.updated",
    ),
    Call(
        "change a provider above accounts",
        OPERATORS,
        providers.update_provider,
        _provider(_shared, values={"name": "Mine"}),
        "provider.updated",
    ),
    Call(
        "an admin role as a provider's default",
        frozenset(),
        providers.update_provider,
        lambda cast: {
            "provider": _own(cast),
            "values": {
                "default_account_role": account_role_named(cast.acme.account, _SSO),
            },
        },
        "provider.updated",
        code="provider.invalid",
        only=SSO_ADMINS,
    ),
    Call(
        "change a provider's issuer",
        SSO_ADMINS,
        save_oidc_settings,
        _provider(_own, values=OidcValues(issuer="https://mine.idp.example", client_secret="mine")),
        "provider.updated",
    ),
    Call(
        "change a SAML provider's address",
        SSO_ADMINS,
        save_saml_settings,
        _provider(_saml, values=SamlValues(sso_url="https://mine.idp.example/sso")),
        "provider.updated",
    ),
    Call(
        "change a draft's client secret",
        SSO_ADMINS | {LINK},
        save_oidc_settings,
        _provider(_draft, values=OidcValues(client_secret="mine")),
        "provider.updated",
    ),
    Call(
        "change another draft's client secret",
        OPERATORS | {OTHER_LINK, Role.OTHER_SSO_ADMIN.value},
        save_oidc_settings,
        lambda cast: {
            "provider": cast.things.other_setup_link.provider,
            "values": OidcValues(client_secret="mine"),
        },
        "provider.updated",
    ),
    Call(
        "change a draft's name",
        SSO_ADMINS,
        providers.update_provider,
        _provider(_draft, values={"name": "Mine"}),
        "provider.updated",
    ),
    Call(
        "make a setup link",
        SSO_ADMINS - {FILE},  # it hangs on its maker's right
        setup_links.make_setup_link,
        _provider(_draft),
        "setup_link.made",
    ),
    Call(
        "revoke a setup link",
        SSO_ADMINS,
        setup_links.revoke_setup_link,
        lambda cast: {"link": cast.things.setup_link},
        "setup_link.revoked",
    ),
    Call("enable a provider", SSO_ADMINS, providers.enable_provider, _provider(_draft), "provider.enabled"),
    Call("disable a provider", SSO_ADMINS, providers.disable_provider, _provider(_own), "provider.disabled"),
    Call(
        "say that it is the same directory",
        SSO_ADMINS,
        providers.confirm_same_directory,
        suspended,
        "provider.directory_confirmed",
    ),
    Call(
        "approve metadata",
        SSO_ADMINS,
        metadata_proposals.approve,
        _provider(_saml),
        "provider.metadata_approved",
    ),
    Call(
        "decline metadata",
        SSO_ADMINS,
        metadata_proposals.decline,
        _provider(_saml),
        "provider.metadata_declined",
    ),
    *_keys(key_pairs, _saml, "SAML key"),
    *_keys(client_keys, _own, "client key"),
    Call(
        "allow a provider from above",
        SSO_ADMINS,
        provider_grants.grant_provider,
        lambda cast: {"provider": _shared(cast), "account": cast.acme.account},
        "provider.granted",
    ),
    Call(
        "let it sign in SSO account admins",
        SSO_ADMINS,
        provider_grants.allow_sso_admins,
        lambda cast: {"grant": cast.things.grant, "allowed": True},
        "provider.grant_changed",
    ),
    Call(
        "forbid a provider from above",
        SSO_ADMINS,
        provider_grants.revoke_provider,
        lambda cast: {"grant": cast.things.grant},
        "provider.grant_revoked",
    ),
    Call(
        "let a tenant in",
        OPERATORS,
        save_tenant,
        lambda cast: {
            "provider": _shared(cast),
            "tenant_id": "22222222-2222-4333-8444-555555555555",
            "account": cast.acme.account,
        },
        "provider.tenant_verified",
    ),
    Call(
        "keep a tenant out",
        OPERATORS,
        remove_tenant,
        lambda cast: {"tenant": cast.things.tenant},
        "provider.tenant_removed",
    ),
    Call("release a tenant", OPERATORS, release_tenant, with_tenant, "account.tenant_released"),
    Call(
        "Graph access",
        OPERATORS,
        save_graph_access,
        _provider(_shared, values=GraphValues()),
        "provider.graph_access_saved",
    ),
    Call("no Graph access", OPERATORS, remove_graph_access, _graph, "provider.graph_access_removed"),
    Call(
        "refresh metadata without an address",  # who gets as far as being told that it lacks
        frozenset(),
        metadata_refresh.refresh,
        _provider(_saml),
        "",
        code="provider.invalid",
        only=SSO_ADMINS,
    ),
    Call(
        "refresh metadata",
        frozenset(),
        metadata_refresh.refresh,
        _provider(_saml),
        "",
        but=SSO_ADMINS,
    ),
)
