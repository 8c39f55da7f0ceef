"""Save the OIDC settings of a provider and the tenants of one above accounts (O-1, O-3, V-1, V-4, V-6, V-23)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import privilege
from accounts.models import Account
from audit.actors import Actor
from audit.recorder import record
from audit.refusals import refusals_audited
from foundation.compiled_queries import CompiledQuery, key
from foundation.encryption import is_stored, is_unreadable
from foundation.outbound_target import OutboundError
from sso import subjects
from sso.models import IdentityProvider, Vendor
from sso.private_networks import check_provider_url
from sso.providers import ProviderConflict, ProviderInvalid, note_protocol_change, require_authority
from sso_oidc import client_keys, tenant_claims
from sso_oidc.authorization import Flow
from sso_oidc.claims import PERSONAL_ACCOUNTS_TENANT
from sso_oidc.client import authentication_values
from sso_oidc.client_authentication import ClientAuthentication
from sso_oidc.metadata import has_shared_tenants
from sso_oidc.models import EntraTenant, OidcSettings, TenantOwner
from sso_oidc.models.settings import CallbackPath
from sso_oidc.usual_mistakes import MANY_TENANTS

_ACTION = "provider.oidc_settings"
_SETTINGS = CompiledQuery(lambda provider_id: OidcSettings.objects.filter(provider_id=provider_id), key)
_TENANT_ID = re.compile(r"\A[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcValues:
    """New values; ``None`` leaves one as it is, "" empties it.

    ``client_authentication`` is a name of Core §9 or "" for the best that the provider takes, ``max_age_seconds`` a
    number of seconds, ``acr_values`` names with blanks between.
    """

    issuer: str | None = None
    client_id: str | None = None
    client_secret: str | None = None
    flow: str | None = None
    extra_scopes: str | None = None
    subject_claim: str | None = None
    client_authentication: str | None = None
    pushed_requests: bool | None = None
    max_age_seconds: int | Literal[""] | None = None
    acr_values: str | None = None
    callback_path: str | None = (
        None  # one of ``CallbackPath``; a shared one takes an operator's permission (V-20)
    )
    shared_callback: bool | None = None  # that permission; ``None``: an operator's choice of a path is it


@refusals_audited
def save_oidc_settings(*, provider: IdentityProvider, actor: Actor, values: OidcValues) -> frozenset[str]:
    """Save and return the names of what changed.

    Another issuer or client id clears the secret, unless one comes along, and our keys (V-23). Whoever authenticates by
    private_key_jwt has a key from here on, so that it can be handed over before anybody signs in.
    """
    changed = _save(provider, actor, values)
    if settings_of(provider).client_authentication == ClientAuthentication.PRIVATE_KEY_JWT:
        client_keys.ensure_key_pair(provider=provider, actor=actor)
    return changed


@transaction.atomic
def _save(provider: IdentityProvider, actor: Actor, values: OidcValues) -> frozenset[str]:
    locked = IdentityProvider.objects.select_for_update().get(pk=provider.pk)
    require_authority(locked, actor, _ACTION)
    row = settings_of(locked)
    wanted = _checked(locked, actor, values)
    changes: dict[str, Any] = {
        name: [getattr(row, name), value] for name, value in wanted.items() if getattr(row, name) != value
    }
    secret = values.client_secret
    if secret is None and {"issuer", "client_id"} & set(changes) and is_stored(row, "client_secret"):
        secret = ""
    if secret is not None and (is_unreadable(row, "client_secret") or secret != row.client_secret):
        changes["client_secret"] = ["(not shown)", "changed" if secret else "cleared"]
        row.client_secret = secret
    if any(changes[name][0] for name in ("issuer", "client_id") if name in changes):
        # Nobody knew keys that were made before there was a target, so those stay.
        fingerprints = client_keys.clear(locked)
        if fingerprints:
            changes["client_key"] = [", ".join(fingerprints), "cleared"]
    permitted = _permission(locked, row, actor, values)
    if permitted != row.shared_callback:
        changes["shared_callback"] = [row.shared_callback, permitted]
        row.shared_callback = permitted
    if not changes:
        return frozenset()
    for name, value in wanted.items():
        setattr(row, name, value)
    try:
        unread = ["client_secret"] if is_unreadable(row, "client_secret") else []
        row.clean_fields(exclude=["provider", *unread])
    except ValidationError as error:
        raise _invalid(provider, actor, "; ".join(error.messages)) from error
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise ProviderConflict(
            "This client id at this issuer is already in use.",
            actor=actor,
            action=_ACTION,
            subject=subjects.of_provider(locked),
        ) from error
    note_protocol_change(
        provider=locked,
        actor=actor,
        changes=changes,
        issuer_changed="issuer" in changes and bool(changes["issuer"][0]),
    )
    provider.refresh_from_db()
    return frozenset(changes)


@refusals_audited
@transaction.atomic
def save_tenant(*, provider: IdentityProvider, actor: Actor, tenant_id: str, account: Account) -> bool:
    """Let people of an Entra tenant sign into ``account`` through a provider above accounts; operators only (V-6)."""
    tenant = tenant_id.strip().lower()
    require_authority(provider, actor, "provider.tenant")
    subject = subjects.of_provider(provider)
    fits = provider.is_shared and provider.vendor == Vendor.ENTRA
    if not fits or not _TENANT_ID.match(tenant) or tenant == PERSONAL_ACCOUNTS_TENANT:
        raise ProviderInvalid(
            "tenants belong to an Entra provider above accounts, and a tenant id is an organization's GUID",
            actor=actor,
            action="provider.tenant",
            subject=subject,
        )
    if not provider.may_serve(account):
        raise ProviderInvalid(
            f"{account.name} doesn't stand below this provider",
            actor=actor,
            action="provider.tenant",
            subject=subject,
        )
    said, name = TenantOwner.Proof.OPERATOR, tenant_claims.owned_as(provider, settings_of(provider), tenant)
    if not tenant_claims.claim(tenant=name, account=account, actor=actor, proof=said, provider=provider):
        raise ProviderConflict(
            "This tenant id is already in use.", actor=actor, action="provider.tenant", subject=subject
        )
    row, _ = EntraTenant.objects.get_or_create(provider=provider, tenant_id=tenant, account=account)
    verified_now = row.verified_at is None
    if verified_now:
        row.verified_at = timezone.now()
        row.save(update_fields=["verified_at"])
        record(
            actor=actor,
            action="provider.tenant_verified",
            subject=subject,
            message=f"Tenant {tenant} of {provider.slug} signs into {account.slug}.",
        )
    return verified_now


@refusals_audited
@transaction.atomic
def remove_tenant(*, tenant: EntraTenant, actor: Actor) -> bool:
    """Let nobody of a tenant sign into its account any more; open sessions go on. Operators only (V-6).

    Where no other provider lets it in, another account may claim it from then on.

    Returns whether it was still there. The account's switch for the provider (V-5) is left as it is.
    """
    provider = tenant.provider
    require_authority(provider, actor, "provider.tenant")
    deleted, _ = EntraTenant.objects.filter(pk=tenant.pk).delete()
    if not deleted:
        return False
    if not EntraTenant.objects.filter(tenant_id=tenant.tenant_id).exists():
        name = tenant_claims.owned_as(provider, settings_of(provider), tenant.tenant_id)
        tenant_claims.release(tenant=name, actor=actor, provider=provider)
    record(
        actor=actor,
        action="provider.tenant_removed",
        subject=subjects.of_provider(provider),
        message=f"Tenant {tenant.tenant_id} of {provider.slug} doesn't sign into {tenant.account.slug} any more.",
    )
    return True


@refusals_audited
@transaction.atomic
def release_tenant(*, provider: IdentityProvider, actor: Actor) -> bool:
    """Let other accounts claim the tenant of an account's own provider; operators only (V-6). Signs nobody out.

    Returns whether it was the account's.
    """
    privilege.require(
        actor,
        provider.account_id,
        privilege.Authority.OPERATOR,
        action="account.release_tenant",
        subject=subjects.of_provider(provider),
    )
    settings = settings_of(provider)
    if not tenant_claims.is_owned(provider, settings):
        return False
    tenant = tenant_claims.tenant_of(provider, settings)
    name = tenant_claims.owned_as(provider, settings, tenant)
    return tenant_claims.release(tenant=name, actor=actor, provider=provider)


def settings_of(provider: IdentityProvider) -> OidcSettings:
    """Return the OIDC half of a provider, unsaved and empty for one that has none yet."""
    return _SETTINGS.first(provider.pk) or OidcSettings(provider=provider)


def _checked(provider: IdentityProvider, actor: Actor, values: OidcValues) -> dict[str, Any]:
    wanted: dict[str, Any] = {}
    for name in ("issuer", "client_id", "extra_scopes", "subject_claim"):
        value = getattr(values, name)
        if value is not None:
            wanted[name] = value.strip()
    if values.flow is not None:
        if values.flow not in set(Flow):
            raise _invalid(provider, actor, f"flow is one of {', '.join(Flow)}")
        wanted["flow"] = values.flow
    try:
        wanted |= authentication_values(
            values.client_authentication, values.pushed_requests, values.max_age_seconds, values.acr_values
        )
    except ValueError as error:
        raise _invalid(provider, actor, str(error)) from None
    if values.callback_path is not None:
        if values.callback_path not in CallbackPath.values:
            raise _invalid(provider, actor, f"callback_path is one of {', '.join(CallbackPath.values)}")
        wanted["callback_path"] = values.callback_path
    issuer = wanted.get("issuer")
    if issuer:
        try:
            check_provider_url(issuer, provider, actor)
        except OutboundError as error:
            raise _invalid(provider, actor, f"issuer: {error}") from error
        shared = bool(MANY_TENANTS & set(urlsplit(issuer).path.strip("/").split("/")))
        shared = shared or PERSONAL_ACCOUNTS_TENANT in issuer.lower()
        if urlsplit(issuer).hostname == "accounts.google.com" and provider.vendor != Vendor.GOOGLE:
            raise _invalid(
                provider,
                actor,
                "this issuer is Google's: choose the vendor Google, so that `hd` is checked (V-4)",
            )
        if shared and not provider.is_shared:
            raise _invalid(
                provider, actor, "an issuer for many tenants can't be an account's own; use the tenant id"
            )
        if provider.is_shared and not (has_shared_tenants(issuer) and provider.vendor == Vendor.ENTRA):
            raise _invalid(
                provider, actor, "above accounts only Entra's multi-tenant issuers are possible (O-3)"
            )
    if provider.is_shared and wanted.get("subject_claim"):
        raise _invalid(provider, actor, "above accounts the subject is always tenant and object id (O-3)")
    return wanted


def _permission(provider: IdentityProvider, row: OidcSettings, actor: Actor, values: OidcValues) -> bool:
    """Return whether shared paths are permitted from here on (V-20).

    Only an operator says so; where they choose a path and say nothing, the choice is the permission or takes it back.
    Others choose a shared path while there is one.
    """
    path, said = values.callback_path, values.shared_callback
    is_operator = privilege.authority_of(actor, provider.account_id) >= privilege.Authority.OPERATOR
    if is_operator:
        if said is None and path is not None:
            return path != CallbackPath.OWN
        return row.shared_callback if said is None else said
    chooses = path not in (None, CallbackPath.OWN, row.callback_path) and not row.shared_callback
    if said not in (None, row.shared_callback) or chooses:
        subject = subjects.of_provider(provider)
        least = privilege.Authority.OPERATOR
        privilege.require(actor, provider.account_id, least, action=_ACTION, subject=subject)
    return row.shared_callback


def _invalid(provider: IdentityProvider, actor: Actor, message: str) -> ProviderInvalid:
    return ProviderInvalid(message, actor=actor, action=_ACTION, subject=subjects.of_provider(provider))
