"""Providers above accounts: a partner's, or the deployment's, and the tenants of those (V-5, V-6, O-3)."""

from __future__ import annotations

from collections.abc import Sequence

from accounts.models import Account
from console.configuration.partners import Partners
from console.configuration.problems import did_you_mean
from console.configuration.providers import Saved, existing_providers, save_provider, switch_providers
from console.configuration.run import Run
from console.configuration.schema import SharedProviderPart
from sso.models import IdentityProvider, ProviderGrant
from sso.provider_grants import grant_provider
from sso_oidc.configuration import save_tenant
from sso_oidc.models import EntraTenant


def apply_shared_providers(run: Run, parts: Sequence[SharedProviderPart], partners: Partners) -> None:
    """Create and update the providers above accounts and let their tenants into the accounts that the file names."""
    existing = existing_providers(parts)
    slugs = {tenant.account for part in parts for tenant in part.tenants}
    slugs |= {slug for part in parts for slug in part.accounts}
    accounts = (
        {row.slug: row for row in Account.objects.filter(slug__in=slugs, closed_at=None)} if slugs else {}
    )
    saved: list[Saved] = []
    for part in parts:
        partner = None
        if part.partner is not None:
            partner = partners.find(run, part.place.at("partner"), part.partner)
            if partner is None:
                continue
        label = f"identity provider {part.slug}"
        provider = save_provider(run, label, part, existing.get(part.slug), {}, partner=partner)
        if provider is not None:
            saved.append((part, provider, label))
            _apply_tenants(run, label, part, provider, accounts)
            _apply_accounts(run, label, part, provider, accounts)
    switch_providers(run, saved)


def _apply_tenants(
    run: Run, label: str, part: SharedProviderPart, provider: IdentityProvider, accounts: dict[str, Account]
) -> None:
    """Verify tenants for accounts; naming one here also switches the provider on for the account (V-5)."""
    if not part.tenants:
        return
    tenants = EntraTenant.objects.filter(provider=provider, verified_at__isnull=False)
    verified = set(tenants.values_list("tenant_id", "account_id"))
    granted = set(ProviderGrant.objects.filter(provider=provider).values_list("account_id", flat=True))
    for tenant in part.tenants:
        account = accounts.get(tenant.account)
        if account is None:
            run.problem(
                tenant.place.at("account"),
                f"there is no such account{did_you_mean(tenant.account, accounts)}",
            )
            continue
        key = tenant.tenant_id.lower(), account.pk
        if key not in verified:
            with run.at(tenant.place):
                if save_tenant(
                    provider=provider, actor=run.actor, tenant_id=tenant.tenant_id, account=account
                ):
                    run.difference.added(label, "tenants", f"{tenant.tenant_id.lower()} → {account.slug}")
                    verified.add(key)
                else:
                    run.problem(tenant.place.at("tenant_id"), "is known here and waits for its verification")
        if account.pk not in granted:
            with run.at(tenant.place):
                grant_provider(provider=provider, account=account, actor=run.actor)
                run.difference.added(label, "switched on for", account.slug)
                granted.add(account.pk)


def _apply_accounts(
    run: Run, label: str, part: SharedProviderPart, provider: IdentityProvider, accounts: dict[str, Account]
) -> None:
    """Switch a partner's provider on for the accounts that the file names (V-5, S-6)."""
    granted = set(ProviderGrant.objects.filter(provider=provider).values_list("account_id", flat=True))
    for number, slug in enumerate(part.accounts):
        place = part.place.at("accounts", number)
        account = accounts.get(slug)
        if account is None:
            run.problem(place, f"there is no such account{did_you_mean(slug, accounts)}")
        elif account.pk not in granted:
            with run.at(place):
                grant_provider(provider=provider, account=account, actor=run.actor)
                run.difference.added(label, "switched on for", account.slug)
